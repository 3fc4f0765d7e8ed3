"""EventBridge Scheduler: schedules in groups.

A flexible window is kept and described; the target is called at the window's beginning.
"""

from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.events import targets, timetable
from local_aws.events.timer import SCHEDULES, Timer, first_due, next_due
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("scheduler")

GROUPS = "scheduler:ScheduleGroup"
DEFAULT = "default"


def _group(aws: Aws, name: str | None) -> Document:
    """Raises AwsError "ResourceNotFoundException"."""
    name = name or DEFAULT
    group = aws.store.get(GROUPS, name)
    if group is None and name != DEFAULT:
        raise AwsError("ResourceNotFoundException", f"Schedule group {name} does not exist.", status=404)
    made = {"CreationDate": aws.clock.now(), "LastModificationDate": aws.clock.now()}
    return group or {"Name": name, "Arn": aws.arn("scheduler", f"schedule-group/{name}"), "State": "ACTIVE"} | made


def _find(aws: Aws, request: Request) -> Document:
    """Raises AwsError "ResourceNotFoundException"."""
    schedule = aws.store.get(SCHEDULES, f"{request.get('GroupName') or DEFAULT}/{request['Name']}")
    if schedule is None:
        raise AwsError("ResourceNotFoundException", f"Schedule {request['Name']} does not exist.", status=404)
    return schedule


def _save(aws: Aws, request: Request, created: float | None = None) -> Document:
    """Check and keep a schedule, a new one or one that was created then; inside a transaction."""
    now = aws.clock.now()
    group, target = _group(aws, request.get("GroupName"))["Name"], request["Target"]
    if target["Arn"].startswith("arn:aws:scheduler:::aws-sdk:"):
        raise NotSupported(f"universal targets of schedules ({target['Arn']})")
    targets.check(target)
    timetable.read(request["ScheduleExpression"], request.get("ScheduleExpressionTimezone") or "UTC")
    if request["FlexibleTimeWindow"]["Mode"] == "FLEXIBLE" and not request["FlexibleTimeWindow"].get(
        "MaximumWindowInMinutes"
    ):
        raise AwsError("ValidationException", "MaximumWindowInMinutes is needed when the mode is FLEXIBLE.")
    schedule = {key: value for key, value in request.items() if value is not None} | {
        "GroupName": group,
        "Arn": aws.arn("scheduler", f"schedule/{group}/{request['Name']}"),
        "State": request.get("State") or "ENABLED",
        "ActionAfterCompletion": request.get("ActionAfterCompletion") or "NONE",
        "ScheduleExpressionTimezone": request.get("ScheduleExpressionTimezone") or "UTC",
        "CreationDate": now if created is None else created,
        "LastModificationDate": now,
        "Target": {"Input": "{}"} | {key: value for key, value in target.items() if value is not None},
    }
    schedule["Due"] = first_due(schedule) if created is None else next_due(schedule, now)
    aws.store.put(SCHEDULES, f"{group}/{request['Name']}", schedule)
    aws.part(Timer).changed()
    return schedule


@operations("CreateSchedule")
def create_schedule(aws: Aws, request: Request) -> Result:
    request.pop("ClientToken", None)
    with aws.store.transaction():
        if aws.store.get(SCHEDULES, f"{request.get('GroupName') or DEFAULT}/{request['Name']}"):
            raise AwsError("ConflictException", f"Schedule {request['Name']} already exists.", status=409)
        return {"ScheduleArn": _save(aws, request)["Arn"]}


@operations("UpdateSchedule")
def update_schedule(aws: Aws, request: Request) -> Result:
    """Replaces all of it, as on AWS."""
    request.pop("ClientToken", None)
    with aws.store.transaction():
        return {"ScheduleArn": _save(aws, request, _find(aws, request)["CreationDate"])["Arn"]}


@operations("GetSchedule")
def get_schedule(aws: Aws, request: Request) -> Result:
    return _find(aws, request)


@operations("DeleteSchedule")
def delete_schedule(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        schedule = _find(aws, request)
        aws.store.delete(SCHEDULES, f"{schedule['GroupName']}/{schedule['Name']}")
    return {}


@operations("ListSchedules")
def list_schedules(aws: Aws, request: Request) -> Result:
    group, prefix = request.get("GroupName"), request.get("NamePrefix") or ""
    kept = [
        schedule
        for _, schedule in aws.store.scan(SCHEDULES, f"{group}/" if group else "")
        if schedule["Name"].startswith(prefix) and schedule["State"] == (request.get("State") or schedule["State"])
    ]
    found, token = crud.cut(kept, lambda item: item["Arn"], request.get("NextToken"), request.get("MaxResults", 100))
    return {"Schedules": found, "NextToken": token}


@operations("CreateScheduleGroup")
def create_group(aws: Aws, request: Request) -> Result:
    name, now = request["Name"], aws.clock.now()
    arn = aws.arn("scheduler", f"schedule-group/{name}")
    with aws.store.transaction():
        if name == DEFAULT or aws.store.get(GROUPS, name):
            raise AwsError("ConflictException", f"Schedule group {name} already exists.", status=409)
        made = {"Arn": arn, "State": "ACTIVE", "CreationDate": now, "LastModificationDate": now}
        aws.store.put(GROUPS, name, {"Name": name, "Tags": request.get("Tags") or []} | made)
    return {"ScheduleGroupArn": arn}


@operations("GetScheduleGroup")
def get_group(aws: Aws, request: Request) -> Result:
    return _group(aws, request["Name"])


@operations("DeleteScheduleGroup")
def delete_group(aws: Aws, request: Request) -> Result:
    """With the schedules in it."""
    if request["Name"] == DEFAULT:
        raise AwsError("ValidationException", "The default schedule group cannot be deleted.")
    with aws.store.transaction():
        name = _group(aws, request["Name"])["Name"]
        for key, _ in aws.store.scan(SCHEDULES, f"{name}/"):
            aws.store.delete(SCHEDULES, key)
        aws.store.delete(GROUPS, name)
    return {}


@operations("ListScheduleGroups")
def list_groups(aws: Aws, request: Request) -> Result:
    held = [_group(aws, DEFAULT)] + [group for _, group in aws.store.scan(GROUPS)]
    kept = [group for group in held if group["Name"].startswith(request.get("NamePrefix") or "")]
    found, token = crud.cut(kept, lambda item: item["Name"], request.get("NextToken"), request.get("MaxResults", 100))
    return {"ScheduleGroups": found, "NextToken": token}
