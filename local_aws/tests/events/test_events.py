"""EventBridge as clients see it: rules against moto where moto does it; what the machine's own events set off."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import ROLE, Home, Pipelines, home, processing

from conftest import Target
from local_aws.events import timer

Fresh = Callable[[str], str]
APPROVALS = {
    "source": ["aws.sagemaker"],
    "detail-type": ["SageMaker Model Package State Change"],
    "detail": {"ModelApprovalStatus": [{"anything-but": ["PendingManualApproval"]}]},
}


class Listener:
    """A queue and a rule that fills it."""

    def __init__(
        self, client: Callable[..., Any], name: str, pattern: dict[str, Any] | None = None, **rule: Any
    ) -> None:
        self.sqs, self.events, self.name = client("sqs"), client("events"), name
        self.url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]
        if pattern is not None:
            rule["EventPattern"] = json.dumps(pattern)
        if rule:
            self.events.put_rule(Name=name, **rule)
            self.events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": self.arn}])

    def bodies(self, count: int = 1, wait: int = 5) -> list[str]:
        """What arrived: at least `count` messages, or fewer when they do not come within `wait` seconds."""
        found: list[str] = []
        end = time.monotonic() + wait
        while len(found) < count and time.monotonic() < end:
            answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
            for message in answer.get("Messages", []):
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def all(self, count: int, wait: int = 5) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies(count, wait)]


@pytest.fixture
def own(tmp_path: Path) -> Any:
    server = home(tmp_path)
    server.up()
    yield server
    server.down()


# rules, against moto


def test_a_rule_and_its_targets(aws_target: Target, fresh: Fresh) -> None:
    events, name = aws_target.client("events"), fresh("rule")
    pattern = json.dumps({"source": ["my.app"]})
    arn = events.put_rule(Name=name, EventPattern=pattern, Description="mine")["RuleArn"]
    found = events.describe_rule(Name=name)
    assert (found["Arn"], found["State"], json.loads(found["EventPattern"])) == (arn, "ENABLED", json.loads(pattern))
    target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q", "InputPath": "$.detail"}
    assert events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule=name)["Targets"] == [target]
    assert name in events.list_rule_names_by_target(TargetArn=target["Arn"])["RuleNames"]
    events.disable_rule(Name=name)
    assert events.describe_rule(Name=name)["State"] == "DISABLED"
    with pytest.raises(ClientError, match="targets"):
        events.delete_rule(Name=name)
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)
    with pytest.raises(events.exceptions.ResourceNotFoundException):
        events.describe_rule(Name=name)


def test_put_events_reach_a_queue(aws_target: Target, fresh: Fresh) -> None:
    mine = Listener(aws_target.client, fresh("mine"), {"source": ["my.app"], "detail": {"n": [{"numeric": [">", 1]}]}})
    entries = [{"Source": "my.app", "DetailType": "T", "Detail": json.dumps({"n": n})} for n in (1, 2, 3)]
    answer = mine.events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 0
    found = mine.all(2)
    assert [event["detail"]["n"] for event in found] == [2, 3]
    assert found[0]["id"] == answer["Entries"][1]["EventId"]
    mine.events.remove_targets(Rule=mine.name, Ids=["queue"])


def test_a_pattern_that_is_none(aws_target: Target) -> None:
    with pytest.raises(ClientError) as error:
        aws_target.client("events").put_rule(Name="bad", EventPattern='{"a": "not a list"}')
    assert error.value.response["Error"]["Code"] == "InvalidEventPatternException"


@pytest.mark.parametrize(("value", "expected"), [("x", True), ("y", False)])
def test_a_pattern_is_tried(client: Callable[..., Any], value: str, expected: bool) -> None:
    texts = dict.fromkeys(("id", "account", "source", "time", "region", "detail-type"), "text")
    event = json.dumps(texts | {"resources": [], "detail": {"a": "x"}})
    pattern = json.dumps({"detail": {"a": [value]}})
    assert client("events").test_event_pattern(EventPattern=pattern, Event=event)["Result"] is expected


# what is said by name


def test_unknown_operators_and_targets_are_refused(client: Callable[..., Any], fresh: Fresh) -> None:
    events, name = client("events"), fresh("rule")
    with pytest.raises(ClientError, match="Unrecognized match type regex"):
        events.put_rule(Name=name, EventPattern='{"source": [{"regex": ".*"}]}')
    events.put_rule(Name=name, EventPattern='{"source": ["a"]}')
    for arn in (
        "arn:aws:kinesis:us-east-1:123456789012:stream/s",
        "arn:aws:states:us-east-1:123456789012:stateMachine:m",
    ):
        with pytest.raises(ClientError, match=arn.split(":")[2]) as error:
            events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])
        assert error.value.response["Error"]["Code"] == "NotImplemented"


def test_an_own_bus_hears_its_own(client: Callable[..., Any], fresh: Fresh) -> None:
    events, bus = client("events"), fresh("bus")
    events.create_event_bus(Name=bus)
    heard = Listener(client, fresh("queue"))
    events.put_rule(Name="all", EventBusName=bus, EventPattern='{"source": [{"exists": true}]}')
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "q", "Arn": heard.arn, "InputPath": "$.detail"}])
    entry = {"Source": "my.app", "DetailType": "T", "Detail": '{"to": "own"}'}
    events.put_events(Entries=[entry, entry | {"EventBusName": bus}])
    assert heard.all(1) == [{"to": "own"}]
    assert heard.all(1, wait=1) == []


# events of the machine


def test_an_approval_and_a_change_of_metadata(client: Callable[..., Any], fresh: Fresh) -> None:
    """A metadata edit tells Approved once more, and is known by what it updated."""
    sagemaker, group = client("sagemaker"), fresh("group")
    pattern = APPROVALS | {"detail": APPROVALS["detail"] | {"ModelPackageGroupName": [group]}}  # type: ignore[operator]
    heard = Listener(client, fresh("queue"), pattern)
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    arn = sagemaker.create_model_package(ModelPackageGroupName=group)["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")
    sagemaker.update_model_package(ModelPackageArn=arn, CustomerMetadataProperties={"a": "b"})
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Rejected", ApprovalDescription="no")
    found = [
        (event["detail"]["ModelApprovalStatus"], event["detail"]["UpdatedModelPackageFields"]) for event in heard.all(3)
    ]
    assert found == [
        ("Approved", ["ModelApprovalStatus"]),
        ("Approved", ["CustomerMetadataProperties"]),
        ("Rejected", ["ModelApprovalStatus", "ApprovalDescription"]),
    ]


def test_objects_tell_when_the_bucket_is_asked_to(client: Callable[..., Any], fresh: Fresh, bucket: str) -> None:
    s3 = client("s3")
    heard = Listener(client, fresh("queue"), {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    s3.put_object(Bucket=bucket, Key="unheard", Body=b"")
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="in/today.csv", Body=b"1,2\n")
    s3.delete_object(Bucket=bucket, Key="in/today.csv")
    created, deleted = heard.all(2)
    assert (created["detail-type"], created["resources"]) == ("Object Created", [f"arn:aws:s3:::{bucket}"])
    assert (created["detail"]["object"]["key"], created["detail"]["object"]["size"]) == ("in/today.csv", 4)
    assert (created["detail"]["reason"], deleted["detail-type"]) == ("PutObject", "Object Deleted")
    queue = {"QueueConfigurations": [{"QueueArn": heard.arn, "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(ClientError, match="QueueConfigurations"):
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=queue)


def test_an_execution_tells_its_life_and_starts_another(own: Home) -> None:
    """One pipeline's end starts the next one, with parameters out of the target."""
    pipelines = Pipelines(own.client("sagemaker"))
    first = pipelines.create([processing("Only", "pass")])
    second = pipelines.create([processing("Only", "pass")], [{"Name": "Day", "Type": "String"}])
    ends = {
        "detail-type": ["SageMaker Model Building Pipeline Execution Status Change"],
        "detail": {"currentPipelineExecutionStatus": ["Succeeded"], "pipelineArn": [{"suffix": f"/{first}"}]},
    }
    heard = Listener(own.client, "all", {"source": ["aws.sagemaker"]})
    starter = Listener(own.client, "ends", ends)
    target = {
        "Id": "pipeline",
        "Arn": f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/{second}",
        "RoleArn": ROLE,
        "SageMakerPipelineParameters": {"PipelineParameterList": [{"Name": "Day", "Value": "today"}]},
    }
    starter.events.put_targets(Rule="ends", Targets=[target])
    arn = pipelines.start(first)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded"
    told = [(_kind(event), *_states(event["detail"])) for event in heard.all(6)[:6]]
    assert told == [
        ("Processing Job State Change", "InProgress"),
        ("Step Status Change", None, "Executing"),
        ("Status Change", None, "Executing"),
        ("Processing Job State Change", "Completed"),
        ("Step Status Change", "Executing", "Succeeded"),
        ("Status Change", "Executing", "Succeeded"),
    ]
    until = time.monotonic() + 10
    while not (
        listed := pipelines.sagemaker.list_pipeline_executions(PipelineName=second)["PipelineExecutionSummaries"]
    ):
        assert time.monotonic() < until
        time.sleep(0.05)
    values = pipelines.sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=listed[0]["PipelineExecutionArn"]
    )
    assert (len(listed), values["PipelineParameters"]) == (1, [{"Name": "Day", "Value": "today"}])


def _kind(event: dict[str, Any]) -> str:
    return str(event["detail-type"]).replace("SageMaker ", "").replace("Model Building Pipeline Execution ", "")


def _states(detail: dict[str, Any]) -> tuple[str | None, ...]:
    if "ProcessingJobStatus" in detail:
        assert isinstance(detail["CreationTime"], int)
        return (detail["ProcessingJobStatus"],)
    kind = "Step" if "stepName" in detail else "PipelineExecution"
    word = "StepStatus" if kind == "Step" else "PipelineExecutionStatus"
    return detail.get(f"previous{word}"), detail[f"current{word}"]


# delivery


def test_what_cannot_be_delivered_is_a_dead_letter(client: Callable[..., Any], fresh: Fresh) -> None:
    dead = Listener(client, fresh("dead"))
    events, name = client("events"), fresh("rule")
    arn = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    gone = f"arn:aws:sqs:us-east-1:123456789012:{fresh('gone')}"
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": gone, "DeadLetterConfig": {"Arn": dead.arn}}])
    events.put_events(Entries=[{"Source": name, "DetailType": "T", "Detail": "{}"}])
    (message,) = dead.sqs.receive_message(QueueUrl=dead.url, WaitTimeSeconds=5, MessageAttributeNames=["All"])[
        "Messages"
    ]
    said = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["source"] == name
    assert (said["RULE_ARN"], said["TARGET_ARN"], said["ERROR_CODE"]) == (arn, gone, "QueueDoesNotExist")


# schedules


def test_schedules_by_the_clock(own: Home) -> None:
    rule = Listener(own.client, "rule", ScheduleExpression="rate(1 hour)")
    plain = Listener(own.client, "plain")
    scheduler = own.client("scheduler")
    at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 1800))
    scheduler.create_schedule(
        Name="once",
        ScheduleExpression=f"at({at})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": plain.arn, "RoleArn": ROLE, "Input": '{"at": "<aws.scheduler.scheduled-time>"}'},
    )
    assert rule.bodies(wait=1) == []
    own.clock(3601)
    (event,) = rule.all(1)
    assert (event["detail-type"], event["source"]) == ("Scheduled Event", "aws.events")
    assert plain.all(1) == [{"at": f"{at}Z"}]
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="once")
    own.clock(3600)
    assert len(rule.all(1)) == 1


@pytest.mark.parametrize(
    ("expression", "begins", "due"),
    [
        ("rate(1 hour)", None, [0, 3600, 7200]),
        ("rate(1 hour)", 600, [600, 4200, 7800]),
        ("rate(1 hour)", -600, [3000, 6600, 10200]),
        ("cron(0 * * * ? *)", None, [3540, 7140, 10740]),
    ],
    ids=["rate", "rate from a date on", "rate since a date", "cron"],
)
def test_the_first_time_of_a_schedule(expression: str, begins: float | None, due: list[float]) -> None:
    """ "Rate-based schedules", user guide of EventBridge Scheduler: first at StartDate, without it at once."""
    now = 1_800_000_060.0  # a minute after a full hour
    target = {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": ROLE}
    schedule = {"State": "ENABLED", "ScheduleExpression": expression, "CreationDate": now, "Target": target}
    schedule |= {} if begins is None else {"StartDate": now + begins}
    found = [timer.first_due(schedule)]
    for _ in due[1:]:
        found.append(timer.next_due(schedule, found[-1] or 0.0))
    assert [(moment or 0.0) - now for moment in found] == due


def test_groups_of_schedules(client: Callable[..., Any], fresh: Fresh) -> None:
    scheduler, group = client("scheduler"), fresh("group")
    scheduler.create_schedule_group(Name=group)
    target = {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": ROLE}
    given = {"FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, "GroupName": group, "State": "DISABLED"}
    arn = scheduler.create_schedule(Name="s", ScheduleExpression="rate(1 day)", **given)["ScheduleArn"]
    with pytest.raises(scheduler.exceptions.ConflictException):
        scheduler.create_schedule(Name="s", ScheduleExpression="rate(1 day)", **given)
    scheduler.update_schedule(Name="s", ScheduleExpression="cron(0 6 * * ? *)", **given)
    assert scheduler.get_schedule(Name="s", GroupName=group)["ScheduleExpression"] == "cron(0 6 * * ? *)"
    assert [item["Arn"] for item in scheduler.list_schedules(GroupName=group)["Schedules"]] == [arn]
    scheduler.delete_schedule_group(Name=group)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name="s", GroupName=group)
