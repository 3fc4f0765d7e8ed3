"""Operations on scheduled actions."""

from typing import Any

from local_aws import crud
from local_aws.autoscaling import schedule, targets
from local_aws.errors import AwsError
from local_aws.events.timer import Timer
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("application-autoscaling")

_KEPT = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


@operations("PutScheduledAction")
def put(aws: Aws, request: Request) -> Result:
    """Creates an action or changes the members that are given; the times are always replaced, as on AWS."""
    with aws.store.transaction():
        target = targets.find(aws, request)
        name, now = request["ScheduledActionName"], aws.clock.now()
        key = targets.below(target, name)
        held = aws.store.get(targets.ACTIONS, key) or _new(aws, request, now)
        action = {member: item for member, item in held.items() if member not in ("StartTime", "EndTime")}
        action |= {member: request[member] for member in _KEPT if request.get(member) is not None}
        _check(action, now)
        aws.store.put(targets.ACTIONS, key, action | {"Due": schedule.next_due(action, now)})
        aws.part(Timer).changed()
    return {}


def _new(aws: Aws, request: Request, now: float) -> Document:
    place = f"{request['ServiceNamespace']}/{request['ResourceId']}"
    members = ("ScheduledActionName", "ServiceNamespace", "ResourceId", "ScalableDimension")
    return {member: request[member] for member in members} | {
        "ScheduledActionARN": aws.arn(
            "autoscaling", f"scheduledAction:{place}:scheduledActionName/{request['ScheduledActionName']}"
        ),
        "CreationTime": now,
    }


def _check(action: Document, now: float) -> None:
    if not action.get("Schedule"):
        raise AwsError("ValidationException", "A new scheduled action needs Schedule.")
    wanted = action.get("ScalableTargetAction") or {}
    low, high = wanted.get("MinCapacity"), wanted.get("MaxCapacity")
    if low is None and high is None:
        raise AwsError("ValidationException", "ScalableTargetAction needs MinCapacity or MaxCapacity.")
    if low is not None and high is not None and low > high:
        raise AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    if action.get("EndTime") is not None and action["EndTime"] <= max(now, action.get("StartTime") or 0):
        raise AwsError("ValidationException", "EndTime must lie in the future and behind StartTime.")


@operations("DeleteScheduledAction")
def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        if not aws.store.delete(targets.ACTIONS, targets.below(request, request["ScheduledActionName"])):
            raise AwsError(
                "ObjectNotFoundException",
                f"No scheduled action found for {targets.spoken(request)},"
                f" scheduled action name: {request['ScheduledActionName']}",
            )
    return {}


@operations("DescribeScheduledActions")
def describe(aws: Aws, request: Request) -> Result:
    kept = targets.asked_for(aws, targets.ACTIONS, request)
    if names := request.get("ScheduledActionNames"):
        kept = [action for action in kept if action["ScheduledActionName"] in names]
    found, token = crud.cut(
        kept, lambda action: action["ScheduledActionARN"], request.get("NextToken"), request.get("MaxResults", 50)
    )
    return {"ScheduledActions": found, "NextToken": token}
