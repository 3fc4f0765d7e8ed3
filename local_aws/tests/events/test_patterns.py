"""The pattern language: what passes, what does not, what is refused; and moto's matcher as a second judge."""

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.events.models import EventPattern

from local_aws.errors import AwsError
from local_aws.events.patterns import compile_pattern

EVENT: dict[str, Any] = {
    "source": "aws.sagemaker",
    "resources": ["arn:aws:sagemaker:us-east-1:123456789012:pipeline/credit"],
    "detail": {
        "status": "Approved",
        "version": 7,
        "flag": True,
        "nothing": None,
        "ip": "10.0.0.17",
        "key": "deployments/credit/in/today.CSV",
        "fields": ["ModelApprovalStatus", "ApprovalDescription"],
        "parts": [{"name": "a", "size": 1}, {"name": "b", "size": 9}],
    },
}

CASES = [
    ({"source": ["aws.sagemaker"]}, True),
    ({"source": ["aws.s3", "aws.sagemaker"], "detail": {"version": [7]}}, True),
    ({"source": ["aws.s3"]}, False),
    ({"detail": {"status": [{"anything-but": ["PendingManualApproval"]}]}}, True),
    ({"detail": {"status": [{"anything-but": "Approved"}]}}, False),
    ({"detail": {"absent": [{"anything-but": "Approved"}]}}, False),
    ({"detail": {"status": [{"anything-but": {"prefix": "App"}}]}}, False),
    ({"detail": {"status": [{"anything-but": {"suffix": ["x", "ed"]}}]}}, False),
    ({"detail": {"status": [{"anything-but": {"equals-ignore-case": "REJECTED"}}]}}, True),
    ({"detail": {"key": [{"anything-but": {"wildcard": "*/in/*"}}]}}, False),
    ({"detail": {"version": [{"anything-but": [1, 7]}]}}, False),
    ({"detail": {"key": [{"prefix": "deployments/"}]}}, True),
    ({"detail": {"key": [{"prefix": {"equals-ignore-case": "DEPLOYMENTS/"}}]}}, True),
    ({"detail": {"key": [{"suffix": ".csv"}]}}, False),
    ({"detail": {"key": [{"suffix": {"equals-ignore-case": ".csv"}}]}}, True),
    ({"detail": {"key": [{"wildcard": "deployments/*/in/*"}]}}, True),
    ({"detail": {"key": [{"wildcard": "in/*"}]}}, False),
    ({"detail": {"key": [{"wildcard": "deployments/\\*"}]}}, False),
    ({"detail": {"status": [{"equals-ignore-case": "APPROVED"}]}}, True),
    ({"detail": {"version": [{"numeric": [">", 6, "<=", 7]}]}}, True),
    ({"detail": {"version": [{"numeric": ["=", 7.0]}]}}, True),
    ({"detail": {"version": [{"numeric": ["<", 7]}]}}, False),
    ({"detail": {"flag": [{"numeric": ["=", 1]}]}}, False),
    ({"detail": {"flag": [True]}}, True),
    ({"detail": {"flag": [1]}}, False),
    ({"detail": {"version": ["7"]}}, False),
    ({"detail": {"nothing": [None]}}, True),
    ({"detail": {"nothing": [{"exists": True}]}}, True),
    ({"detail": {"status": [{"exists": True}]}}, True),
    ({"detail": {"status": [{"exists": False}]}}, False),
    ({"detail": {"absent": [{"exists": False}]}}, True),
    ({"nowhere": {"absent": [{"exists": False}]}}, True),
    ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
    ({"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}}, False),
    ({"detail": {"fields": ["ModelApprovalStatus"]}}, True),
    ({"detail": {"fields": ["ModelLifeCycle"]}}, False),
    ({"detail": {"parts": {"name": ["b"], "size": [9]}}}, True),
    ({"detail": {"parts": {"name": ["a"], "size": [9]}}}, False),
    ({"$or": [{"source": ["aws.s3"]}, {"detail": {"version": [{"numeric": [">", 6]}]}}]}, True),
    ({"source": ["aws.sagemaker"], "$or": [{"a": [1]}, {"b": [1]}]}, False),
    ({"detail": {"$or": [{"status": ["Approved"]}, {"status": ["Rejected"]}]}}, True),
]


@pytest.mark.parametrize(("pattern", "expected"), CASES)
def test_what_passes(pattern: dict[str, Any], expected: bool) -> None:
    assert compile_pattern(json.dumps(pattern))(EVENT) is expected


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("{", "JSON"),
        ("{}", "at least one field"),
        ("[]", "JSON object"),
        ('{"a": "b"}', "must be an object or an array"),
        ('{"a": []}', "empty arrays"),
        ('{"a": {}}', "empty objects"),
        ('{"a": [{"regex": "x"}]}', "Unrecognized match type regex"),
        ('{"a": [{"prefix": "x", "suffix": "y"}]}', "one operator"),
        ('{"a": [{"prefix": 3}]}', "needs a string"),
        ('{"a": [{"numeric": [">"]}]}', "one or two comparisons"),
        ('{"a": [{"numeric": ["!", 3]}]}', "Unrecognized numeric range operator"),
        ('{"a": [{"numeric": [">", "3"]}]}', "numbers only"),
        ('{"a": [{"numeric": [">", 1, ">", 3]}]}', "lower and an upper"),
        ('{"a": [{"exists": "yes"}]}', "true or false"),
        ('{"a": [{"cidr": "nowhere"}]}', "address range"),
        ('{"a": [{"wildcard": "a**b"}]}', "consecutive"),
        ('{"a": [{"anything-but": {"numeric": [">", 1]}}]}', "anything-but"),
        ('{"a": [{"anything-but": []}]}', "empty"),
        ('{"a": [["b"]]}', "arrays within arrays"),
        ('{"$or": [{"a": ["b"]}]}', "at least two"),
    ],
)
def test_what_is_refused(pattern: str, reason: str) -> None:
    with pytest.raises(AwsError, match="Event pattern is not valid") as error:
        compile_pattern(pattern)
    assert error.value.code == "InvalidEventPatternException"
    assert reason in error.value.message


_TEXT = st.text(string.ascii_lowercase[:3], min_size=1, max_size=3)
_SCALAR = _TEXT | st.integers(-2, 2)
_RULE = (
    _SCALAR
    | st.builds(lambda text: {"prefix": text}, _TEXT)
    | st.builds(lambda text: {"anything-but": [text]}, _TEXT)
    | st.builds(lambda low: {"numeric": [">=", low]}, st.integers(-2, 2))
    | st.builds(lambda there: {"exists": there}, st.booleans())
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(_TEXT, st.lists(_RULE, min_size=1, max_size=3), min_size=1, max_size=3),
    st.dictionaries(_TEXT, _SCALAR, max_size=4),
)
def test_as_moto(rules: dict[str, Any], detail: dict[str, Any]) -> None:
    text, event = json.dumps({"detail": rules}), {"detail": detail}
    assert compile_pattern(text)(event) == EventPattern.load(text).matches_event(event)
