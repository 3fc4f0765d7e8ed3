"""Operations on scaling policies. Predictive scaling is refused by name."""

import uuid
from typing import Any

from local_aws import crud
from local_aws.autoscaling import steps, targets, tracking
from local_aws.cloudwatch import alarm_operations, readings
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("application-autoscaling")

#: The kind of a policy → the member with its settings.
SETTINGS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
}


@operations("PutScalingPolicy")
def put(aws: Aws, request: Request) -> Result:
    """Creates a policy or replaces its settings; a tracking policy brings its alarms along."""
    with aws.store.transaction():
        target = targets.find(aws, request)
        key = targets.below(target, request["PolicyName"])
        held = aws.store.get(targets.POLICIES, key)
        policy = _checked(request, held) | _identity(aws, request, held)
        aws.store.put(targets.POLICIES, key, policy)
        _keep_alarms(aws, policy, held)
    return {"PolicyARN": policy["PolicyARN"], "Alarms": _alarms(aws, policy)}


def _checked(request: Request, held: Document | None) -> Document:
    kind = request.get("PolicyType") or (held or {}).get("PolicyType") or "StepScaling"
    if kind not in SETTINGS:
        raise NotSupported(f"scaling policies of the type {kind}")
    if held and held["PolicyType"] != kind:
        raise AwsError("ValidationException", f"The type of the policy {request['PolicyName']} cannot change.")
    for other, member in SETTINGS.items():
        if (other == kind) != bool(request.get(member)):
            raise AwsError("ValidationException", f"A policy of the type {kind} must have {SETTINGS[kind]} alone.")
    chosen = ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension", SETTINGS[kind])
    policy = {member: request[member] for member in chosen} | {"PolicyType": kind}
    if kind == "StepScaling":
        steps.check(policy[SETTINGS[kind]])
    elif not policy[SETTINGS[kind]]["TargetValue"] > 0:
        raise AwsError("ValidationException", "TargetValue must be greater than 0.")
    else:
        tracking.metric(policy)
    return policy


def _identity(aws: Aws, request: Request, held: Document | None) -> Document:
    """What stays when a policy is put again."""
    if held:
        return {member: held[member] for member in ("Id", "PolicyARN", "CreationTime")}
    identity = str(uuid.uuid4())
    place = f"resource/{request['ServiceNamespace']}/{request['ResourceId']}:policyName/{request['PolicyName']}"
    arn = aws.arn("autoscaling", f"scalingPolicy:{identity}:{place}")
    return {"Id": identity, "PolicyARN": arn, "CreationTime": aws.clock.now()}


def _own_alarms(policy: Document | None) -> list[Document]:
    return tracking.alarms(policy) if policy and policy["PolicyType"] == "TargetTrackingScaling" else []


def _keep_alarms(aws: Aws, policy: Document, held: Document | None) -> None:
    wanted = _own_alarms(policy)
    names = {alarm["AlarmName"] for alarm in wanted}
    if gone := [alarm["AlarmName"] for alarm in _own_alarms(held) if alarm["AlarmName"] not in names]:
        alarm_operations.delete_alarms(aws, {"AlarmNames": gone})
    for alarm in wanted:
        alarm_operations.put_metric_alarm(aws, alarm)


def _alarms(aws: Aws, policy: Document) -> list[Document]:
    """Its own, or those that call it."""
    return [
        {"AlarmName": name, "AlarmARN": alarm["AlarmArn"]}
        for name, alarm in aws.store.scan(readings.ALARMS)
        if policy["PolicyARN"] in alarm["AlarmActions"]
    ]


def remove(aws: Aws, policy: Document) -> None:
    """With the alarms that are its own; inside a transaction."""
    if names := [alarm["AlarmName"] for alarm in _own_alarms(policy)]:
        alarm_operations.delete_alarms(aws, {"AlarmNames": names})
    aws.store.delete(targets.POLICIES, targets.below(policy, policy["PolicyName"]))


@operations("DeleteScalingPolicy")
def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        policy = aws.store.get(targets.POLICIES, targets.below(request, request["PolicyName"]))
        if policy is None:
            raise AwsError(
                "ObjectNotFoundException",
                f"No scaling policy found for {targets.spoken(request)}, policy name: {request['PolicyName']}",
            )
        remove(aws, policy)
    return {}


@operations("DescribeScalingPolicies")
def describe(aws: Aws, request: Request) -> Result:
    kept = targets.asked_for(aws, targets.POLICIES, request)
    if names := request.get("PolicyNames"):
        kept = [policy for policy in kept if policy["PolicyName"] in names]
    found, token = crud.cut(
        kept, lambda policy: policy["PolicyARN"], request.get("NextToken"), request.get("MaxResults", 10)
    )
    return {
        "ScalingPolicies": [policy | {"Alarms": _alarms(aws, policy)} for policy in found],
        "NextToken": token,
    }
