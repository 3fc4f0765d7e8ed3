"""When alarms are looked at."""

from typing import Any

import pytest

from local_aws.cloudwatch import alarm_operations, alarms, metrics
from local_aws.cloudwatch.monitor import Monitor
from local_aws.operations import Aws
from local_aws.services import queues, sqs

ALARM: dict[str, Any] = {
    "AlarmName": "errors",
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.mark.parametrize(("periods", "tick"), [((60,), 60), ((300, 60), 60), ((60, 10), 10), ((30,), 10)])
def test_the_next_look_is_at_the_next_full_minute_or_ten_seconds(aws: Aws, periods: tuple[int, ...], tick: int) -> None:
    aws.clock.set(rate=1e-9)
    for period in periods:
        alarm_operations.put_metric_alarm(aws, ALARM | {"AlarmName": f"alarm-{period}", "Period": period})
    now = aws.clock.now()
    due = aws.part(Monitor)._look()
    assert due is not None
    assert due % tick == pytest.approx(0, abs=1e-3)
    assert 0 < due - now <= tick


def test_without_alarms_nothing_is_due(aws: Aws) -> None:
    assert aws.part(Monitor)._look() is None


def test_a_server_that_has_just_started_looks_at_nothing_yet(aws: Aws) -> None:
    """What is measured comes up after it: an alarm must not go off because nobody has measured."""
    aws.clock.set(rate=1e-9)
    alarm_operations.put_metric_alarm(aws, ALARM | {"TreatMissingData": "breaching"})
    aws.part(Monitor)._look()
    assert alarms.find(aws, "errors")["StateValue"] == "INSUFFICIENT_DATA"
    aws.part(Monitor)._look()
    assert alarms.find(aws, "errors")["StateValue"] == "ALARM"


def test_what_ended_with_the_last_full_minute_counts(aws: Aws) -> None:
    aws.clock.set(rate=1e-9)
    alarm_operations.put_metric_alarm(aws, ALARM | {"TreatMissingData": "notBreaching"})
    minute = aws.clock.now() // 60 * 60
    metrics.record(aws, [metrics.Datum(metrics.Metric("N", "M"), minute + 0.001, ((5.0, 1.0),))])
    aws.part(Monitor).evaluate()
    assert alarms.find(aws, "errors")["StateValue"] == "OK"
    aws.clock.set(offset=60)
    aws.part(Monitor).evaluate()
    assert alarms.find(aws, "errors")["StateValue"] == "ALARM"


def test_a_new_alarm_is_looked_at_at_once(aws: Aws) -> None:
    wake = aws.part(Monitor)._looking.wake
    assert not wake.is_set()
    alarm_operations.put_metric_alarm(aws, ALARM)
    assert wake.is_set()


def test_a_state_that_lasts_is_written_once(aws: Aws) -> None:
    aws.clock.set(rate=1e-9)
    alarm_operations.put_metric_alarm(aws, ALARM | {"TreatMissingData": "breaching"})
    aws.part(Monitor).evaluate()
    written = aws.store._writer.total_changes
    assert alarms.find(aws, "errors")["StateValue"] == "ALARM"
    aws.part(Monitor).evaluate()
    assert aws.store._writer.total_changes == written


def test_what_queues_hold_is_measured_when_an_alarm_watches_them(aws: Aws) -> None:
    sqs.create_queue(aws, {"QueueName": "failures"})
    queues.send(aws, "failures", "undelivered")
    watched = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible"}
    alarm_operations.put_metric_alarm(
        aws, ALARM | watched | {"Dimensions": [{"Name": "QueueName", "Value": "failures"}]}
    )
    aws.part(Monitor).evaluate()
    assert alarms.find(aws, "errors")["StateValue"] == "ALARM"
