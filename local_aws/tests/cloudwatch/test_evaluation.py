"""AWS's page on missing data, its tables and what it says of premature alarms: X breaches, 0 does not, - is missing."""

import pytest

from local_aws.cloudwatch.evaluation import ALARM, INSUFFICIENT, OK, state

MODES = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("points", "enough", "expected"),
    [
        ("0-X-X", 3, (OK, OK, OK, OK)),
        ("0----", 3, (OK, OK, OK, OK)),
        ("-----", 3, (INSUFFICIENT, None, ALARM, OK)),
        ("0XX-X", 3, (ALARM, ALARM, ALARM, ALARM)),
        ("--X--", 3, (ALARM, None, ALARM, OK)),
        ("---X-", 3, (None, None, ALARM, OK)),
        ("----X", 3, (None, None, ALARM, OK)),
        ("---XX", 3, (None, None, ALARM, OK)),
        ("--X-X", 3, (ALARM, None, ALARM, OK)),
        ("0-X-X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("00X0X", 2, (ALARM, ALARM, ALARM, ALARM)),
        ("0-X--", 2, (OK, OK, ALARM, OK)),
        ("----0", 2, (OK, OK, ALARM, OK)),
        ("---X-", 2, (ALARM, None, ALARM, OK)),
        ("----X", 2, (None, None, ALARM, OK)),
    ],
)
def test_as_the_documentation_has_it(points: str, enough: int, expected: tuple[str | None, ...]) -> None:
    breaching = [{"X": True, "0": False, "-": None}[point] for point in points]
    assert tuple(state(breaching, 3, enough, mode) for mode in MODES) == expected
