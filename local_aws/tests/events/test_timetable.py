"""When schedules are due; the cases of cron are AWS's own examples."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.errors import AwsError
from local_aws.events.timetable import read


def moment(text: str) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    ("expression", "now", "due"),
    [
        ("cron(0 10 * * ? *)", "2026-11-21 10:00:00", "2026-11-22 10:00:00"),
        ("cron(15 12 * * ? *)", "2026-11-21 10:00:00", "2026-11-21 12:15:00"),
        ("cron(0 18 ? * MON-FRI *)", "2026-11-21 10:00:00", "2026-11-23 18:00:00"),
        ("cron(0 8 1 * ? *)", "2026-11-21 10:00:00", "2026-12-01 08:00:00"),
        ("cron(0/15 * * * ? *)", "2026-11-21 10:00:01", "2026-11-21 10:15:00"),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-11-20 17:56:00", "2026-11-23 08:00:00"),
        ("cron(0 9 ? * 2#1 *)", "2026-11-21 10:00:00", "2026-12-07 09:00:00"),
        ("cron(0 0 L * ? *)", "2026-11-21 10:00:00", "2026-11-30 00:00:00"),
        ("cron(0 0 1W * ? *)", "2026-07-15 00:00:00", "2026-08-03 00:00:00"),
        ("cron(0 0 ? * 6L *)", "2026-11-21 10:00:00", "2026-11-27 00:00:00"),
        ("cron(0 0 29 FEB ? 2028)", "2026-11-21 10:00:00", "2028-02-29 00:00:00"),
        ("at(2026-11-21T10:00:01)", "2026-11-21 10:00:00", "2026-11-21 10:00:01"),
    ],
)
def test_due(expression: str, now: str, due: str) -> None:
    assert read(expression).after(moment(now), 0.0) == moment(due)


def test_a_zone_and_its_summer_time() -> None:
    plan = read("cron(30 8 * * ? *)", "Europe/Berlin")
    assert plan.after(moment("2026-03-28 12:00:00"), 0.0) == moment("2026-03-29 06:30:00")
    assert plan.after(moment("2026-03-27 12:00:00"), 0.0) == moment("2026-03-28 07:30:00")


def test_an_hour_that_summer_time_leaves_out_is_skipped_and_one_that_it_repeats_counts_once() -> None:
    """ "Daylight savings time on EventBridge Scheduler", user guide."""
    plan = read("cron(30 2 * * ? *)", "Europe/Berlin")
    assert plan.after(moment("2026-03-28 12:00:00"), 0.0) == moment("2026-03-30 00:30:00")
    assert plan.after(moment("2026-10-24 12:00:00"), 0.0) == moment("2026-10-25 00:30:00")
    assert plan.after(moment("2026-10-25 00:30:00"), 0.0) == moment("2026-10-26 01:30:00")


@pytest.mark.parametrize("expression", ["at(2020-01-01T00:00:00)", "cron(0 0 1 1 ? 2020)"])
def test_never_again(expression: str) -> None:
    assert read(expression).after(moment("2026-11-21 10:00:00"), 0.0) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(5)", "rate(1 minutes)", "rate(2 minute)", "rate(0 minutes)", "cron(* * * * * *)", "cron(60 * * * ? *)",
        "cron(0 0 * ? *)", "cron(0 0 ? * FOO *)", "every day", "at(tomorrow)", "rate(5 minutes",
    ],
)  # fmt: skip
def test_refused(expression: str) -> None:
    with pytest.raises(AwsError, match="ScheduleExpression"):
        read(expression)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(AwsError, match="Nowhere"):
        read("rate(1 day)", "Nowhere/Land")


@given(st.integers(1, 999), st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_rate_is_due_within_one_period(minutes: int, start: float, passed: float) -> None:
    due = read(f"rate({minutes} minute{'s' if minutes > 1 else ''})").after(start + passed, start)
    assert due is not None
    assert 0 < due - (start + passed) <= minutes * 60 + 1e-3
