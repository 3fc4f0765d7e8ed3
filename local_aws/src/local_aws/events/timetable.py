"""When a schedule is due: rate(…), cron(…) and at(…).

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import calendar
import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_aws.errors import AwsError

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}


@dataclass(frozen=True)
class Rate:
    """Every `seconds` from `start` on."""

    seconds: float

    def after(self, now: float, start: float) -> float | None:
        """The first moment behind `now`, in seconds since 1970; None when there is none any more."""
        return start + max(int((now - start) // self.seconds) + 1, 0) * self.seconds


@dataclass(frozen=True)
class Once:
    moment: float

    def after(self, now: float, start: float) -> float | None:  # noqa: ARG002  the siblings need it
        return self.moment if self.moment > now else None


@dataclass(frozen=True)
class Cron:
    """Six fields: minutes, hours, day of the month, month, day of the week (1 is Sunday), year."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]
    zone: ZoneInfo

    def after(self, now: float, start: float) -> float | None:  # noqa: ARG002  the siblings need it
        local = datetime.datetime.fromtimestamp(now, self.zone)
        for day in self._days(local.date()):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    wall = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
                    moment = wall.timestamp()
                    if moment > now and datetime.datetime.fromtimestamp(moment, self.zone) == wall:
                        return moment
        return None

    def _days(self, first: datetime.date) -> Iterator[datetime.date]:
        for year in range(first.year, 2200):
            for month in sorted(self.months) if year in self.years else ():
                for day in sorted(self._days_of(year, month)):
                    if (found := datetime.date(year, month, day)) >= first:
                        yield found

    def _days_of(self, year: int, month: int) -> set[int]:
        last = calendar.monthrange(year, month)[1]
        if self.day_of_week != "?":
            return _week_days(self.day_of_week, year, month, last)
        return _month_days(self.day_of_month, year, month, last)


Timetable = Rate | Once | Cron


def _weekday(year: int, month: int, day: int) -> int:
    """1 is Sunday."""
    return (datetime.date(year, month, day).weekday() + 1) % 7 + 1


def _month_days(text: str, year: int, month: int, last: int) -> set[int]:
    if text == "L":
        return {last}
    if text.endswith("W"):  # the working day nearest to it within the month
        day = last if text == "LW" else min(int(text[:-1]), last)
        shift = {1: 1, 7: -1}.get(_weekday(year, month, day), 0)
        if not 1 <= day + shift <= last:
            shift = -2 if shift > 0 else 2
        return {day + shift}
    return {day for day in _numbers(text, 1, 31) if day <= last}


def _week_days(text: str, year: int, month: int, last: int) -> set[int]:
    if "#" in text:
        wanted, _, nth = text.partition("#")
        day = next(iter(_numbers(wanted, 1, 7, _DAYS)))
        found = [number for number in range(1, last + 1) if _weekday(year, month, number) == day]
        return set(found[int(nth) - 1 : int(nth)])
    if text.endswith("L") and text != "L":
        day = next(iter(_numbers(text[:-1], 1, 7, _DAYS)))
        return {max(number for number in range(1, last + 1) if _weekday(year, month, number) == day)}
    wanted_days = {7} if text == "L" else _numbers(text, 1, 7, _DAYS)
    return {number for number in range(1, last + 1) if _weekday(year, month, number) in wanted_days}


def _numbers(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """`*`, `1,15`, `8-17`, `MON-FRI`, `0/15`. Raises ValueError."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, names)
            end = _number(last, names) if last else (high if step else begin)
        if not low <= begin <= high or not low <= end <= high or (step and int(step) < 1):
            raise ValueError(part)
        days = range(begin, end + 1) if begin <= end else [*range(begin, high + 1), *range(low, end + 1)]
        found.update(list(days)[:: int(step or 1)])
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    return (names or {}).get(text.upper()) or int(text)


@cache
def read(expression: str, zone: str = "UTC") -> Timetable:
    """The timetable of a schedule expression. Raises AwsError "ValidationException"."""
    try:
        kind, _, inner = expression.removesuffix(")").partition("(")
        if kind not in _KINDS or not expression.endswith(")"):
            raise ValueError(expression)
        return _KINDS[kind](inner, ZoneInfo(zone))
    except (ValueError, StopIteration, IndexError):
        raise AwsError("ValidationException", f"Parameter ScheduleExpression is not valid: {expression}.") from None
    except ZoneInfoNotFoundError:
        raise AwsError("ValidationException", f"The time zone {zone} is not known.") from None


def _rate(inner: str, _: ZoneInfo) -> Rate:
    found = re.fullmatch(r"([1-9]\d*) (minute|hour|day)(s?)", inner)
    if not found or (found[1] == "1") == bool(found[3]):
        raise ValueError(inner)
    return Rate(int(found[1]) * _SECONDS[found[2]])


def _at(inner: str, zone: ZoneInfo) -> Once:
    return Once(datetime.datetime.strptime(inner, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone).timestamp())


def _cron(inner: str, zone: ZoneInfo) -> Cron:
    minutes, hours, day_of_month, months, day_of_week, years = inner.split()
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("One of day-of-month and day-of-week must be ?.")
    cron = Cron(
        _numbers(minutes, 0, 59),
        _numbers(hours, 0, 23),
        day_of_month.upper(),
        _numbers(months, 1, 12, _MONTHS),
        day_of_week.upper(),
        _numbers(years, 1970, 2199),
        zone,
    )
    cron._days_of(2024, 1)  # refuses fields of days that cannot be read
    return cron


_KINDS: Mapping[str, Callable[[str, ZoneInfo], Timetable]] = {"rate": _rate, "at": _at, "cron": _cron}
