"""Autoscaling: targets that name their endpoint by text, policies, and the way back from zero."""

from collections.abc import Iterator, Mapping
from typing import Any

from model_deploy.verify.endpoints import ENDPOINT, config_of, is_asynchronous, is_serverless, variants
from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Resource, Stack
from model_deploy.verify.shifting import ALARM, dimensions

TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
INSTANCES, CONCURRENCY = "sagemaker:variant:DesiredInstanceCount", "sagemaker:variant:DesiredProvisionedConcurrency"

#: Predefined metric → the dimension that it scales. Source: application autoscaling, predefined metrics of SageMaker.
PREDEFINED: Mapping[str, str] = {
    "SageMakerVariantInvocationsPerInstance": INSTANCES,
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": INSTANCES,
    "SageMakerVariantProvisionedConcurrencyUtilization": CONCURRENCY,
}


def check(stack: Stack) -> Iterator[Finding]:
    for target in stack.of(TARGET):
        yield from _target(target, stack)
    for policy in stack.of(POLICY):
        yield from _policy(policy, stack)


def _scaled(target: Resource, stack: Stack) -> tuple[Resource, Resource, dict[str, Any]] | None:
    """The endpoint, its configuration and the variant that the target's text names."""
    for endpoint in stack.of(ENDPOINT):
        if config := config_of(endpoint, stack):
            for variant in variants(config):
                name = f"endpoint/{endpoint.name}/variant/{variant.get('VariantName')}"
                if target.properties.get("ResourceId") == name:
                    return endpoint, config, variant
    return None


def _policies(target: Resource, stack: Stack) -> list[Resource]:
    reference = {"Ref": target.logical}
    return [one for one in stack.of(POLICY) if one.raw["Properties"].get("ScalingTargetId") == reference]


def _target(target: Resource, stack: Stack) -> Iterator[Finding]:
    place, given = target.logical, target.properties
    if (scaled := _scaled(target, stack)) is None:
        yield Finding(place, "scaling-target", "ResourceId is no endpoint/NAME/variant/VARIANT of this template")
        return
    endpoint, config, variant = scaled
    depends = target.raw.get("DependsOn", [])
    if endpoint.logical not in ([depends] if isinstance(depends, str) else depends):
        yield Finding(place, "scaling-target", f"DependsOn {endpoint.logical} is missing: ResourceId is only text")
    wanted = CONCURRENCY if is_serverless(config) else INSTANCES
    if given.get("ScalableDimension") != wanted or given.get("ServiceNamespace") != "sagemaker":
        yield Finding(place, "scaling-target", f"the dimension of this variant is {wanted}, in the namespace sagemaker")
    low, high = given.get("MinCapacity", 0), given.get("MaxCapacity", 0)
    yield from _bounds(place, low, high, is_asynchronous(config))
    for action in given.get("ScheduledActions", []):
        bounds = action.get("ScalableTargetAction", {})
        where = f"{place}.{action.get('ScheduledActionName')}"
        yield from _bounds(where, bounds.get("MinCapacity", low), bounds.get("MaxCapacity", high), False)
    initial = variant.get("InitialInstanceCount", low)
    if not max(low, 1 if wanted == INSTANCES else 0) <= initial <= high and not is_serverless(config):
        yield Finding(place, "scaling-bounds", f"InitialInstanceCount {initial} lies outside {low} to {high}")
    if wanted == CONCURRENCY and high > variant["ServerlessConfig"].get("MaxConcurrency", 0):
        yield Finding(place, "scaling-bounds", "MaxCapacity is above MaxConcurrency")
    policies = _policies(target, stack)
    if not any(one.properties.get("PolicyType") == "TargetTrackingScaling" for one in policies):
        yield Finding(place, "scaling-policy", "no target tracking policy belongs to this target")
    if low == 0:
        yield from _wake(place, endpoint, policies, stack)
    if stack.parameters.get("StageName") == "prod" and low < 2 and wanted == INSTANCES and not is_asynchronous(config):
        yield Finding(place, "SageMaker.4", "production keeps at least two instances")


def _bounds(place: str, low: int, high: int, zero: bool) -> Iterator[Finding]:
    if low > high:
        yield Finding(place, "scaling-bounds", f"the minimum {low} is above the maximum {high}")
    if low < 1 and not zero:
        yield Finding(place, "scaling-bounds", "only asynchronous endpoints scale to zero")


def _wake(place: str, endpoint: Resource, policies: list[Resource], stack: Stack) -> Iterator[Finding]:
    """From zero, target tracking divides by nothing: a step policy on the backlog without capacity is needed."""
    steps = {one.arn for one in policies if one.properties.get("PolicyType") == "StepScaling"}
    for alarm in stack.of(ALARM):
        watches = alarm.properties.get("MetricName") == "HasBacklogWithoutCapacity"
        acts = steps & set(alarm.properties.get("AlarmActions", []))
        if watches and acts and dimensions(alarm).get("EndpointName") == endpoint.name:
            return
    yield Finding(
        place, "scaling-wake", "from zero nothing wakes it: a step policy on HasBacklogWithoutCapacity is missing"
    )


def _policy(policy: Resource, stack: Stack) -> Iterator[Finding]:
    place, given = policy.logical, policy.properties
    reference = policy.raw["Properties"].get("ScalingTargetId")
    target = stack.resources.get(reference.get("Ref", "")) if isinstance(reference, dict) else None
    if target is None or target.type != TARGET:
        yield Finding(place, "scaling-policy", "ScalingTargetId must be !Ref of a target of this template")
        return
    member = {
        "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
        "StepScaling": "StepScalingPolicyConfiguration",
    }.get(given.get("PolicyType", ""))
    if member is None or member not in given:
        yield Finding(place, "scaling-policy", "PolicyType and the configuration below it do not belong together")
    elif member.startswith("Step"):
        yield from _steps(place, given[member])
    else:
        yield from _tracking(place, given[member], target, stack)


def _steps(place: str, steps: dict[str, Any]) -> Iterator[Finding]:
    if steps.get("AdjustmentType") != "ChangeInCapacity":
        yield Finding(place, "scaling-policy", "from zero only ChangeInCapacity adds anything; a percentage of 0 is 0")
    # The alarm says that something waits, not how much: target tracking goes on from the first instance.
    if steps.get("StepAdjustments") != [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]:
        yield Finding(place, "scaling-policy", "there is one step, which begins at 0 and adds one instance")


def _tracking(place: str, tracking: dict[str, Any], target: Resource, stack: Stack) -> Iterator[Finding]:
    predefined = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    custom = tracking.get("CustomizedMetricSpecification")
    scaled = _scaled(target, stack)
    if (predefined is None) == (custom is None):
        yield Finding(place, "scaling-metric", "exactly one metric is tracked, predefined or customised")
    if predefined and PREDEFINED.get(predefined) != target.properties.get("ScalableDimension"):
        yield Finding(
            place, "scaling-metric", f"{predefined} does not scale {target.properties.get('ScalableDimension')}"
        )
    if predefined == "SageMakerVariantProvisionedConcurrencyUtilization" and not 0.1 <= tracking["TargetValue"] <= 1:
        yield Finding(place, "scaling-metric", "the target of a utilisation is a share of 1")
    if scaled and is_asynchronous(scaled[1]) and custom is None:
        yield Finding(place, "scaling-metric", "an asynchronous endpoint scales on ApproximateBacklogSizePerInstance")
    if custom:
        named = {one.get("Name"): one.get("Value") for one in custom.get("Dimensions", [])}
        whole = (custom.get("Namespace"), custom.get("MetricName"), custom.get("Statistic"))
        if whole != ("AWS/SageMaker", "ApproximateBacklogSizePerInstance", "Average"):
            yield Finding(place, "scaling-metric", "the backlog is the average ApproximateBacklogSizePerInstance")
        if scaled and named != {"EndpointName": scaled[0].name}:
            yield Finding(place, "scaling-metric", f"the dimension is EndpointName {scaled[0].name}, alone")
    if tracking.get("DisableScaleIn") in (True, "true"):
        yield Finding(place, "scaling-policy", "DisableScaleIn: the endpoint would never become smaller again")
    if tracking.get("TargetValue", 1) <= 0:
        yield Finding(place, "scaling-metric", "the target is above 0")
