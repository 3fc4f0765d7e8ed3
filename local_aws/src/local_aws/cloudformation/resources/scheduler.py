"""Schedules."""

from datetime import datetime

from local_aws.cloudformation.resources.calls import call
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import NotSupported
from local_aws.operations import Aws

_PROPERTIES = frozenset(
    {
        "Description",
        "EndDate",
        "FlexibleTimeWindow",
        "GroupName",
        "KmsKeyArn",
        "Name",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartDate",
        "State",
        "Target",
    }
)


def _request(name: str, properties: Document) -> Document:
    """What Create- and UpdateSchedule take; dates are text in a template."""
    dates = {
        key: datetime.fromisoformat(properties[key]).timestamp()
        for key in ("StartDate", "EndDate")
        if key in properties
    }
    return properties | dates | {"Name": name}


def _create(aws: Aws, name: str, properties: Document) -> Made:
    arn = call(aws, "scheduler", "CreateSchedule", **_request(name, properties))["ScheduleArn"]
    return Made(name, {"Arn": arn})


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    if before.get("GroupName") != now.get("GroupName"):
        raise NotSupported("an update of GroupName of AWS::Scheduler::Schedule")
    call(aws, "scheduler", "UpdateSchedule", **_request(made.id, now))
    return made


def _delete(aws: Aws, made: Made, properties: Document) -> None:
    call(aws, "scheduler", "DeleteSchedule", Name=made.id, GroupName=properties.get("GroupName"))


TYPES = (ResourceType("AWS::Scheduler::Schedule", _PROPERTIES, _create, _delete, _update, name="Name"),)
