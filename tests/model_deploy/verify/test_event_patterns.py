"""The pattern language of EventBridge, as far as the rules use it. Cases of its user guide."""

from typing import Any

import pytest

from model_deploy.verify.event_patterns import faults, matches

EVENT = {"source": "aws.s3", "detail": {"object": {"key": "in/today.csv"}, "states": ["a", "b"], "size": 7}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.s3"]}, True),
        ({"source": ["aws.S3"]}, False),
        ({"source": ["aws.s3", "aws.ec2"], "detail": {"size": [7]}}, True),
        ({"detail": {"states": ["b", "c"]}}, True),
        ({"detail": {"object": {"key": [{"prefix": "in/"}]}}}, True),
        ({"detail": {"object": {"key": [{"prefix": "out/"}]}}}, False),
        ({"detail": {"object": {"key": [{"suffix": ".csv"}]}}}, True),
        ({"detail": {"object": {"key": [{"anything-but": ["in/today.csv"]}]}}}, False),
        ({"detail": {"object": {"key": [{"anything-but": "else"}]}}}, True),
        ({"detail": {"object": {"etag": [{"exists": False}]}}}, True),
        ({"detail": {"object": {"etag": ["1"]}}}, False),
        ({"detail": {"size": [{"anything-but": 8}]}}, True),
        ({"detail": {"object": {"etag": [{"anything-but": "1"}]}}}, False),
        ({"detail": {"object": {"key": [{"wildcard": "in/*.csv"}]}}}, True),
        ({"detail": {"object": {"key": [{"wildcard": "in/*.tsv"}]}}}, False),
        ({"detail": {"object": {"key": [{"wildcard": "in.today.csv"}]}}}, False),
        ({"detail": {"size": [{"numeric": [">", 0, "<=", 7]}]}}, True),
        ({"detail": {"size": [{"numeric": ["<", 7]}]}}, False),
        ({"source": [{"numeric": ["=", 7]}]}, False),
        ({"source": [{"equals-ignore-case": "AWS.S3"}]}, True),
    ],
)
def test_matching(pattern: dict[str, Any], expected: bool) -> None:
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": "aws.s3"},
        {"source": []},
        {"source": [{"startswith": "aws"}]},
        {"detail": {"a": [["b"]]}},
        {"detail": {"size": [{"numeric": [">"]}]}},
        {"detail": {"size": [{"numeric": ["over", 7]}]}},
    ],
)
def test_patterns_that_aws_refuses(pattern: dict[str, Any]) -> None:
    assert list(faults(pattern))
    assert not matches(pattern, EVENT)
