"""How an endpoint's traffic moves, and the alarms that roll it back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from model_deploy.verify.endpoints import ENDPOINT, config_of, is_serverless, variants
from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Resource, Stack

ALARM = "AWS::CloudWatch::Alarm"

#: Type of the routing → the members that it needs and, of these two, takes.
STEP = {"CANARY": {"CanarySize"}, "LINEAR": {"LinearStepSize"}, "ALL_AT_ONCE": set[str]()}


@dataclass(frozen=True)
class Metric:
    """How an alarm may look at a metric. `low` and `high` bound a threshold that means something, in its unit."""

    namespace: str
    dimensions: frozenset[str]
    statistics: frozenset[str]
    low: float
    high: float


NEW_FLEET = frozenset({"EndpointName", "VariantName", "EndpointConfigName"})
PERCENTILES = frozenset({"p50", "p90", "p95", "p99", "p99.9", "tm95", "tm99"})
QUEUE = frozenset({"EndpointName"})

#: Source: "Amazon SageMaker AI metrics in Amazon CloudWatch", developer guide. Latencies are in microseconds.
METRICS: Mapping[str, Metric] = {
    "Invocation5XXErrors": Metric("AWS/SageMaker", NEW_FLEET, frozenset({"Average"}), 1e-6, 0.5),
    "Invocation4XXErrors": Metric("AWS/SageMaker", NEW_FLEET, frozenset({"Average"}), 1e-6, 1),
    "InvocationModelErrors": Metric("AWS/SageMaker", NEW_FLEET, frozenset({"Average", "Sum"}), 1e-6, 1e6),
    "ModelLatency": Metric("AWS/SageMaker", NEW_FLEET, PERCENTILES | {"Average"}, 1e3, 6e7),
    "OverheadLatency": Metric("AWS/SageMaker", NEW_FLEET, PERCENTILES | {"Average"}, 1e3, 6e7),
    "DecisionMismatches": Metric("MLOps/Proof", NEW_FLEET, frozenset({"Sum", "Maximum"}), 1, 1e6),
    "HasBacklogWithoutCapacity": Metric("AWS/SageMaker", QUEUE, frozenset({"Average", "Maximum"}), 1, 1),
    "ApproximateNumberOfMessagesVisible": Metric(
        "AWS/SQS", frozenset({"QueueName"}), frozenset({"Maximum", "Sum", "Average"}), 1, 1e6
    ),
}

#: Metrics that no second look is waited for.
AT_ONCE = ("DecisionMismatches", "HasBacklogWithoutCapacity")

#: What a deployment is watched for; a rollback alarm for each.
WATCHED = {"Invocation5XXErrors": "errors", "ModelLatency": "latency", "DecisionMismatches": "wrong decisions"}


def check(stack: Stack) -> Iterator[Finding]:
    for alarm in stack.of(ALARM):
        yield from _alarm(alarm, stack)
    for endpoint in stack.of(ENDPOINT):
        yield from _routing(endpoint, stack)
        yield from _rollback(endpoint, stack)


def dimensions(alarm: Resource) -> dict[str, Any]:
    found = alarm.properties.get("Dimensions", [])
    return {str(one.get("Name")): one.get("Value") for one in found if isinstance(one, dict)}


def _alarm(alarm: Resource, stack: Stack) -> Iterator[Finding]:
    place, given = alarm.logical, alarm.properties
    if "MetricName" not in given or (metric := METRICS.get(given["MetricName"])) is None:
        yield Finding(place, "alarm-metric", f"{given.get('MetricName')!r} is no metric of the table METRICS")
        return
    if given.get("Namespace") != metric.namespace:
        yield Finding(place, "alarm-metric", f"{given['MetricName']} lies in the namespace {metric.namespace}")
    if set(dimensions(alarm)) != metric.dimensions:
        yield Finding(place, "alarm-dimensions", f"the dimensions must be {', '.join(sorted(metric.dimensions))}")
    statistics = {given.get("Statistic"), given.get("ExtendedStatistic")} - {None}
    if len(statistics) != 1 or not statistics <= metric.statistics:
        yield Finding(place, "alarm-statistic", f"one statistic of {', '.join(sorted(metric.statistics))} is needed")
    if not metric.low <= given.get("Threshold", 0) <= metric.high:
        yield Finding(place, "alarm-threshold", f"the threshold lies between {metric.low:g} and {metric.high:g}")
    if given.get("ComparisonOperator") not in ("GreaterThanThreshold", "GreaterThanOrEqualToThreshold"):
        yield Finding(place, "alarm-comparison", "the alarm must fire above its threshold")
    if given["MetricName"] in AT_ONCE and given.get("EvaluationPeriods") != 1:
        yield Finding(place, "alarm-periods", f"one minute of {given['MetricName']} is enough: EvaluationPeriods is 1")
    if given.get("TreatMissingData") != "notBreaching":
        yield Finding(place, "alarm-missing-data", "TreatMissingData must be notBreaching: a quiet minute is no fault")
    if given.get("ActionsEnabled") in (False, "false"):
        yield Finding(place, "alarm-actions", "ActionsEnabled is false, so that nothing would happen")
    if given.get("DatapointsToAlarm", 1) > given.get("EvaluationPeriods", 1):
        yield Finding(place, "alarm-periods", "DatapointsToAlarm is above EvaluationPeriods")
    if given.get("Period") != 60 or given.get("EvaluationPeriods", 1) > 60:
        yield Finding(place, "alarm-periods", "the metric comes by the minute: Period must be 60")
    if "Unit" in given:
        yield Finding(place, "alarm-unit", "with a Unit that the metric does not have the alarm never fires")
    known = {one.name for one in stack.of(ENDPOINT)}
    if "EndpointName" in dimensions(alarm) and dimensions(alarm)["EndpointName"] not in known:
        yield Finding(place, "alarm-dimensions", "EndpointName is no endpoint of this template")


def _routing(endpoint: Resource, stack: Stack) -> Iterator[Finding]:
    place = endpoint.logical
    policy = endpoint.properties.get("DeploymentConfig", {}).get("BlueGreenUpdatePolicy")
    if policy is None:
        yield Finding(place, "routing", "BlueGreenUpdatePolicy is missing: without it nothing can be rolled back")
        return
    routing = policy.get("TrafficRoutingConfiguration", {})
    kind, config = str(routing.get("Type")), config_of(endpoint, stack)
    sizes = {"CanarySize", "LinearStepSize"} & set(routing)
    if sizes != STEP.get(kind, sizes):
        yield Finding(place, "routing", f"{kind} takes {' and '.join(STEP[kind]) or 'neither size'}")
    if kind != "ALL_AT_ONCE" and config and is_serverless(config):
        yield Finding(place, "mode", "Serverless Inference moves traffic all at once")
    for name in sorted(sizes):
        yield from _size(place, name, routing[name])
    wait = routing.get("WaitIntervalInSeconds", 0)
    step = routing.get("LinearStepSize", {}).get("Value", 100)
    steps = ceil(100 / max(1, step)) if kind == "LINEAR" else 1
    needed = wait * steps + policy.get("TerminationWaitInSeconds", 0)
    if needed >= policy.get("MaximumExecutionTimeoutInSeconds", 28800):
        yield Finding(
            place, "routing", f"MaximumExecutionTimeoutInSeconds is not above the {needed} s that shifting waits"
        )
    for alarm in _alarms(endpoint, stack):
        looked = 60 * int(alarm.properties.get("DatapointsToAlarm") or alarm.properties.get("EvaluationPeriods") or 1)
        if wait < looked:
            yield Finding(place, "bake", f"WaitIntervalInSeconds is {wait}, {alarm.logical} needs {looked} s to fire")


def _size(place: str, name: str, size: dict[str, Any]) -> Iterator[Finding]:
    low = 1 if name == "CanarySize" else 10
    if size.get("Type") != "CAPACITY_PERCENT":
        yield Finding(place, "routing", f"{name} must be CAPACITY_PERCENT: autoscaling changes the count of instances")
    elif not low <= size.get("Value", 0) <= 50:
        yield Finding(place, "routing", f"{name} lies between {low} and 50 percent")


def _alarms(endpoint: Resource, stack: Stack) -> list[Resource]:
    rollback = endpoint.properties.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    found = [stack.named(ALARM, one.get("AlarmName")) for one in rollback.get("Alarms", [])]
    return [alarm for alarm in found if alarm]


def _rollback(endpoint: Resource, stack: Stack) -> Iterator[Finding]:
    place, config, alarms = endpoint.logical, config_of(endpoint, stack), _alarms(endpoint, stack)
    rollback = endpoint.properties.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    if len(alarms) != len(rollback.get("Alarms", [])):
        yield Finding(place, "rollback", "AutoRollbackConfiguration names an alarm that this template does not make")
    for metric, what in WATCHED.items():
        if metric not in {alarm.properties.get("MetricName") for alarm in alarms}:
            yield Finding(place, "rollback", f"no rollback alarm watches {what} ({metric})")
    for alarm in alarms:
        if alarm.properties.get("MetricName") not in WATCHED:
            yield Finding(place, "rollback", f"{alarm.logical} does not watch the new version and must not roll back")
        expected = {
            "EndpointName": endpoint.name,
            "VariantName": variants(config)[0].get("VariantName") if config and variants(config) else None,
            "EndpointConfigName": config.name if config else None,
        }
        wrong = [name for name, value in expected.items() if dimensions(alarm).get(name) != value]
        if wrong:
            yield Finding(
                alarm.logical, "rollback", f"{', '.join(wrong)} must be of {place}, or the old fleet dilutes the alarm"
            )
