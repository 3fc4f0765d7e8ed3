"""Scalable targets with their scheduled actions, and scaling policies."""

from datetime import datetime

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError
from local_aws.operations import Aws

_SERVICE = "application-autoscaling"
_PLACE = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_BOUNDS = ("MinCapacity", "MaxCapacity", "RoleARN", "SuspendedState")


def _place(properties: Document) -> dict[str, str]:
    return {member: properties[member] for member in _PLACE}


# targets


def _id(properties: Document) -> str:
    """What Ref yields and ScalingTargetId takes."""
    return "|".join(properties[member] for member in ("ResourceId", "ScalableDimension", "ServiceNamespace"))


def _register(aws: Aws, properties: Document) -> str:
    given = {member: properties[member] for member in _BOUNDS if member in properties}
    return str(call(aws, _SERVICE, "RegisterScalableTarget", **_place(properties), **given)["ScalableTargetARN"])


def _create_target(aws: Aws, _: str, properties: Document) -> Made:
    there = call(aws, _SERVICE, "DescribeScalableTargets", ServiceNamespace=properties["ServiceNamespace"])
    if any(_id(target) == _id(properties) for target in there["ScalableTargets"]):
        raise AwsError("AlreadyExists", f"{_id(properties)} already exists")
    arn = _register(aws, properties)
    if tags := tag_map(properties.get("Tags")):
        call(aws, _SERVICE, "TagResource", ResourceARN=arn, Tags=tags)
    _put_actions(aws, properties)
    return Made(_id(properties), {"Id": _id(properties)})


def _put_actions(aws: Aws, properties: Document) -> None:
    for action in properties.get("ScheduledActions") or []:
        dates = {
            member: datetime.fromisoformat(action[member]).timestamp()
            for member in ("StartTime", "EndTime")
            if member in action
        }
        call(aws, _SERVICE, "PutScheduledAction", **_place(properties), **action | dates)


def _update_target(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    arn = _register(aws, now)
    kept = {action["ScheduledActionName"] for action in now.get("ScheduledActions") or []}
    for action in before.get("ScheduledActions") or []:
        if (name := action["ScheduledActionName"]) not in kept:
            call(aws, _SERVICE, "DeleteScheduledAction", **_place(now), ScheduledActionName=name)
    _put_actions(aws, now)
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if taken := sorted(held.keys() - wanted.keys()):
        call(aws, _SERVICE, "UntagResource", ResourceARN=arn, TagKeys=taken)
    if wanted != held:
        call(aws, _SERVICE, "TagResource", ResourceARN=arn, Tags=wanted)
    return made


def _delete_target(aws: Aws, _: Made, properties: Document) -> None:
    call(aws, _SERVICE, "DeregisterScalableTarget", **_place(properties))


# policies


def _policy(name: str, properties: Document) -> Document:
    """PutScalingPolicy's request; the place stands in ScalingTargetId or in members of its own."""
    chosen = ("PolicyType", "StepScalingPolicyConfiguration", "TargetTrackingScalingPolicyConfiguration")
    given = {member: properties[member] for member in chosen if member in properties}
    return given | _place_of(properties) | {"PolicyName": name}


def _place_of(properties: Document) -> dict[str, str]:
    if "ScalingTargetId" not in properties:
        return _place(properties)
    resource, dimension, namespace = properties["ScalingTargetId"].split("|")
    return {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}


def _create_policy(aws: Aws, name: str, properties: Document) -> Made:
    request = _policy(name, properties)
    place = _place_of(properties)
    if call(aws, _SERVICE, "DescribeScalingPolicies", **place, PolicyNames=[name])["ScalingPolicies"]:
        raise AwsError("AlreadyExists", f"{name} already exists")
    arn = call(aws, _SERVICE, "PutScalingPolicy", **request)["PolicyARN"]
    return Made(arn, {"Arn": arn, "PolicyName": name})


def _update_policy(aws: Aws, made: Made, _: Document, now: Document) -> Made:
    call(aws, _SERVICE, "PutScalingPolicy", **_policy(made.attributes["PolicyName"], now))
    return made


def _delete_policy(aws: Aws, made: Made, properties: Document) -> None:
    name = made.attributes["PolicyName"]
    call(aws, _SERVICE, "DeleteScalingPolicy", **_place_of(properties), PolicyName=name)


TYPES = (
    ResourceType(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        frozenset({*_PLACE, *_BOUNDS, "ScheduledActions", "Tags"}),
        _create_target,
        _delete_target,
        _update_target,
    ),
    ResourceType(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        frozenset(
            {
                *_PLACE,
                "PolicyName",
                "PolicyType",
                "ScalingTargetId",
                "StepScalingPolicyConfiguration",
                "TargetTrackingScalingPolicyConfiguration",
            }
        ),
        _create_policy,
        _delete_policy,
        _update_policy,
        name="PolicyName",
    ),
)
