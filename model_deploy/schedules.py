"""Schedule expressions and time zones as EventBridge Scheduler and Application Auto Scaling read them.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

_RATE = re.compile(r"rate\(([1-9]\d{0,8}) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]*)\)")
_PART = re.compile(r"(?:(\*)|([A-Z]+|\d+)(?:-([A-Z]+|\d+))?)(?:/(\d+))?")


@dataclass(frozen=True)
class Field:
    """One of the six fields of cron; `special` matches what only a field of days may be."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str = "(?!)"

    def faults(self, text: str) -> Iterator[str]:
        if re.fullmatch(self.special, text):
            return
        for part in text.split(","):
            found = _PART.fullmatch(part)
            if not found:
                yield f"{part!r} is no {self.name}"
                continue
            for number in filter(None, (found[2], found[3])):
                if not self._holds(number):
                    yield f"{number} is no {self.name}; {self.low} to {self.high} are"
            if found[4] and not 1 <= int(found[4]) <= max(1, self.high - self.low):
                yield f"/{found[4]} is no step of the {self.name}"

    def _holds(self, text: str) -> bool:
        return self.low <= int(text) <= self.high if text.isdigit() else text in self.names


#: 15W: the working day nearest to the 15th; L: the last one. 2#1: the first Monday; 6L: the last Friday.
FIELDS = (
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day of the month", 1, 31, special=r"\?|L|LW|([1-9]|[12]\d|3[01])W"),
    Field("month", 1, 12, MONTHS),
    Field("day of the week", 1, 7, DAYS, special=rf"\?|L|([1-7]|{'|'.join(DAYS)})(L|#[1-5])"),
    Field("year", 1970, 2199),
)
OF_MONTH, OF_WEEK = 2, 4


def expression(text: str) -> str:
    """`cron(…)` or `rate(…)` as it is. Raises ValueError with AWS's reason."""
    if found := _RATE.fullmatch(text):
        if (found[1] == "1") == bool(found[3]):
            raise ValueError(f"rate takes {found[2]} for 1 and {found[2]}s for more")
        return text
    if not (found := _CRON.fullmatch(text)):
        raise ValueError("a schedule is cron(minutes hours day-of-month month day-of-week year) or rate(6 hours)")
    fields = found[1].upper().split(" ")
    if len(fields) != len(FIELDS):
        raise ValueError(
            f"cron has {len(fields)} fields, it needs 6: minutes hours day-of-month month day-of-week year"
        )
    if (fields[OF_MONTH] == "?") == (fields[OF_WEEK] == "?"):
        raise ValueError("one of day-of-month and day-of-week must be ?, and not both")
    if faults := [fault for field, given in zip(FIELDS, fields, strict=True) for fault in field.faults(given)]:
        raise ValueError("; ".join(faults))
    return text


def zone(text: str) -> str:
    """The name of a time zone as it is. Raises ValueError when the IANA database does not have it.

    A machine without that database leaves the question to AWS.
    """
    if not re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_+\-0-9]+)*", text) or text.startswith(("posix", "right/")):
        raise ValueError("a time zone is called as Europe/Berlin or UTC")
    if not _known(text) and _known("UTC"):
        raise ValueError("the IANA database has no such time zone")
    return text


def _known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        return False
    return True
