"""The rules of composite alarms."""

import pytest

from local_aws.cloudwatch.composite import compile_rule
from local_aws.errors import AwsError

STATES = {"a": "ALARM", "b": "OK", "c d": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a")', True),
        ("ALARM(b)", False),
        ('ALARM("a") AND OK("b")', True),
        ('ALARM("a") AND NOT OK("b")', False),
        ('ALARM("b") OR ALARM("a") AND ALARM("b")', False),
        ('(ALARM("b") OR ALARM("a")) AND INSUFFICIENT_DATA("c d")', True),
        ("NOT (TRUE AND FALSE)", True),
        ('ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:a")', True),
    ],
)
def test_rules(rule: str, expected: bool) -> None:
    assert compile_rule(rule).holds(STATES.__getitem__) is expected


def test_names() -> None:
    assert compile_rule('ALARM("a") AND NOT (OK(b))').names == {"a", "b"}


@pytest.mark.parametrize("rule", ["", "ALARM", "ALARM()", 'ALARM("a"', 'ALARM("a") OK("b")', "a", "AND TRUE", "TRUE)"])
def test_refused(rule: str) -> None:
    with pytest.raises(AwsError, match="AlarmRule"):
        compile_rule(rule)
