"""STS, IAM and CloudWatch Logs through boto3, against local_aws and against moto."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def code(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    found: str = caught.value.response["Error"]["Code"]
    return found


# STS


def test_who_am_i(aws_target: Any) -> None:
    assert aws_target.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_assumed_roles(aws_target: Any) -> None:
    sts = aws_target.client("sts")
    role = "arn:aws:iam::123456789012:role/builder"
    found = sts.assume_role(RoleArn=role, RoleSessionName="test")
    assert found["AssumedRoleUser"]["Arn"] == "arn:aws:sts::123456789012:assumed-role/builder/test"
    assert found["Credentials"]["Expiration"].timestamp() == pytest.approx(time.time() + 3600, abs=60)
    assert sts.get_session_token()["Credentials"]["SessionToken"]


# IAM


@pytest.fixture
def iam(aws_target: Any) -> Any:
    return aws_target.client("iam")


@pytest.fixture
def role(iam: Any, fresh: Callable[[str], str]) -> str:
    name = fresh("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST), Description="for tests")
    return name


def test_a_role_from_create_to_delete(iam: Any, role: str) -> None:
    found = iam.get_role(RoleName=role)["Role"]
    assert found["Arn"] == f"arn:aws:iam::123456789012:role/{role}"
    assert found["AssumeRolePolicyDocument"] == TRUST
    assert found["Description"] == "for tests"
    assert code(iam.create_role, RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST)) == "EntityAlreadyExists"
    names = [each["RoleName"] for page in iam.get_paginator("list_roles").paginate() for each in page["Roles"]]
    assert role in names
    iam.delete_role(RoleName=role)
    assert code(iam.get_role, RoleName=role) == "NoSuchEntity"
    assert code(iam.delete_role, RoleName=role) == "NoSuchEntity"


def test_pages_of_roles(iam: Any, fresh: Callable[[str], str]) -> None:
    path = f"/{fresh('path')}/"
    names = [fresh("role") for _ in range(5)]
    for name in names:
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(TRUST))
    pages = iam.get_paginator("list_roles").paginate(PathPrefix=path, PaginationConfig={"PageSize": 2})
    sizes = [[role["RoleName"] for role in page["Roles"]] for page in pages]
    assert [len(page) for page in sizes] == [2, 2, 1]
    assert sorted(itertools.chain.from_iterable(sizes)) == sorted(names)


def test_inline_policies(iam: Any, role: str) -> None:
    iam.put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=json.dumps(READ))
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["read"]
    assert iam.get_role_policy(RoleName=role, PolicyName="read")["PolicyDocument"] == READ
    assert code(iam.delete_role, RoleName=role) == "DeleteConflict"
    iam.delete_role_policy(RoleName=role, PolicyName="read")
    assert code(iam.get_role_policy, RoleName=role, PolicyName="read") == "NoSuchEntity"
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []


def test_managed_policies(iam: Any, role: str, fresh: Callable[[str], str]) -> None:
    policy = iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=json.dumps(READ))["Policy"]
    arn = policy["Arn"]
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"] == READ
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [{"PolicyName": policy["PolicyName"], "PolicyArn": arn}]
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    assert code(iam.detach_role_policy, RoleName=role, PolicyArn=arn) == "NoSuchEntity"
    iam.delete_policy(PolicyArn=arn)
    assert code(iam.get_policy, PolicyArn=arn) == "NoSuchEntity"


def test_tags_of_roles(iam: Any, role: str) -> None:
    iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    iam.tag_role(RoleName=role, Tags=[{"Key": "a", "Value": "3"}])
    iam.untag_role(RoleName=role, TagKeys=["b"])
    assert iam.list_role_tags(RoleName=role)["Tags"] == [{"Key": "a", "Value": "3"}]


def test_a_broken_policy_is_refused(iam: Any, fresh: Callable[[str], str]) -> None:
    found = code(iam.create_policy, PolicyName=fresh("policy"), PolicyDocument="no json")
    assert found == "MalformedPolicyDocument"


# logs


@pytest.fixture
def logs(aws_target: Any) -> Any:
    return aws_target.client("logs")


@pytest.fixture
def group(logs: Any, fresh: Callable[[str], str]) -> str:
    name = f"/aws/sagemaker/{fresh('group')}"
    logs.create_log_group(logGroupName=name)
    return name


def fill(logs: Any, group: str, stream: str, messages: list[str], start: int | None = None) -> int:
    """Events one millisecond apart; returns the time of the first."""
    begin = start or int(time.time() * 1000) - 10_000
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": begin + number, "message": message} for number, message in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    return begin


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_a_group_from_create_to_delete(logs: Any, group: str) -> None:
    assert code(logs.create_log_group, logGroupName=group) == "ResourceAlreadyExistsException"
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert [each["logGroupName"] for each in found] == [group]
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["retentionInDays"] == 7
    logs.delete_log_group(logGroupName=group)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    assert code(logs.describe_log_streams, logGroupName=group) == "ResourceNotFoundException"


def test_events_come_back_in_order(logs: Any, group: str) -> None:
    texts = ["first", "zweite ü", '{"third": 3}', 'tab\tand "quotes"']
    begin = fill(logs, group, "job/algo-1", texts)
    where = {"logGroupName": group, "logStreamName": "job/algo-1"}
    found = logs.get_log_events(**where, startFromHead=True)
    assert messages(found) == texts
    assert found["events"][0]["timestamp"] == begin
    assert messages(logs.get_log_events(**where, startFromHead=True, startTime=begin + 1)) == texts[1:]
    assert code(logs.get_log_events, logGroupName=group, logStreamName="other") == "ResourceNotFoundException"
    assert code(logs.create_log_stream, **where) == "ResourceAlreadyExistsException"
    logs.delete_log_stream(**where)
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []


def test_reading_on_with_tokens(logs: Any, group: str) -> None:
    texts = [f"line {number}" for number in range(7)]
    fill(logs, group, "stream", texts)
    where = {"logGroupName": group, "logStreamName": "stream", "limit": 3}
    read, token = [], None
    while True:
        page = logs.get_log_events(**where, startFromHead=True, **({"nextToken": token} if token else {}))
        if page["nextForwardToken"] == token:
            break
        read, token = read + messages(page), page["nextForwardToken"]
    assert read == texts
    last = logs.get_log_events(**where)
    assert messages(last) == texts[-3:]
    assert messages(logs.get_log_events(**where, nextToken=last["nextBackwardToken"])) == texts[1:4]


def test_filters(logs: Any, group: str) -> None:
    begin = fill(logs, group, "a", ["epoch 1 loss=0.5", "ERROR disk"])
    fill(logs, group, "b", ["epoch 2 loss=0.4"], begin + 1)
    assert messages(logs.filter_log_events(logGroupName=group)) == [
        "epoch 1 loss=0.5",
        "ERROR disk",
        "epoch 2 loss=0.4",
    ]
    assert messages(logs.filter_log_events(logGroupName=group, filterPattern="ERROR")) == ["ERROR disk"]
    assert messages(logs.filter_log_events(logGroupName=group, logStreamNames=["b"])) == ["epoch 2 loss=0.4"]


def test_streams(logs: Any, group: str) -> None:
    begin = fill(logs, group, "a", ["1", "2"])
    fill(logs, group, "b", ["1"], begin - 1000)
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [stream["logStreamName"] for stream in streams] == ["a", "b"]
    assert (streams[0]["firstEventTimestamp"], streams[0]["lastEventTimestamp"]) == (begin, begin + 1)
    newest = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
    assert [stream["logStreamName"] for stream in newest["logStreams"]] == ["a"]
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="b")["logStreams"]
    assert [stream["logStreamName"] for stream in found] == ["b"]
