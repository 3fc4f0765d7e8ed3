"""Operations on scalable targets, their tags and activities."""

import uuid
from typing import Any

from local_aws import crud
from local_aws.autoscaling import activities, policy_operations, scaling, targets
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("application-autoscaling")

_SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


@operations("RegisterScalableTarget")
def register(aws: Aws, request: Request) -> Result:
    """New, or with other bounds; a capacity outside of them is brought back at once."""
    targets.check(request)
    with aws.store.transaction():
        target = aws.store.get(targets.TARGETS, targets.key(request)) or _new(aws, request)
        if request.get("RoleARN"):
            target["RoleARN"] = request["RoleARN"]
        target["SuspendedState"] |= request.get("SuspendedState") or {}
        target = targets.set_bounds(aws, target, request.get("MinCapacity"), request.get("MaxCapacity"))
        scaling.enforce(aws, target)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def _new(aws: Aws, request: Request) -> Document:
    for member in ("MinCapacity", "MaxCapacity"):
        if request.get(member) is None:
            raise AwsError("ValidationException", f"{member} is required to register a scalable target")
    role = "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return {key: request[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")} | {
        "MinCapacity": request["MinCapacity"],
        "MaxCapacity": request["MaxCapacity"],
        "RoleARN": f"arn:aws:iam::{aws.account}:role/aws-service-role/{role}",
        "CreationTime": aws.clock.now(),
        "SuspendedState": dict.fromkeys(_SWITCHES, False),
        "ScalableTargetARN": aws.arn("application-autoscaling", f"scalable-target/{uuid.uuid4().hex}"),
        "Tags": request.get("Tags") or {},
    }


@operations("DeregisterScalableTarget")
def deregister(aws: Aws, request: Request) -> Result:
    """With its policies, their alarms, and its scheduled actions."""
    with aws.store.transaction():
        target = targets.find(aws, request)
        stem = f"{targets.key(target)}|"
        for _, policy in aws.store.scan(targets.POLICIES, stem):
            policy_operations.remove(aws, policy)
        for kind in (targets.ACTIONS, activities.ACTIVITIES):
            for key, _ in aws.store.scan(kind, stem):
                aws.store.delete(kind, key)
        aws.store.delete(targets.TARGETS, targets.key(target))
    return {}


@operations("DescribeScalableTargets")
def describe(aws: Aws, request: Request) -> Result:
    kept = targets.asked_for(aws, targets.TARGETS, request)
    if resources := request.get("ResourceIds"):
        kept = [target for target in kept if target["ResourceId"] in resources]
    found, token = crud.cut(kept, targets.key, request.get("NextToken"), request.get("MaxResults", 50))
    return {"ScalableTargets": found, "NextToken": token}


@operations("DescribeScalingActivities")
def describe_activities(aws: Aws, request: Request) -> Result:
    """Newest first."""
    if request.get("IncludeNotScaledActivities"):
        raise NotSupported("the member IncludeNotScaledActivities of DescribeScalingActivities")
    wanted = targets.asked_for(aws, targets.TARGETS, request)
    with aws.store.transaction():
        for target in wanted:
            activities.conclude(aws, target)
        kept = [activity for target in wanted for activity in activities.of_target(aws, target)]
    found, token = crud.cut(
        kept,
        lambda activity: activity["Order"],
        request.get("NextToken"),
        request.get("MaxResults", 50),
        descending=True,
    )
    return {"ScalingActivities": found, "NextToken": token}


# tags


def _tagged(aws: Aws, request: Request) -> Document:
    for _, target in aws.store.scan(targets.TARGETS):
        if target["ScalableTargetARN"] == request["ResourceARN"]:
            return target
    raise AwsError("ResourceNotFoundException", f"No scalable target found with the ARN {request['ResourceARN']}")


@operations("TagResource")
def tag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        target = _tagged(aws, request)
        target["Tags"] |= request["Tags"]
        if len(target["Tags"]) > 50:
            raise AwsError("TooManyTagsException", f"{request['ResourceARN']} would have more than 50 tags.")
        aws.store.put(targets.TARGETS, targets.key(target), target)
    return {}


@operations("UntagResource")
def untag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        target = _tagged(aws, request)
        target["Tags"] = {key: value for key, value in target["Tags"].items() if key not in request["TagKeys"]}
        aws.store.put(targets.TARGETS, targets.key(target), target)
    return {}


@operations("ListTagsForResource")
def list_tags(aws: Aws, request: Request) -> Result:
    return {"Tags": _tagged(aws, request)["Tags"]}
