"""Rules with their targets."""

import json

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws

_KEPT = ("Description", "EventBusName", "RoleArn", "ScheduleExpression", "State")


def _create(aws: Aws, name: str, properties: Document) -> Made:
    bus = properties.get("EventBusName")
    try:
        call(aws, "events", "DescribeRule", Name=name, EventBusName=bus)
    except AwsError as error:
        if "Rule" not in error.message:
            raise
    else:
        raise AwsError("AlreadyExists", f"{name} already exists")
    arn = _put(aws, name, properties, Tags=properties.get("Tags"))
    if properties.get("Targets"):
        call(aws, "events", "PutTargets", Rule=name, EventBusName=bus, Targets=properties["Targets"])
    # Ref of a rule on another bus is BUS|RULE, as the documentation of the type says.
    return Made(f"{bus.rpartition('/')[2]}|{name}" if bus else name, {"Arn": arn, "RuleName": name})


def _put(aws: Aws, name: str, properties: Document, **more: object) -> str:
    """The rule's ARN."""
    kept = {key: properties.get(key) for key in _KEPT}
    given = properties.get("EventPattern")
    pattern = given if given is None or isinstance(given, str) else json.dumps(given)
    return str(call(aws, "events", "PutRule", Name=name, EventPattern=pattern, **kept, **more)["RuleArn"])


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    bus, name = now.get("EventBusName"), made.attributes["RuleName"]
    if before.get("EventBusName") != bus:
        raise NotSupported("an update of EventBusName of AWS::Events::Rule")
    _put(aws, name, now)
    _aim(aws, name, before, now)
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "events", "UntagResource", ResourceARN=made.attributes["Arn"], TagKeys=gone)
    if wanted != held:
        call(aws, "events", "TagResource", ResourceARN=made.attributes["Arn"], Tags=now.get("Tags") or [])
    return made


def _aim(aws: Aws, name: str, before: Document, now: Document) -> None:
    """Targets as they shall be; those that go leave first, so that five are never too many."""
    bus = now.get("EventBusName")
    held = {target["Id"]: target for target in before.get("Targets") or []}
    wanted = {target["Id"]: target for target in now.get("Targets") or []}
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=gone)
    if changed := [target for key, target in wanted.items() if held.get(key) != target]:
        call(aws, "events", "PutTargets", Rule=name, EventBusName=bus, Targets=changed)


def _delete(aws: Aws, made: Made, properties: Document) -> None:
    name, bus = made.attributes["RuleName"], properties.get("EventBusName")
    held = call(aws, "events", "ListTargetsByRule", Rule=name, EventBusName=bus)["Targets"]
    if held:  # also those that were put beside the stack's
        call(aws, "events", "RemoveTargets", Rule=name, EventBusName=bus, Ids=[target["Id"] for target in held])
    call(aws, "events", "DeleteRule", Name=name, EventBusName=bus)


TYPES = (
    ResourceType(
        "AWS::Events::Rule",
        frozenset({*_KEPT, "EventPattern", "Name", "Tags", "Targets"}),
        _create,
        _delete,
        _update,
        name="Name",
    ),
)
