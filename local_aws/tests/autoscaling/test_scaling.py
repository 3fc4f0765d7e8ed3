"""Policies, alarms, cooldowns and bounds, on a machine whose clock is moved and whose capacity is a number."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from local_aws.autoscaling import (
    activities,
    capacity,
    policy_operations,
    schedule_operations,
    target_operations,
    targets,
)
from local_aws.cloudwatch import alarm_operations, metrics, readings
from local_aws.cloudwatch.metrics import Datum, Metric
from local_aws.cloudwatch.monitor import Monitor
from local_aws.errors import AwsError
from local_aws.events.timer import Timer
from local_aws.operations import Aws

PLACE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/credit/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
WHERE = {"EndpointName": "credit", "VariantName": "AllTraffic"}
LOAD = Metric("AWS/SageMaker", "InvocationsPerInstance", WHERE)
BACKLOG = Metric("AWS/SageMaker", "HasBacklogWithoutCapacity", {"EndpointName": "credit"})


@dataclass
class Number:
    """A capacity that is set at once, unless it is told to refuse or to take its time."""

    value: int = 1
    refusal: str = ""
    busy: bool = False
    asked: list[int] = field(default_factory=list)

    def current(self, aws: Aws, resource: str) -> int:
        return self.value

    def set(self, aws: Aws, resource: str, desired: int) -> None:
        if self.refusal:
            raise AwsError("ValidationException", self.refusal)
        self.asked.append(desired)
        self.value = desired

    def lowest(self, aws: Aws, resource: str) -> int:
        return 0

    def settled(self, aws: Aws, resource: str) -> bool:
        return not self.busy


@pytest.fixture
def number(monkeypatch: pytest.MonkeyPatch) -> Number:
    found = Number()
    row = capacity.Dimension(re.compile(r"endpoint/[^/]+/variant/[^/]+"), "desired instance count", found)
    monkeypatch.setattr(capacity, "DIMENSIONS", {PLACE["ScalableDimension"]: row})
    return found


@pytest.fixture
def minute(aws: Aws) -> Callable[..., None]:
    """minute(5.0): a minute passes in which the load was published; None publishes nothing."""

    def pass_by(value: float | None, metric: Metric = LOAD) -> None:
        if value is not None:
            metrics.record(aws, [Datum(metric, aws.clock.now(), ((value, 1.0),))])
        aws.clock.set(60)
        aws.part(Monitor).evaluate()

    aws.clock.set(60 - aws.clock.now() % 60 + 0.5)  # half a second into a minute
    return pass_by


def register(aws: Aws, low: int = 1, high: int = 4, **more: Any) -> None:
    target_operations.register(aws, PLACE | {"MinCapacity": low, "MaxCapacity": high} | more)


def track(aws: Aws, name: str = "load", **settings: Any) -> dict[str, Any]:
    given = {"TargetValue": 100.0, "ScaleInCooldown": 600, "ScaleOutCooldown": 120} | settings
    if "CustomizedMetricSpecification" not in given:
        given["PredefinedMetricSpecification"] = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    return policy_operations.put(  # type: ignore[return-value]
        aws,
        PLACE
        | {
            "PolicyName": name,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": given,
        },
    )


def told(aws: Aws) -> list[dict[str, Any]]:
    answer: Any = target_operations.describe_activities(aws, {"ServiceNamespace": "sagemaker"})
    return list(answer["ScalingActivities"])


def test_a_policy_keeps_its_two_alarms(aws: Aws, number: Number) -> None:
    register(aws)
    answer = track(aws)
    high, low = sorted(answer["Alarms"], key=lambda alarm: str(alarm["AlarmName"]))
    assert re.fullmatch(r"TargetTracking-endpoint/credit/variant/AllTraffic-AlarmHigh-[0-9a-f-]{36}", high["AlarmName"])
    held = readings.alarm(aws, low["AlarmName"]) or {}
    assert (held["Threshold"], held["EvaluationPeriods"], held["Statistic"]) == (90.0, 15, "Sum")
    assert "AlarmLow" in low["AlarmName"]
    assert held["ComparisonOperator"] == "LessThanThreshold"
    assert track(aws, DisableScaleIn=True)["Alarms"] == [high]
    again = track(aws)
    assert again["PolicyARN"] == answer["PolicyARN"]
    policy_operations.delete(aws, PLACE | {"PolicyName": "load"})
    assert not aws.store.scan(readings.ALARMS)


def test_three_minutes_above_the_target_scale_out_in_proportion(
    aws: Aws, number: Number, minute: Callable[..., None]
) -> None:
    register(aws)
    track(aws)
    minute(50)
    minute(300)
    minute(250)
    assert number.value == 1
    minute(250)
    assert number.value == 3  # 1 x 250 / 100, rounded up
    (activity,) = told(aws)
    assert activity["Description"] == "Setting desired instance count to 3."
    assert activity["StatusCode"] == "Successful"
    assert "in state ALARM triggered policy load" in activity["Cause"]


def test_what_was_added_counts_during_the_cooldown(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    register(aws, high=20)
    track(aws, ScaleOutCooldown=150)
    minute(95)  # with nothing known before, a first bad minute would be enough
    for _ in range(3):
        minute(300)
    assert number.value == 3
    minute(150)  # 1 x 150 / 100 is no more than the 3 that came
    assert number.value == 3
    minute(500)  # a larger step than the last
    assert number.value == 5
    minute(150)
    minute(150)
    minute(150)  # the cooldown is over, the load is still high
    assert number.value == 8


def test_fifteen_quiet_minutes_scale_in_and_then_rest(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    number.value = 4
    register(aws)
    track(aws)
    minute(95)
    for _ in range(14):
        minute(45)
    assert number.asked == []
    minute(45)
    assert number.value == 2
    for _ in range(9):
        minute(10)
    assert number.value == 2  # the rest of ten minutes
    minute(10)
    minute(10)
    assert number.value == 1
    assert number.asked == [2, 1]


def test_no_data_is_no_reason_to_scale_in(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    number.value = 4
    register(aws)
    track(aws)
    for _ in range(20):
        minute(None)
    assert number.value == 4


def test_scaling_in_waits_until_every_policy_wants_it(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    number.value = 4
    register(aws)
    track(aws)
    own = {"Namespace": "app", "MetricName": "Busy", "Statistic": "Average"}
    track(aws, "busy", CustomizedMetricSpecification=own, TargetValue=10.0)
    busy = Metric("app", "Busy")
    for _ in range(17):
        metrics.record(aws, [Datum(busy, aws.clock.now(), ((10.0, 1.0),))])
        minute(1)
    assert number.value == 4
    for _ in range(16):
        metrics.record(aws, [Datum(busy, aws.clock.now(), ((5.0, 1.0),))])
        minute(1)
    assert number.value == 2  # the larger of 1 and 2


def test_zero_is_left_by_a_step_policy_alone(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    number.value = 0
    register(aws, low=0)
    track(aws)
    step = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    request = {
        "PolicyName": "wake",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": step | {"Cooldown": 300},
    }
    policy: Any = policy_operations.put(aws, PLACE | request)
    alarm_operations.put_metric_alarm(
        aws,
        BACKLOG.describe()
        | {
            "AlarmName": "wake",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [policy["PolicyARN"]],
        },
    )
    minute(95)
    minute(1000)
    minute(1000)
    minute(95)
    assert number.value == 0
    minute(1, BACKLOG)
    assert number.value == 1
    minute(1, BACKLOG)
    assert number.value == 1  # the policy rests
    described: Any = policy_operations.describe(aws, {"ServiceNamespace": "sagemaker", "PolicyNames": ["wake"]})
    assert [alarm["AlarmName"] for alarm in described["ScalingPolicies"][0]["Alarms"]] == ["wake"]


def test_a_capacity_that_takes_none_now_is_asked_again_the_next_minute(
    aws: Aws, number: Number, minute: Callable[..., None]
) -> None:
    register(aws)
    track(aws)
    number.refusal = "The endpoint is Updating."
    for _ in range(3):
        minute(200)
    assert number.value == 1
    assert told(aws)[0]["StatusCode"] == "Failed"
    assert "is Updating" in told(aws)[0]["StatusMessage"]
    number.refusal = ""
    minute(200)
    assert number.value == 2


def test_one_change_at_a_time(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    register(aws, high=20)
    track(aws, ScaleOutCooldown=0)
    number.busy = True
    for _ in range(6):
        minute(200)
    assert number.asked == [2]
    assert told(aws)[0]["StatusCode"] == "InProgress"
    number.busy = False
    minute(200)
    assert number.asked == [2, 4]


def test_suspended_scaling_does_nothing(aws: Aws, number: Number, minute: Callable[..., None]) -> None:
    register(aws, SuspendedState={"DynamicScalingOutSuspended": True})
    track(aws)
    for _ in range(4):
        minute(300)
    assert number.value == 1
    target_operations.register(aws, PLACE | {"SuspendedState": {"DynamicScalingOutSuspended": False}})
    minute(300)
    assert number.value == 3


def test_new_bounds_take_the_capacity_along(aws: Aws, number: Number) -> None:
    register(aws, low=2, high=4)
    assert number.value == 2
    with pytest.raises(AwsError, match="cannot be less"):
        target_operations.register(aws, PLACE | {"MinCapacity": 5})
    target_operations.register(aws, PLACE | {"MinCapacity": 1, "MaxCapacity": 1})
    assert number.value == 1
    assert [item["Cause"] for item in told(aws)] == ["maximum capacity was set to 1", "minimum capacity was set to 2"]


def test_scheduled_actions_change_the_bounds_by_their_time_zone(aws: Aws, number: Number) -> None:
    register(aws, low=2, high=8)
    for name, hour, low, high in (("evening", 20, 1, 1), ("morning", 7, 2, 8)):
        action = {"MinCapacity": low, "MaxCapacity": high}
        request = {"ScheduledActionName": name, "Schedule": f"cron(0 {hour} * * ? *)", "Timezone": "Europe/Berlin"}
        schedule_operations.put(aws, PLACE | request | {"ScalableTargetAction": action})
    seen = []
    for _ in range(3):
        due = min(action["Due"] for _, action in aws.store.scan(targets.ACTIONS))
        aws.clock.set(due - aws.clock.now() + 0.01)
        aws.part(Timer).fire_due()
        seen.append(number.value)
    assert seen in ([1, 2, 1], [2, 1, 2])
    causes = {item["Cause"] for item in told(aws)}
    assert {"scheduled action name evening was triggered", "maximum capacity was set to 1"} <= causes
    schedule_operations.delete(aws, PLACE | {"ScheduledActionName": "evening"})
    described: Any = schedule_operations.describe(aws, {"ServiceNamespace": "sagemaker"})
    assert [action["ScheduledActionName"] for action in described["ScheduledActions"]] == ["morning"]


def test_an_action_that_fails_holds_up_no_other(
    aws: Aws, number: Number, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It stays due; the timer's thread rests before it tries again."""
    register(aws)
    for name in ("first", "second"):
        request = {"ScheduledActionName": name, "Schedule": "at(2999-01-01T00:00:00)"}
        schedule_operations.put(aws, PLACE | request | {"ScalableTargetAction": {"MinCapacity": 2}})
    aws.clock.set(32_503_680_000 - aws.clock.now())
    tried: list[str] = []

    def current(_: Aws, __: str) -> int:
        tried.append("asked")
        if len(tried) == 1:
            raise AwsError("ValidationException", "The variant is gone.")
        return 1

    monkeypatch.setattr(number, "current", current)
    assert not aws.part(Timer).fire_due()
    due = [action["ScheduledActionName"] for _, action in aws.store.scan(targets.ACTIONS) if action["Due"] is not None]
    assert due == ["first"]
    assert "The variant is gone." in caplog.text
    assert aws.part(Timer).fire_due()
    assert all(action["Due"] is None for _, action in aws.store.scan(targets.ACTIONS))


def test_deregistering_takes_all_along(aws: Aws, number: Number) -> None:
    register(aws, low=2)
    track(aws)
    request = {"ScheduledActionName": "once", "Schedule": "at(2999-01-01T00:00:00)"}
    schedule_operations.put(aws, PLACE | request | {"ScalableTargetAction": {"MinCapacity": 1}})
    target_operations.deregister(aws, PLACE)
    for kind in (targets.TARGETS, targets.POLICIES, targets.ACTIONS, activities.ACTIVITIES, readings.ALARMS):
        assert not aws.store.scan(kind)
    with pytest.raises(AwsError, match="No scalable target found"):
        track(aws)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ServiceNamespace": "ecs"}, "Unsupported service namespace"),
        ({"ResourceId": "endpoint/credit"}, "Unsupported service namespace"),
        ({"ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}, "does not support"),
    ],
)
def test_what_cannot_be_scaled_is_refused(aws: Aws, number: Number, change: dict[str, str], said: str) -> None:
    with pytest.raises(AwsError, match=said):
        target_operations.register(aws, PLACE | {"MinCapacity": 1, "MaxCapacity": 2} | change)
    with pytest.raises(AwsError, match="MinCapacity is required"):
        target_operations.register(aws, PLACE)
