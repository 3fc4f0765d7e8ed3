"""Alarms on a server whose clock is moved: they fire, tell, and recover by themselves."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import Home, home

from conftest import Target

Fresh = Callable[[str], str]
ERRORS = {
    "Namespace": "app",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "EndpointConfigName", "Value": "new"}],
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 0.05,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Home]:
    server = home(tmp_path)
    server.up()
    yield server
    server.down()


def state(cloudwatch: Any, name: str, wanted: str) -> dict[str, Any]:
    """The alarm once it is in that state."""
    until = time.monotonic() + 10
    while True:
        answer = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        (found,) = answer["MetricAlarms"] + answer["CompositeAlarms"]
        if found["StateValue"] == wanted:
            return dict(found)
        assert time.monotonic() < until, found
        time.sleep(0.02)


def put(cloudwatch: Any, value: float) -> None:
    datum = {"MetricName": ERRORS["MetricName"], "Dimensions": ERRORS["Dimensions"], "Value": value}
    cloudwatch.put_metric_data(Namespace="app", MetricData=[datum])


def receive(sqs: Any, url: str) -> list[dict[str, Any]]:
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]


def test_an_alarm_fires_and_recovers(own: Home) -> None:
    cloudwatch, sqs, sns, events = (own.client(name) for name in ("cloudwatch", "sqs", "sns", "events"))
    told, heard = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("told", "heard"))
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
    events.put_rule(Name="alarms", EventPattern=json.dumps({"detail-type": ["CloudWatch Alarm State Change"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:123456789012:heard"}])
    cloudwatch.put_metric_alarm(AlarmName="errors", AlarmActions=[topic], **ERRORS)
    cloudwatch.put_composite_alarm(AlarmName="any", AlarmRule='ALARM("errors") OR ALARM("errors")')
    state(cloudwatch, "errors", "OK")
    for _ in range(2):
        put(cloudwatch, 0.5)
        own.clock(60)
    found = state(cloudwatch, "errors", "ALARM")
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [0.5, 0.5]
    state(cloudwatch, "any", "ALARM")
    (notification,) = receive(sqs, told)
    message = json.loads(notification["Message"])
    assert (message["AlarmName"], message["OldStateValue"], message["NewStateValue"]) == ("errors", "OK", "ALARM")
    own.clock(300)
    state(cloudwatch, "errors", "OK")
    state(cloudwatch, "any", "OK")
    changes: list[tuple[str, str]] = []
    while len(changes) < 5:
        changes += [(event["detail"]["alarmName"], event["detail"]["state"]["value"]) for event in receive(sqs, heard)]
    assert [value for name, value in changes if name == "errors"] == ["OK", "ALARM", "OK"]
    items = cloudwatch.describe_alarm_history(AlarmName="errors", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    kinds = [item["HistoryItemType"] for item in items]
    assert kinds == ["ConfigurationUpdate", "StateUpdate", "StateUpdate", "Action", "StateUpdate"]


def test_one_bad_minute_of_three_is_not_enough(own: Home) -> None:
    cloudwatch = own.client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName="errors", **ERRORS)
    state(cloudwatch, "errors", "OK")
    put(cloudwatch, 0.5)
    for _ in range(3):
        own.clock(60)
        put(cloudwatch, 0.0)
        time.sleep(0.2)
        state(cloudwatch, "errors", "OK")
    items = cloudwatch.describe_alarm_history(AlarmName="errors", HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert len(items) == 1


def test_a_percentile_and_a_restart(own: Home) -> None:
    cloudwatch = own.client("cloudwatch")
    latency = ERRORS | {"ExtendedStatistic": "p95", "Threshold": 100.0, "EvaluationPeriods": 1, "DatapointsToAlarm": 1}
    del latency["Statistic"]
    cloudwatch.put_metric_alarm(AlarmName="latency", **latency)
    state(cloudwatch, "latency", "OK")
    for value in [10.0] * 90 + [500.0] * 10:
        put(cloudwatch, value)
    own.down()
    own.up()
    own.clock(60)
    found = state(own.client("cloudwatch"), "latency", "ALARM")
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [500.0]


def test_dead_letters_raise_an_alarm(own: Home) -> None:
    """As the project's template has it: a message that nobody looks at."""
    cloudwatch, sqs = own.client("cloudwatch"), own.client("sqs")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    cloudwatch.put_metric_alarm(
        AlarmName="failures",
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": "failures"}],
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    state(cloudwatch, "failures", "OK")
    sqs.send_message(QueueUrl=url, MessageBody="undelivered")
    own.clock(60)
    found = state(cloudwatch, "failures", "ALARM")
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [1.0]
    sqs.purge_queue(QueueUrl=url)
    own.clock(60)
    found = state(cloudwatch, "failures", "OK")
    assert json.loads(found["StateReasonData"])["recentDatapoints"] == [0.0]


def test_alarms_come_and_go(aws_target: Target, fresh: Fresh) -> None:
    cloudwatch, name = aws_target.client("cloudwatch"), fresh("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=name, **ERRORS | {"Namespace": name, "TreatMissingData": "ignore"}
    )  # no evaluation takes the state back
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    wanted = ("ALARM", "a test", 0.05, 3, 2)
    shown = ("StateValue", "StateReason", "Threshold", "EvaluationPeriods", "DatapointsToAlarm")
    assert tuple(found[member] for member in shown) == wanted
    assert found["AlarmArn"] == f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}"
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []
    with pytest.raises(ClientError) as error:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="late")
    assert error.value.response["Error"]["Code"] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"AlarmActions": ["arn:aws:automate:us-east-1:ec2:stop"]}, "alarm action"),
        ({"Period": 7}, "period 7"),
        ({"DatapointsToAlarm": 4}, "DatapointsToAlarm"),
        ({"ExtendedStatistic": "p99"}, "Exactly one"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "anomaly"),
        ({"TreatMissingData": "never"}, "TreatMissingData"),
    ],
)
def test_what_is_refused(client: Callable[..., Any], more: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        client("cloudwatch").put_metric_alarm(AlarmName="refused", **ERRORS | more)
    assert client("cloudwatch").describe_alarms(AlarmNames=["refused"])["MetricAlarms"] == []


def test_composite_alarms_know_their_children(client: Callable[..., Any], fresh: Fresh) -> None:
    cloudwatch, child, parent = client("cloudwatch"), fresh("child"), fresh("parent")
    with pytest.raises(ClientError, match="missing"):
        cloudwatch.put_composite_alarm(AlarmName=parent, AlarmRule=f'ALARM("{child}")')
    cloudwatch.put_metric_alarm(AlarmName=child, **ERRORS)
    cloudwatch.put_composite_alarm(AlarmName=parent, AlarmRule=f'ALARM("{child}")')
    with pytest.raises(ClientError, match="composite alarm"):
        cloudwatch.delete_alarms(AlarmNames=[child])
    cloudwatch.delete_alarms(AlarmNames=[child, parent])
