"""Target tracking: the pair of alarms that a policy keeps, and the capacity that it aims at. Pure functions.

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
AWS scales in "more gradually" than out and does not say how: here both are in proportion, and scaling in rounds up.
"""

import math
from collections.abc import Mapping
from typing import Any

from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

#: AlarmLow stands so far below the target, so that the capacity does not swing about it.
MARGIN = 0.9

#: Predefined metric → the dimension that it belongs to, and the metric of AWS/SageMaker with its statistic.
PREDEFINED: Mapping[str, tuple[str, str, str]] = {
    "SageMakerVariantInvocationsPerInstance": (
        "sagemaker:variant:DesiredInstanceCount",
        "InvocationsPerInstance",
        "Sum",
    ),
    "SageMakerVariantProvisionedConcurrencyUtilization": (
        "sagemaker:variant:DesiredProvisionedConcurrency",
        "ServerlessProvisionedConcurrencyUtilization",
        "Maximum",
    ),
}


def metric(policy: Document) -> Document:
    """The metric that a policy follows, with the members of PutMetricAlarm. Raises AwsError."""
    settings = policy["TargetTrackingScalingPolicyConfiguration"]
    predefined, own = settings.get("PredefinedMetricSpecification"), settings.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(own):
        raise AwsError(
            "ValidationException",
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be given.",
        )
    return _own(own) if own else _predefined(policy, predefined)


def _predefined(policy: Document, given: Document) -> Document:
    kind = given["PredefinedMetricType"]
    if given.get("ResourceLabel"):
        raise AwsError("ValidationException", f"ResourceLabel cannot be given with {kind}.")
    if kind not in PREDEFINED:
        raise NotSupported(f"the predefined metric {kind}")
    dimension, name, statistic = PREDEFINED[kind]
    if policy["ScalableDimension"] != dimension:
        raise AwsError("ValidationException", f"{kind} is not a metric of {policy['ScalableDimension']}.")
    _, endpoint, _, variant = policy["ResourceId"].split("/")
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    return {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": dimensions, "Statistic": statistic}


def _own(given: Document) -> Document:
    if given.get("Metrics"):
        raise NotSupported("expressions over metrics in CustomizedMetricSpecification")
    for member in ("Namespace", "MetricName", "Statistic"):
        if not given.get(member):
            raise AwsError("ValidationException", f"CustomizedMetricSpecification needs {member}.")
    chosen = ("Namespace", "MetricName", "Statistic", "Dimensions", "Unit")
    return {member: given[member] for member in chosen if given.get(member)}


def alarms(policy: Document) -> list[Document]:
    """PutMetricAlarm's requests: high, and low unless scaling in is disabled. `policy` has Id and PolicyARN."""
    settings = policy["TargetTrackingScalingPolicyConfiguration"]
    goal = settings["TargetValue"]
    common = metric(policy) | {
        "AlarmActions": [policy["PolicyARN"]],
        "AlarmDescription": f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['PolicyARN']}.",
        "Period": 60,
    }
    stem = f"TargetTracking-{policy['ResourceId']}-Alarm"
    high = {
        "AlarmName": f"{stem}High-{policy['Id']}",
        "EvaluationPeriods": 3,
        "Threshold": goal,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    low = {
        "AlarmName": f"{stem}Low-{policy['Id']}",
        "EvaluationPeriods": 15,
        "Threshold": goal * MARGIN,
        "ComparisonOperator": "LessThanThreshold",
    }
    return [common | high] if settings.get("DisableScaleIn") else [common | high, common | low]


def wanted(current: int, value: float, goal: float) -> int:
    """The capacity at which a metric that is `value` at `current` would be at its goal.

    Nothing can be in proportion to nothing: from zero only a step policy leads out.
    """
    return math.ceil(round(current * value / goal, 6))
