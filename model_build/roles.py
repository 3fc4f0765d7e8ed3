"""What a column of unknown data is good for: its role, and the reason in a few words."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contract.columns import Task
from contract.errors import InputError
from preprocessing.values import parse_number

Role = Literal["numeric", "categorical", "drop"]

#: A text column with more values than these, or with fewer than two rows a value, is free text or an identifier.
MOST_CATEGORIES = 1000
LEAST_ROWS_A_CATEGORY = 2

#: A numeric label with more values than these is a regression.
MOST_CLASSES = 10

#: A column called an identifier is one from so many values on, also when they repeat (the customer of an order).
MOST_NAMED = 100

#: Fewer rows than these say nothing about what is unique.
FEW_ROWS = 20

#: What says yes.
POSITIVES = ("1", "true", "yes", "y", "t")

_IDENTIFIER = re.compile(r"(?i:(^|[^a-z])(id|uuid|guid|key|index|row_?number))$|(?<=[a-z])I[Dd]$")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?")


@dataclass(frozen=True)
class Column:
    """A column's role, with what the reader should know about it."""

    name: str
    role: Role
    why: str


def column(name: str, values: Sequence[str | None]) -> Column:
    """The role of a column by its values, None where missing."""
    present = [value for value in values if value is not None]
    counts = Counter(present)
    gaps = 1 - len(present) / len(values) if values else 1.0
    note = f", {gaps:.1%} missing" if gaps else ""
    if not counts:
        return Column(name, "drop", "no value at all")
    if len(counts) == 1 and not gaps:
        return Column(name, "drop", f"always {next(iter(counts))!r}")
    if (numbers := _numbers(counts)) is not None:
        if _counts_rows(name, numbers, len(present)):
            return Column(name, "drop", f"an identifier: {len(counts)} different whole numbers in {len(present)} rows")
        return Column(name, "numeric", f"{min(numbers):g} to {max(numbers):g}{note}")
    if all(map(_is_date, list(counts)[:1000])):
        return Column(name, "drop", "a date; named with --time it orders the rows of a split by time")
    if len(counts) == len(present) >= FEW_ROWS:
        return Column(name, "drop", "an identifier: a different text in every row")
    if len(counts) > MOST_CATEGORIES or len(counts) * LEAST_ROWS_A_CATEGORY > max(len(present), FEW_ROWS):
        return Column(name, "drop", f"free text: {len(counts)} different values in {len(present)} rows")
    most, count = counts.most_common(1)[0]
    return Column(name, "categorical", f"{len(counts)} values, {most!r} in {count / len(present):.0%}{note}")


def task(name: str, values: Sequence[str | None]) -> Task:
    """The task that a label asks for. Raises InputError when there is nothing to tell apart."""
    counts = Counter(value for value in values if value is not None)
    if len(counts) < 2:
        only = f"only the value {next(iter(counts))!r}" if counts else "no value"
        raise InputError(f"The label {name!r} has {only}, so there is nothing to predict; name another with --label.")
    if len(counts) == 2:
        return "binary"
    if _numbers(counts) is not None and len(counts) > MOST_CLASSES:
        return "regression"
    if len(counts) > MOST_CATEGORIES:
        raise InputError(f"The label {name!r} has {len(counts)} different texts, too many classes; name another.")
    return "multiclass"


def positive(name: str, values: Sequence[str | None], given: str | None) -> str:
    """The value of a binary label that is class 1: the given one, else the one that says yes, else the rarer one.

    Raises InputError when the label does not have the given one.
    """
    counts = Counter(value for value in values if value is not None)
    if given is not None:
        if given.strip() not in counts:
            raise InputError(
                f"The label {name!r} has no value {given!r}; it has {', '.join(map(repr, sorted(counts)))}."
            )
        return given.strip()
    affirmative = [value for value in counts if value.lower() in POSITIVES]
    # Of 1 and 2, 1 says nothing.
    if len(affirmative) == 1 and set(counts) != {"1", "2"}:
        return affirmative[0]
    return min(counts, key=lambda value: (counts[value], value))


def _numbers(counts: Counter[str]) -> list[float] | None:
    """The values as numbers, None when one is none."""
    try:
        return [parse_number(value) for value in counts]
    except ValueError:
        return None


def _counts_rows(name: str, numbers: list[float], rows: int) -> bool:
    """Whether distinct whole numbers name things: they are many and called so, or count the rows without a gap."""
    if len(numbers) < FEW_ROWS or not all(number.is_integer() for number in numbers):
        return False
    if _IDENTIFIER.search(name):
        return len(numbers) == rows or len(numbers) > MOST_NAMED
    return len(numbers) == rows == max(numbers) - min(numbers) + 1


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return "/" in value or "." in value or "-" in value
    return True
