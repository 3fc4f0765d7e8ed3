"""Scheduled actions when they are due: they change a target's bounds, and so its capacity."""

from typing import Any

from local_aws.autoscaling import activities, scaling, targets
from local_aws.errors import AwsError
from local_aws.events import timetable
from local_aws.operations import Aws

Document = dict[str, Any]


def next_due(action: Document, now: float) -> float | None:
    """When an action is due behind `now`; None when never again."""
    plan = timetable.read(action["Schedule"], action.get("Timezone") or "UTC")
    start = action.get("StartTime")
    due = plan.after(max(now, start or 0), start or action["CreationTime"])
    return due if due is not None and due <= action.get("EndTime", float("inf")) else None


def fire(aws: Aws, key: str, action: Document, now: float) -> None:
    """Inside a transaction, with its next time."""
    aws.store.put(targets.ACTIONS, key, action | {"Due": next_due(action, now)})
    target = targets.find(aws, action)
    if (target.get("SuspendedState") or {}).get("ScheduledScalingSuspended"):
        return
    wanted = action["ScalableTargetAction"]
    low, high = wanted.get("MinCapacity"), wanted.get("MaxCapacity")
    cause = f"scheduled action name {action['ScheduledActionName']} was triggered"
    parts = [f"{side} capacity to {bound}" for side, bound in (("min", low), ("max", high)) if bound is not None]
    doing = " and ".join(parts)
    try:
        target = targets.set_bounds(aws, target, low, high)
    except AwsError as error:
        activities.note(aws, target, f"Setting {doing}", cause, "Failed", error.message)
        return
    activities.note(aws, target, f"Setting {doing}", cause, "Successful", f"Successfully set {doing}")
    scaling.enforce(aws, target)
