"""Rules, schedules, queues and alarms in stacks: made, changed in place, replaced, gone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from test_cloudformation import change, make, resources, until

Client = Callable[..., Any]
Template = dict[str, Any]

ACCOUNT = "123456789012"


def resource(kind: str, **properties: Any) -> Template:
    return {"Type": kind, "Properties": properties}


def outputs(stack: Any) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}


def remove(cloud: Any, stack: Any) -> None:
    cloud.delete_stack(StackName=stack["StackId"])
    until(cloud, stack["StackId"], "DELETE_COMPLETE")


def test_a_queue_with_its_policy(client: Client, fresh: Client) -> None:
    cloud, sqs, name = client("cloudformation"), client("sqs"), fresh("queue")
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    queue = resource(
        "AWS::SQS::Queue",
        QueueName=name,
        MessageRetentionPeriod=120,
        VisibilityTimeout=7,
        RedrivePolicy={"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 2},
        Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    )
    template: Template = {
        "Resources": {
            "Queue": queue,
            "Dead": resource("AWS::SQS::Queue"),
            "Policy": resource(
                "AWS::SQS::QueuePolicy", Queues=[{"Ref": "Queue"}, {"Ref": "Dead"}],
                PolicyDocument={"Version": "2012-10-17", "Statement": [statement]},
            ),
        },
        "Outputs": {
            "Url": {"Value": {"Ref": "Queue"}},
            "Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}},
            "Name": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}},
        },
    }  # fmt: skip
    stack = make(cloud, name, template)
    found = outputs(stack)
    url, dead = found["Url"], resources(cloud, name)["Dead"]["PhysicalResourceId"]
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert (found["Arn"], found["Name"]) == (f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}", name)

    def held(where: str = url) -> Any:
        return sqs.get_queue_attributes(QueueUrl=where, AttributeNames=["All"])["Attributes"]

    assert held()["MessageRetentionPeriod"] == "120"
    assert json.loads(held()["RedrivePolicy"])["deadLetterTargetArn"] == held(dead)["QueueArn"]
    assert json.loads(held(dead)["Policy"])["Statement"] == [statement]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "1", "b": "2"}

    del queue["Properties"]["MessageRetentionPeriod"]
    queue["Properties"] |= {"VisibilityTimeout": 9, "Tags": [{"Key": "b", "Value": "3"}]}
    template["Resources"]["Policy"]["Properties"]["Queues"] = [{"Ref": "Queue"}]
    sqs.send_message(QueueUrl=url, MessageBody="stays")
    change(cloud, name, template)
    assert (held()["MessageRetentionPeriod"], held()["VisibilityTimeout"]) == ("345600", "9")
    assert held()["ApproximateNumberOfMessages"] == "1", "a queue that changes keeps its messages"
    assert "Policy" not in held(dead)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "3"}

    queue["Properties"]["QueueName"] = f"{name}-2"
    change(cloud, name, template)
    assert json.loads(held(f"{url}-2")["Policy"])["Statement"] == [statement], "the policy follows its queue"
    with pytest.raises(ClientError, match="does not exist"):
        held(url)
    remove(cloud, stack)
    assert not sqs.list_queues(QueueNamePrefix=name).get("QueueUrls")


def test_a_rule_with_targets(client: Client, fresh: Client) -> None:
    cloud, events, sqs, name = client("cloudformation"), client("events"), client("sqs"), fresh("rule")
    target = {"Id": "one", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    rule = resource(
        "AWS::Events::Rule",
        Name=name,
        EventPattern={"source": [name]},
        Targets=[target, target | {"Id": "two", "InputPath": "$.detail"}],
        Tags=[{"Key": "a", "Value": "1"}],
    )
    template: Template = {
        "Resources": {"Queue": resource("AWS::SQS::Queue", QueueName=name), "Rule": rule},
        "Outputs": {"Ref": {"Value": {"Ref": "Rule"}}, "Arn": {"Value": {"Fn::GetAtt": ["Rule", "Arn"]}}},
    }
    stack = make(cloud, name, template, Tags=[{"Key": "stage", "Value": "test"}])
    arn = f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{name}"
    assert outputs(stack) == {"Ref": name, "Arn": arn}
    tags = {tag["Key"]: tag["Value"] for tag in events.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    assert {"a": "1", "stage": "test", "aws:cloudformation:logical-id": "Rule"}.items() <= tags.items()

    def received(count: int) -> list[str]:
        events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": '{"n": 1}'}])
        bodies: list[str] = []
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        while len(bodies) < count:
            (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    assert {"n": 1} in [json.loads(body) for body in received(2)]

    rule["Properties"] |= {"Targets": [target | {"Id": "two", "Input": '"hello"'}], "Description": "said", "Tags": []}
    change(cloud, name, template)
    assert received(1) == ['"hello"']
    assert events.describe_rule(Name=name)["Description"] == "said"
    keys = {tag["Key"] for tag in events.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    assert "stage" in keys
    assert "a" not in keys

    rule["Properties"]["State"] = "DISABLED"
    change(cloud, name, template)
    assert events.describe_rule(Name=name)["State"] == "DISABLED"
    rule["Properties"] |= {"Name": f"{name}-2", "State": "ENABLED"}
    change(cloud, name, template)
    assert events.describe_rule(Name=f"{name}-2")["State"] == "ENABLED"
    with pytest.raises(ClientError, match="does not exist"):
        events.describe_rule(Name=name)
    remove(cloud, stack)
    assert not events.list_rules(NamePrefix=name)["Rules"]


def test_a_rule_that_is_there_is_not_taken_over(client: Client, fresh: Client) -> None:
    cloud, events, name = client("cloudformation"), client("events"), fresh("taken")
    events.put_rule(Name=name, EventPattern='{"source": ["mine"]}')
    body = json.dumps({"Resources": {"Rule": resource("AWS::Events::Rule", Name=name, EventPattern={"source": ["x"]})}})
    cloud.create_stack(StackName=name, TemplateBody=body)
    until(cloud, name, "ROLLBACK_COMPLETE")
    assert json.loads(events.describe_rule(Name=name)["EventPattern"]) == {"source": ["mine"]}


def test_a_rule_on_another_bus(client: Client, fresh: Client) -> None:
    cloud, events, name = client("cloudformation"), client("events"), fresh("bus")
    events.create_event_bus(Name=name)
    rule = resource("AWS::Events::Rule", EventBusName=name, EventPattern={"source": ["x"]})
    stack = make(cloud, name, {"Resources": {"Rule": rule}})
    identity = resources(cloud, name)["Rule"]["PhysicalResourceId"]
    assert identity.startswith(f"{name}|")
    assert len(events.list_rules(EventBusName=name)["Rules"]) == 1
    remove(cloud, stack)
    assert not events.list_rules(EventBusName=name)["Rules"]


def test_a_schedule(client: Client, fresh: Client) -> None:
    cloud, scheduler, name = client("cloudformation"), client("scheduler"), fresh("schedule")
    schedule = resource(
        "AWS::Scheduler::Schedule",
        Name=name,
        ScheduleExpression="cron(0 6 * * ? *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        EndDate="2099-01-01T00:00:00Z",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/x"},
    )
    template: Template = {
        "Resources": {"Queue": resource("AWS::SQS::Queue"), "Schedule": schedule},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Schedule", "Arn"]}}},
    }
    stack = make(cloud, name, template)
    found = scheduler.get_schedule(Name=name)
    assert outputs(stack)["Arn"] == found["Arn"]
    assert (found["ScheduleExpressionTimezone"], found["EndDate"].year) == ("Europe/Berlin", 2099)

    schedule["Properties"] |= {"ScheduleExpression": "rate(2 hours)", "State": "DISABLED"}
    del schedule["Properties"]["ScheduleExpressionTimezone"]
    change(cloud, name, template)
    changed = scheduler.get_schedule(Name=name)
    assert (changed["ScheduleExpression"], changed["State"]) == ("rate(2 hours)", "DISABLED")
    assert changed["ScheduleExpressionTimezone"] == "UTC"
    assert changed["CreationDate"] == found["CreationDate"], "changed in place"

    schedule["Properties"]["Name"] = f"{name}-2"
    change(cloud, name, template)
    assert [one["Name"] for one in scheduler.list_schedules(NamePrefix=name)["Schedules"]] == [f"{name}-2"]
    remove(cloud, stack)
    assert not scheduler.list_schedules(NamePrefix=name)["Schedules"]


def test_alarms_and_what_they_make_up(client: Client, fresh: Client) -> None:
    cloud, watch, name = client("cloudformation"), client("cloudwatch"), fresh("alarm")
    alarm = resource(
        "AWS::CloudWatch::Alarm",
        AlarmName=name,
        AlarmDescription="too many",
        Namespace="test",
        MetricName="Errors",
        Dimensions=[{"Name": "QueueName", "Value": name}],
        Statistic="Sum",
        Period="60",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Threshold=1,
        TreatMissingData="notBreaching",
        AlarmActions=[{"Ref": "Topic"}],
        Tags=[{"Key": "a", "Value": "1"}],
    )
    composite = resource(
        "AWS::CloudWatch::CompositeAlarm",
        AlarmName=f"{name}-all",
        AlarmRule={"Fn::Sub": 'ALARM("${Alarm}")'},
    )
    template: Template = {
        "Resources": {"Topic": resource("AWS::SNS::Topic"), "All": composite, "Alarm": alarm},
        "Outputs": {
            key: {"Value": {"Fn::GetAtt": [key, "Arn"]}} for key in ("Alarm", "All")
        },
    }  # fmt: skip
    stack = make(cloud, name, template)

    def held(which: str, kind: str = "MetricAlarm") -> Any:
        (found,) = watch.describe_alarms(AlarmNames=[which], AlarmTypes=[kind])[f"{kind}s"]
        return found

    arn = held(name)["AlarmArn"]
    assert outputs(stack) == {"Alarm": arn, "All": held(f"{name}-all", "CompositeAlarm")["AlarmArn"]}
    assert (held(name)["Threshold"], held(name)["Period"]) == (1.0, 60)
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="said so")
    assert held(f"{name}-all", "CompositeAlarm")["StateValue"] == "ALARM"

    alarm["Properties"] |= {"Threshold": 5, "Tags": [{"Key": "b", "Value": "2"}]}
    composite["Properties"]["AlarmRule"] = {"Fn::Sub": 'NOT ALARM("${Alarm}")'}
    change(cloud, name, template)
    assert held(name)["Threshold"] == 5
    assert held(f"{name}-all", "CompositeAlarm")["AlarmRule"].startswith("NOT")
    tags = {tag["Key"]: tag["Value"] for tag in watch.list_tags_for_resource(ResourceARN=arn)["Tags"]}
    assert tags["b"] == "2"
    assert "a" not in tags

    alarm["Properties"]["AlarmName"] = f"{name}-2"
    change(cloud, name, template)
    names = {one["AlarmName"] for one in watch.describe_alarms(AlarmNamePrefix=name)["MetricAlarms"]}
    assert names == {f"{name}-2"}
    assert f"{name}-2" in held(f"{name}-all", "CompositeAlarm")["AlarmRule"]
    remove(cloud, stack)
    left = watch.describe_alarms(AlarmNamePrefix=name, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert not [*left["MetricAlarms"], *left["CompositeAlarms"]]


@pytest.mark.parametrize(
    ("kind", "properties", "what"),
    [
        ("AWS::SQS::Queue", {"FifoQueue": True}, "FifoQueue"),
        ("AWS::CloudWatch::Alarm", {"Metrics": [], "EvaluationPeriods": 1}, "Metrics"),
        ("AWS::CloudWatch::CompositeAlarm", {"AlarmRule": "TRUE", "ActionsSuppressor": "x"}, "ActionsSuppressor"),
    ],
)
def test_what_is_not_honoured_is_refused_by_name(
    client: Client, fresh: Client, kind: str, properties: Template, what: str
) -> None:
    body = json.dumps({"Resources": {"One": resource(kind, **properties)}})
    with pytest.raises(ClientError, match=what):
        client("cloudformation").create_stack(StackName=fresh("refused"), TemplateBody=body)
