"""What the configuration asks for must arrive: the parameter, and the place in the resources where it belongs.

A number wired to the wrong property, or written out, is a good template for every other check.
"""

from collections.abc import Iterator
from typing import Any

from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Stack

ROUTING = "DeploymentConfig.BlueGreenUpdatePolicy"
TRAFFIC = f"{ROUTING}.TrafficRoutingConfiguration"

#: (suffix of the logical id, path below its properties, suffix of the parameter), for the modes with an endpoint.
ENDPOINTS = (
    ("ErrorsAlarm", "Threshold", "ErrorShare"),
    ("ErrorsAlarm", "EvaluationPeriods", "AlarmMinutes"),
    ("ErrorsAlarm", "DatapointsToAlarm", "AlarmBreaching"),
    ("LatencyAlarm", "Threshold", "LatencyMicroseconds"),
    ("LatencyAlarm", "EvaluationPeriods", "AlarmMinutes"),
    ("LatencyAlarm", "DatapointsToAlarm", "AlarmBreaching"),
    ("MismatchAlarm", "Threshold", "Mismatches"),
    ("Endpoint", f"{TRAFFIC}.WaitIntervalInSeconds", "WaitSeconds"),
)
GRADUAL = (
    ("Endpoint", f"{TRAFFIC}.Type", "Strategy"),
    ("Endpoint", f"{ROUTING}.TerminationWaitInSeconds", "TerminationSeconds"),
    ("Endpoint", f"{ROUTING}.MaximumExecutionTimeoutInSeconds", "TimeoutSeconds"),
    ("EndpointConfig", "ProductionVariants.0.InstanceType", "InstanceType"),
    ("EndpointConfig", "ProductionVariants.0.InitialInstanceCount", "Instances"),
)
TRACKING = "TargetTrackingScalingPolicyConfiguration"
OWN: dict[str, tuple[tuple[str, str, str], ...]] = {
    "RealTime": (*ENDPOINTS, *GRADUAL),
    "Serverless": (
        *ENDPOINTS,
        ("EndpointConfig", "ProductionVariants.0.ServerlessConfig.MemorySizeInMB", "MemoryMegabytes"),
        ("EndpointConfig", "ProductionVariants.0.ServerlessConfig.MaxConcurrency", "MaxConcurrency"),
    ),
    "Asynchronous": (
        *ENDPOINTS,
        *GRADUAL,
        (
            "EndpointConfig",
            "AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance",
            "Concurrency",
        ),
        ("ScalableTarget", "MinCapacity", "Minimum"),
        ("ScalableTarget", "MaxCapacity", "Maximum"),
        ("ScalingPolicy", f"{TRACKING}.TargetValue", "BacklogPerInstance"),
        ("ScalingPolicy", f"{TRACKING}.ScaleInCooldown", "ScaleInSeconds"),
        ("ScalingPolicy", f"{TRACKING}.ScaleOutCooldown", "ScaleOutSeconds"),
        ("WakePolicy", "StepScalingPolicyConfiguration.Cooldown", "ScaleOutSeconds"),
    ),
    "Batch": (),
}

#: Mode → parameter that is above 0 (or not empty) → the places that then exist and hold the values; otherwise none may.
WHEN: dict[tuple[str, str], tuple[tuple[str, str, str], ...]] = {
    ("RealTime", "Minimum"): (
        ("ScalableTarget", "MinCapacity", "Minimum"),
        ("ScalableTarget", "MaxCapacity", "Maximum"),
        ("ScalingPolicy", f"{TRACKING}.TargetValue", "InvocationsPerInstance"),
        ("ScalingPolicy", f"{TRACKING}.ScaleInCooldown", "ScaleInSeconds"),
        ("ScalingPolicy", f"{TRACKING}.ScaleOutCooldown", "ScaleOutSeconds"),
    ),
    ("RealTime", "CapturePercent"): (
        ("EndpointConfig", "DataCaptureConfig.InitialSamplingPercentage", "CapturePercent"),
    ),
    ("Serverless", "ProvisionedMinimum"): (
        ("EndpointConfig", "ProductionVariants.0.ServerlessConfig.ProvisionedConcurrency", "ProvisionedMinimum"),
        ("ScalableTarget", "MinCapacity", "ProvisionedMinimum"),
        ("ScalableTarget", "MaxCapacity", "ProvisionedMaximum"),
        ("ScalingPolicy", f"{TRACKING}.TargetValue", "Utilisation"),
    ),
    ("Batch", "Schedule"): (
        ("Scheduled", "ScheduleExpression", "Schedule"),
        ("Scheduled", "ScheduleExpressionTimezone", "Timezone"),
    ),
}

OFF_HOURS = "ScheduledActions.{}.ScalableTargetAction.{}Capacity"
WINDOW = (
    ("ScheduledActions.0.Schedule", "OffHoursStart"),
    ("ScheduledActions.0.Timezone", "OffHoursTimezone"),
    (OFF_HOURS.format(0, "Min"), "OffHoursMinimum"),
    (OFF_HOURS.format(0, "Max"), "OffHoursMaximum"),
    ("ScheduledActions.1.Schedule", "OffHoursEnd"),
    ("ScheduledActions.1.Timezone", "OffHoursTimezone"),
    (OFF_HOURS.format(1, "Min"), "Minimum"),
    (OFF_HOURS.format(1, "Max"), "Maximum"),
)

#: Places of the stage's key, where the stage has one.
KEYS = (
    ("EndpointConfig", "KmsKeyId"),
    ("EndpointConfig", "DataCaptureConfig.KmsKeyId"),
    ("EndpointConfig", "AsyncInferenceConfig.OutputConfig.KmsKeyId"),
)
MISSING = object()


def check(stack: Stack) -> Iterator[Finding]:
    modes = [mode for mode in OWN if any(name.startswith(mode) for name in stack.parameters)]
    for mode in modes:
        for suffix, path, parameter in OWN[mode]:
            yield from _arrives(stack, mode + suffix, path, mode + parameter)
        yield from _when(stack, mode)
        yield from _security(stack, mode)
        yield from _told(stack, mode)
    if "RealTime" in modes and stack.parameters["RealTimeMinimum"] and stack.parameters["RealTimeOffHoursStart"]:
        for path, parameter in WINDOW:
            yield from _arrives(stack, "RealTimeScalableTarget", path, f"RealTime{parameter}")
    for mode in {"RealTime", "Asynchronous"} & set(modes):
        member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(stack.parameters[f"{mode}Strategy"])
        if member:
            yield from _arrives(stack, f"{mode}Endpoint", f"{TRAFFIC}.{member}.Value", f"{mode}StepPercent")
    if "Batch" in modes:
        yield from _batch(stack)


def at(stack: Stack, logical: str, path: str) -> Any:
    """What stands at the path below the properties of a resource, MISSING when nothing does."""
    inside: Any = stack.resources[logical].properties if logical in stack.resources else MISSING
    for part in path.split("."):
        if isinstance(inside, list) and part.isdigit() and int(part) < len(inside):
            inside = inside[int(part)]
        elif isinstance(inside, dict) and part in inside:
            inside = inside[part]
        else:
            return MISSING
    return inside


def _arrives(stack: Stack, logical: str, path: str, parameter: str) -> Iterator[Finding]:
    found, wanted = at(stack, logical, path), stack.parameters.get(parameter, MISSING)
    if found is MISSING:
        yield Finding(logical, "intent", f"{path} is missing; the parameter {parameter} belongs there")
    elif wanted is MISSING or str(found) != str(wanted):
        yield Finding(f"{logical}.{path}", "intent", f"the parameter {parameter} belongs there, {found!r} stands there")


def _when(stack: Stack, mode: str) -> Iterator[Finding]:
    for (of, switch), places in WHEN.items():
        if of != mode:
            continue
        if stack.parameters.get(mode + switch):
            for suffix, path, parameter in places:
                yield from _arrives(stack, mode + suffix, path, mode + parameter)
        else:
            for suffix, path, _ in places:
                if at(stack, mode + suffix, path) is not MISSING:
                    yield Finding(
                        mode + suffix, "intent", f"{path} stands there although {mode + switch} asks for none"
                    )


def _security(stack: Stack, mode: str) -> Iterator[Finding]:
    """Key, VPC and isolation of the stage. What the mode excludes, `endpoints` finds."""
    key = stack.parameters.get("KmsKeyArn")
    for suffix, path in KEYS:
        above, _, _ = path.rpartition(".")
        holder = at(stack, mode + suffix, above) if above else stack.resources.get(mode + suffix, MISSING)
        if holder is not MISSING and at(stack, mode + suffix, path) != (key or MISSING):
            yield Finding(f"{mode + suffix}.{path}", "intent-key", "KmsKeyArn belongs there when it is given")
    if "SubnetIds" not in stack.parameters or mode == "Serverless":
        return
    model, subnets = f"{mode}Model", stack.parameters["SubnetIds"]
    vpc = at(stack, model, "VpcConfig")
    wanted = (
        {"Subnets": subnets, "SecurityGroupIds": stack.parameters["SecurityGroupIds"]} if subnets != [""] else MISSING
    )
    if vpc != wanted:
        yield Finding(
            f"{model}.VpcConfig", "intent-vpc", "SubnetIds and SecurityGroupIds belong there when they are given"
        )
    if str(at(stack, model, "EnableNetworkIsolation")) != stack.parameters["NetworkIsolation"]:
        yield Finding(f"{model}.EnableNetworkIsolation", "intent-isolation", "NetworkIsolation belongs there")


def _told(stack: Stack, mode: str) -> Iterator[Finding]:
    topic = stack.parameters.get("NotificationTopicArn")
    for suffix in ("ErrorsAlarm", "LatencyAlarm", "MismatchAlarm"):
        logical = mode + suffix
        if logical in stack.resources and at(stack, logical, "AlarmActions") != ([topic] if topic else MISSING):
            yield Finding(f"{logical}.AlarmActions", "intent", "NotificationTopicArn belongs there when it is given")


def _batch(stack: Stack) -> Iterator[Finding]:
    given = stack.parameters
    body = str(at(stack, "BatchPipeline", "PipelineDefinition.PipelineDefinitionBody"))
    texts = ("Strategy", "ContentType", "JoinSource", "InputFilter", "OutputFilter", "InstanceType")
    members = {"Strategy": "BatchStrategy"}
    for name in texts:
        if f'"{members.get(name, name)}": "{given[f"Batch{name}"]}"' not in body:
            yield Finding("BatchPipeline", "intent", f"Batch{name} belongs into the definition")
    numbers = {
        "MaxPayloadInMB": "MaxPayloadMegabytes",
        "MaxConcurrentTransforms": "Concurrency",
        "InstanceCount": "Instances",
    }
    for member, name in numbers.items():
        if f'"{member}": {given[f"Batch{name}"]}' not in body:
            yield Finding("BatchPipeline", "intent", f"Batch{name} belongs into the definition as {member}")
    if body.count(f'KmsKeyId": "{given["KmsKeyArn"]}"') != (2 + bool(given["BatchCapturePercent"])) * bool(
        given["KmsKeyArn"]
    ):
        yield Finding(
            "BatchPipeline", "intent-key", "KmsKeyArn belongs at volume, results and capture when it is given"
        )
    if ("DataCaptureConfig" in body) != bool(given["BatchCapturePercent"]):
        yield Finding("BatchPipeline", "intent", "BatchCapturePercent decides whether DataCaptureConfig stands there")
    for logical, wanted in (
        ("BatchArrival", given["BatchOnArrival"] == "true"),
        ("BatchScheduled", bool(given["BatchSchedule"])),
        ("BatchFailed", bool(given["NotificationTopicArn"])),
    ):
        if (logical in stack.resources) != wanted:
            yield Finding(logical, "intent", f"it must be there exactly when it is asked for; here {wanted}")
