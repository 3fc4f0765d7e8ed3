"""What the rooms inside the server rely on, and what moto does not know."""

import pytest

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws
from local_aws.services import iam, logs, sns
from local_aws.services.log_patterns import matcher


def read(aws: Aws, stream: str = "stream") -> list[str]:
    found = logs.get_log_events(aws, {"logGroupName": "group", "logStreamName": stream, "startFromHead": True})
    assert isinstance(found, dict)
    return [event["message"] for event in found["events"]]


def test_appending_makes_what_is_missing_and_costs_no_commit(aws: Aws) -> None:
    before = aws.store.commits
    logs.append(aws, "group", "stream", ["one", "two"])
    logs.append(aws, "group", "stream", ["three"])
    assert read(aws) == ["one", "two", "three"]
    assert aws.store.commits == before


def test_half_a_line_of_a_killed_server_is_left_out(aws: Aws) -> None:
    logs.append(aws, "group", "stream", ["one"])
    path = next((aws.home / "logs").glob("*/*.jsonl"))
    with path.open("a") as file:
        file.write('[1, 2, "cut o')
    assert read(aws) == ["one"]
    logs.append(aws, "group", "stream", ["two"])
    assert read(aws) == ["one", "two"]


def test_names_longer_than_file_names(aws: Aws) -> None:
    names = ["s" * 400 + end for end in "ab"]
    for name in names:
        logs.append(aws, "group", name, [name[-1]])
    assert [read(aws, name) for name in names] == [["a"], ["b"]]


def test_events_out_of_order_are_refused(aws: Aws) -> None:
    logs.append(aws, "group", "stream", [])
    events = [{"timestamp": 2, "message": "b"}, {"timestamp": 1, "message": "a"}]
    with pytest.raises(AwsError, match="chronological"):
        logs.put_log_events(aws, {"logGroupName": "group", "logStreamName": "stream", "logEvents": events})


@pytest.mark.parametrize("days", [0, 10, 366])
def test_days_that_no_log_can_be_kept(aws: Aws, days: int) -> None:
    logs.append(aws, "group", "stream", ["one"])
    with pytest.raises(AwsError, match="1, 3, 5, 7, 14") as caught:
        logs.put_retention_policy(aws, {"logGroupName": "group", "retentionInDays": days})
    assert caught.value.code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("message", "subject", "said"),
    [
        ("x" * (1 << 18), "x" * 99, ""),
        ("é" * (1 << 17), None, ""),
        ("x" * ((1 << 18) + 1), None, "Message too long"),
        ("é" * ((1 << 17) + 1), None, "Message too long"),
        ("x", "x" * 100, "Subject"),
        ("x", "two\nlines", "Subject"),
    ],
    ids=["longest", "longest in bytes", "a byte more", "a character more", "subject too long", "subject of two lines"],
)
def test_what_a_topic_takes(aws: Aws, message: str, subject: str | None, said: str) -> None:
    """API_Publish of SNS: 256 KiB, and a subject of one line with less than 100 characters."""
    topic = sns.create_topic(aws, {"Name": "topic"})
    assert topic
    request = {"TopicArn": topic["TopicArn"], "Message": message, "Subject": subject}
    if not said:
        assert sns.publish(aws, request)
        return
    with pytest.raises(AwsError, match=said) as caught:
        sns.publish(aws, request)
    assert caught.value.code == "InvalidParameter"


def test_the_end_of_a_span_is_not_in_it(aws: Aws) -> None:
    logs.append(aws, "group", "stream", [])
    where = {"logGroupName": "group", "logStreamName": "stream"}
    events = [{"timestamp": number, "message": str(number)} for number in range(5)]
    logs.put_log_events(aws, where | {"logEvents": events})
    found = logs.get_log_events(aws, where | {"startTime": 1, "endTime": 3})
    assert isinstance(found, dict)
    assert [event["message"] for event in found["events"]] == ["1", "2"]


def test_filtering_the_streams_that_begin_alike(aws: Aws) -> None:
    for stream in ("job-1/algo-1", "job-1/algo-2", "job-2/algo-1"):
        logs.append(aws, "group", stream, [stream])
    found = logs.filter_log_events(aws, {"logGroupName": "group", "logStreamNamePrefix": "job-1/"})
    assert isinstance(found, dict)
    assert [event["message"] for event in found["events"]] == ["job-1/algo-1", "job-1/algo-2"]


def test_a_policy_that_a_role_has_stays(aws: Aws) -> None:
    iam.create_role(aws, {"RoleName": "role", "AssumeRolePolicyDocument": "{}"})
    policy = iam.create_policy(aws, {"PolicyName": "read", "PolicyDocument": "{}"})
    assert isinstance(policy, dict)
    arn = policy["Policy"]["Arn"]
    iam.attach_role_policy(aws, {"RoleName": "role", "PolicyArn": arn})
    with pytest.raises(AwsError, match="attached"):
        iam.delete_policy(aws, {"PolicyArn": arn})


@pytest.mark.parametrize(
    ("pattern", "message", "found"),
    [
        ("", "anything", True),
        ("error", "an error", True),
        ("error", "an ERROR", False),
        ("error disk", "disk error", True),
        ("error -disk", "disk error", False),
        ('"no space left"', "OSError: no space left on device", True),
        ('"no space left"', "no left space", False),
        ("?error ?fail", "it will fail", True),
        ("?error ?fail", "it works", False),
        (r'"a \"b\""', 'a "b"', True),
    ],
)
def test_patterns(pattern: str, message: str, found: bool) -> None:
    assert matcher(pattern)(message) is found


@pytest.mark.parametrize("pattern", ["{ $.loss > 1 }", "[ip, user]", "%[0-9]+%"])
def test_patterns_that_are_not_supported_are_refused_by_name(pattern: str) -> None:
    with pytest.raises(NotSupported, match="filter pattern"):
        matcher(pattern)
