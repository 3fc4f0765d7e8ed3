"""Who is compared with whom: a facet's group against all others, by values or by a numeric threshold."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from contract.words import listed

Bits = NDArray[np.bool_]

#: Groups of a facet that names none; beyond it, the configuration must say which ones count.
MOST_GROUPS = 20

#: Below as many rows, a rate of the group is little more than chance: its 95 % interval is wider than ±.1.
SMALL = 100

#: The group of the rows without a value; in brackets once more where a text of the column reads like that.
MISSING = "(missing)"

#: The group above a threshold, as Clarify spells an interval.
ABOVE = re.compile(r"\(([^,]+), \+∞\)")


@dataclass(frozen=True)
class Facet:
    """A column whose groups are compared.

    values     groups to look at, each against all other rows; empty: every group that occurs. Of a numeric column
               they are compared as numbers: 1.0 is 1
    threshold  for a numeric column instead: the rows above it against the others
    """

    column: str
    values: tuple[str, ...] = ()
    threshold: float | None = None


@dataclass(frozen=True)
class Group:
    """One comparison: `member` (rows,) is True for the group itself, Clarify's disadvantaged facet d."""

    facet: str
    name: str
    member: Bits

    @property
    def size(self) -> int:
        return int(self.member.sum())

    @property
    def others(self) -> int:
        return len(self.member) - self.size

    @property
    def title(self) -> str:
        return f"{self.facet} = {self.name}"


def groups(
    facets: Sequence[Facet], columns: Mapping[str, NDArray[Any]], beside: Mapping[str, NDArray[Any]] | None = None
) -> list[Group]:
    """The comparisons of all facets. A group may have no row, or all of them; see `check`.

    columns  raw column → (rows,): float64 with NaN, or texts with None, for what is missing; such rows are a group
             of their own, "(missing)", where values are compared, and with the others at a threshold
    beside   the same columns of other rows: a group that occurs there alone is one without rows

    Raises InputError when a column is missing, or a threshold is asked of texts.
    """
    return [group for facet in facets for group in _groups(facet, columns, beside or {})]


def _groups(facet: Facet, columns: Mapping[str, NDArray[Any]], beside: Mapping[str, NDArray[Any]]) -> Iterator[Group]:
    if facet.column not in columns:
        raise InputError(f"The facet {facet.column} is no column of the data; it has {', '.join(columns)}.")
    column = columns[facet.column]
    if facet.threshold is not None:
        if column.dtype.kind != "f":
            raise InputError(f"The facet {facet.column} has a threshold and is not numeric: name its values instead.")
        yield Group(facet.column, above(facet.threshold), column > facet.threshold)
        return
    names, members = named(np.concatenate([column, beside.get(facet.column, column[:0])]))
    for name in _chosen(facet, column) or names:
        yield Group(facet.column, name, np.isin(members[: len(column)], [names[name]] if name in names else []))


def check(facet: Facet, column: NDArray[Any], rows: str = "rows") -> None:
    """Raise InputError, beginning with the configuration's key, when the rows leave nothing to compare.

    column  as in `groups`;  rows  what its rows are called
    """
    if facet.threshold is None:
        _check_values(facet, column, rows)
    else:
        _check_threshold(facet.column, column, facet.threshold, rows)


def _check_threshold(name: str, column: NDArray[Any], threshold: float, rows: str) -> None:
    present, row = column[~np.isnan(column)], rows.removesuffix("s")
    if not len(present):
        raise InputError(f"columns.facets: no {row} has a value in {name!r}; leave it out of the facets.")
    if not (present > threshold).any() or (column > threshold).all():
        raise InputError(
            f"analysis.facet_thresholds: {name} = {number(threshold)} parts no rows, {name!r} of the {rows} "
            f"reaches from {number(present.min())} to {number(present.max())}; choose a value in between."
        )


def _check_values(facet: Facet, column: NDArray[Any], rows: str) -> None:
    names, name, row = sorted(named(column)[0]), facet.column, rows.removesuffix("s")
    known = listed(names) or "no value"
    for value, spelling in zip(facet.values, _chosen(facet, column), strict=True):
        if spelling not in names:
            raise InputError(
                f"analysis.facet_values: no {row} has {value!r} in {name!r}, which has {known}; name groups that occur."
            )
    if len(names) < 2:
        raise InputError(
            f"columns.facets: {name!r} has one group only among the {rows}, {known}, so there is nothing to compare; "
            "leave it out of the facets."
        )
    if not facet.values and len(names) > MOST_GROUPS:
        raise InputError(
            f"columns.facets: {name!r} has {len(names)} groups among the {rows}, of which at most {MOST_GROUPS} are "
            "compared; name some in analysis.facet_values, or, of numbers, a threshold in analysis.facet_thresholds."
        )


def _chosen(facet: Facet, column: NDArray[Any]) -> list[str]:
    """The facet's values as the groups of the column are called."""
    return [spelled(value) if column.dtype.kind == "f" else value for value in facet.values]


def small(title: str, rows: int, others: int, source: str) -> Iterator[str]:
    """A sentence for each side of a comparison that has too few rows for its rates to tell much, or none.

    title  of the group;  source  where the rows come from
    """
    for side, count in ((title, rows), (f"The rows without {title}", others)):
        if not count:
            yield f"{side}: the {source} holds none; its rates are undefined."
        elif count < SMALL:
            yield f"{side}: {count} row{'s' if count > 1 else ''} only; its rates are little more than chance."


def named(column: NDArray[Any]) -> tuple[dict[str, int], NDArray[np.int64]]:
    """The groups of a column, as in `groups`: name → code, and (rows,) the code of each row."""
    numeric = column.dtype.kind == "f"
    absent = np.array([value is None or value != value for value in column.tolist()], dtype=bool)
    present = column[~absent] + 0.0 if numeric else np.array([str(value) for value in column[~absent]], dtype=str)
    values, codes = np.unique(present, return_inverse=True)
    names = {number(value) if numeric else value: code for code, value in enumerate(values.tolist())}
    members = np.full(len(column), -1, dtype=np.int64)
    members[~absent] = codes
    missing = MISSING
    while missing in names:
        missing = f"({missing})"
    return ({missing: -1} if absent.any() else {}) | names, members


def above(threshold: float) -> str:
    """The name of the group above a threshold."""
    return f"({number(threshold)}, +∞)"


def threshold_of(name: str) -> float | None:
    """The threshold of a group that has such a name, None of any other."""
    found = ABOVE.fullmatch(name)
    try:
        return float(found[1]) if found else None
    except ValueError:
        return None


def number(value: float) -> str:
    """The shortest text that is this number and no other; a whole one without a point, and no -0."""
    return repr(float(value) + 0.0).removesuffix(".0")


def spelled(value: str) -> str:
    """What a numeric column's group of this text is called."""
    try:
        return number(float(value))
    except ValueError:
        return value
