"""What a target gets of an event."""

import json
from typing import Any

import pytest

from local_aws.errors import AwsError
from local_aws.events import inputs

EVENT: dict[str, Any] = {
    "id": "1",
    "time": "2026-11-21T10:00:00Z",
    "detail": {"name": 'a "quoted" name', "n": 7, "list": [{"x": 1}, {"x": 2}], "obj": {"k": "v"}},
}
RULE = {"Arn": "arn:aws:events:us-east-1:123456789012:rule/r", "Name": "r"}


def payload(**target: Any) -> str:
    target = {"Id": "t", "Arn": "arn"} | target
    inputs.check(target)
    return inputs.payload(target, EVENT, RULE)


def test_the_event_itself() -> None:
    assert json.loads(payload()) == EVENT


def test_a_constant_and_a_path() -> None:
    assert payload(Input='{"a": 1}') == '{"a": 1}'
    assert json.loads(payload(InputPath="$.detail.list[1].x")) == 2
    assert json.loads(payload(InputPath="$.detail")) == EVENT["detail"]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{"name": <name>, "n": <n>, "obj": <obj>}', {"name": EVENT["detail"]["name"], "n": 7, "obj": {"k": "v"}}),
        ('{"text": "<name> has <n>"}', {"text": 'a "quoted" name has 7'}),
        ('"<n> by <aws.events.rule-name>"', "7 by r"),
        ('{"all": <aws.events.event.json>}', {"all": EVENT}),
    ],
)
def test_a_template(template: str, expected: Any) -> None:
    paths = {"name": "$.detail.name", "n": "$.detail.n", "obj": "$.detail.obj"}
    text = payload(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    assert json.loads(text) == expected


@pytest.mark.parametrize(
    "target",
    [
        {"Input": "not JSON"},
        {"Input": "{}", "InputPath": "$"},
        {"InputPath": "detail.name"},
        {"InputTransformer": {"InputTemplate": "<unknown>"}},
        {"InputTransformer": {"InputPathsMap": {"a": "$..b"}, "InputTemplate": "<a>"}},
    ],
)
def test_what_is_refused(target: dict[str, Any]) -> None:
    with pytest.raises(AwsError):
        payload(**target)
