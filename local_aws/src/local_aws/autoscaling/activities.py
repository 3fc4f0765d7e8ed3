"""Scaling activities: what was done to a target, why, and how it ended."""

import uuid
from typing import Any

from local_aws.autoscaling import capacity, targets
from local_aws.operations import Aws

Document = dict[str, Any]

ACTIVITIES = "autoscaling:Activity"


def of_target(aws: Aws, target: Document) -> list[Document]:
    """Oldest first."""
    return [activity for _, activity in aws.store.scan(ACTIVITIES, f"{targets.key(target)}|")]


def note(aws: Aws, target: Document, description: str, cause: str, status: str, message: str, **more: Any) -> Document:
    """Keep an activity; inside a transaction. One that goes on has Desired, the capacity that it waits for."""
    identity, now = str(uuid.uuid4()), aws.clock.now()
    activity = {key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")} | {
        "ActivityId": identity,
        "Description": description,
        "Cause": cause,
        "StartTime": now,
        "StatusCode": status,
        "StatusMessage": message,
        "Order": aws.store.next_seq(),
    }
    activity |= more if status == "InProgress" else more | {"EndTime": now}
    aws.store.put(ACTIVITIES, targets.below(target, identity), activity)
    return activity


def conclude(aws: Aws, target: Document) -> bool:
    """End what has been done meanwhile; False when something still goes on. Inside a transaction."""
    going = [activity for activity in of_target(aws, target) if activity["StatusCode"] == "InProgress"]
    if not going:
        return True
    dimension = capacity.of(target["ScalableDimension"], target["ResourceId"])
    if not dimension.capacity.settled(aws, target["ResourceId"]):
        return False
    for activity in going:
        desired, found = activity["Desired"], dimension.capacity.current(aws, target["ResourceId"])
        status, said = "Successful", f"Successfully set {dimension.noun} to {desired}. Change fulfilled by sagemaker."
        if found != desired:
            status, said = "Overridden", f"The {dimension.noun} was set to {found} by another change."
        ended = activity | {"StatusCode": status, "StatusMessage": said, "EndTime": aws.clock.now()}
        aws.store.put(ACTIVITIES, targets.below(target, activity["ActivityId"]), ended)
    return True
