"""Whether the sides of a split are what was asked for, and where they are not, why and what would mend it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from contract.words import listed
from preprocessing.settings import Settings
from preprocessing.split import POOLED, SIDES

#: (sides, classes) int64; a regression counts as one class.
RowCounts = npt.NDArray[np.int64]

#: A share is told when it misses the one asked for by more than this part of it, and by more than so many standard
#: deviations of as many independent draws.
PART, DEVIATIONS = 1 / 3, 3

_ROWS = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a side, in words without an end; the rows that it is said of, by class; whether it is refused.

    `classes` is (POOLED,) for all rows.
    """

    words: str
    rows: int
    classes: tuple[str, ...] = (POOLED,)
    refused: bool = False

    def sentence(self, settings: Settings, repeats: Counter[str]) -> str:
        """With cause and mending. `repeats`: class, or POOLED for all → rows that repeat an earlier one."""
        return f"{self.words}: {_mending(settings, self.rows, sum(repeats[text] for text in self.classes))}."


def faults(rows: RowCounts, settings: Settings, classes: tuple[str, ...]) -> list[Fault]:
    """What is wrong with the sides, what is refused first. Of more than two classes rare ones may be absent."""
    found = [*_empty(rows, settings), *_absent(rows, settings, classes), *_shifted(rows, settings, classes)]
    return sorted(found, key=lambda fault: not fault.refused)


def _asked(settings: Settings) -> Iterator[tuple[int, str, float]]:
    for index, side in enumerate(SIDES):
        if (share := getattr(settings.split, side)) > 0:
            yield index, side, share


def _empty(rows: RowCounts, settings: Settings) -> Iterator[Fault]:
    total = int(rows.sum())
    for index, side, _ in _asked(settings):
        if not rows[index].any():
            yield Fault(f"The split leaves no rows for {side} out of {total:,}", total, refused=True)


def _absent(rows: RowCounts, settings: Settings, classes: tuple[str, ...]) -> Iterator[Fault]:
    for index, side, _ in _asked(settings):
        absent = [code for code in range(len(classes)) if not rows[index, code]]
        if absent and rows[index].any():
            count, texts = int(rows[:, absent].sum()), tuple(classes[code] for code in absent)
            named = f"{'the label' if len(texts) == 1 else 'any of the labels'} {listed(texts)}"
            words = f"No {_ROWS[side]} row has {named} ({count:,} rows have it)"
            yield Fault(words, count, texts, refused=side == "train" or len(classes) == 2)


def _shifted(rows: RowCounts, settings: Settings, classes: tuple[str, ...]) -> Iterator[Fault]:
    """A side of another share than asked; of a stratified split, else, a class with another share of it."""
    by_class = settings.split.by == "stratified" and not settings.split.key and len(classes) > 1
    for index, side, share in _asked(settings):
        found, total = int(rows[index].sum()), int(rows.sum())
        if not found:
            continue
        if _is_off(found, total, share):
            yield Fault(f"The split gives {side} {found:,} of {total:,} rows, {_off(found, total, share)}", total)
            continue
        for code, text in enumerate(classes if by_class else ()):
            part, whole = int(rows[index, code]), int(rows[:, code].sum())
            if part and _is_off(part, whole, share):
                words = f"The split gives {side} {part:,} of {whole:,} rows with the label {text!r}"
                yield Fault(f"{words}, {_off(part, whole, share)}", whole, (text,))


def _is_off(found: int, total: int, share: float) -> bool:
    chance = DEVIATIONS * sqrt(total * share * (1 - share))
    return abs(found - share * total) > max(PART * share * total, chance)


def _off(found: int, total: int, share: float) -> str:
    return f"{100 * found / total:.2g} % where {100 * share:.3g} % was asked"


def _mending(settings: Settings, rows: int, repeats: int) -> str:
    """Cause and mending, as far as they are known; of so many `rows`, `repeats` repeat an earlier one."""
    split = settings.split
    if split.by == "time":
        return (
            f"the oldest rows train, and rows of the same {settings.columns.event_time!r} keep together; other shares, "
            "more rows or a stratified split would mend it"
        )
    if split.key:
        return (
            f"all rows of the same {listed(split.key)} keep together; another split.seed, other shares or more rows "
            "would mend it"
        )
    if repeats and rows - repeats < len(list(_asked(settings))):
        return (
            f"identical rows keep together, and these are copies of {rows - repeats}; more rows that differ, or a "
            "split.key that tells them apart, would mend it"
        )
    if repeats:
        return (
            f"identical rows keep together, and {repeats:,} of these rows repeat an earlier one; [preprocess] "
            "deduplicate = true, another split.seed or a split.key that tells them apart would mend it"
        )
    if split.by == "stratified":
        return "other shares or more rows would mend it"
    return "a stratified split, another split.seed, other shares or more rows would mend it"
