"""Who is compared with whom: a facet's group against all others, by values or by a numeric threshold."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

Bits = NDArray[np.bool_]

#: Groups of a facet that names none; beyond it, the configuration must say which ones count.
MOST_GROUPS = 20

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


def groups(facets: Sequence[Facet], columns: Mapping[str, NDArray[Any]]) -> list[Group]:
    """The comparisons of all facets.

    columns  raw column → (rows,): float64 with NaN, or texts with None, for what is missing; such rows are a group
             of their own, "(missing)", where values are compared, and with the others at a threshold

    Raises InputError when a column, a value or a second group is missing.
    """
    return [group for facet in facets for group in _groups(facet, columns)]


def _groups(facet: Facet, columns: Mapping[str, NDArray[Any]]) -> Iterator[Group]:
    if facet.column not in columns:
        raise InputError(f"The facet {facet.column} is no column of the data; it has {', '.join(columns)}.")
    column = columns[facet.column]
    if facet.threshold is not None:
        if column.dtype.kind != "f":
            raise InputError(f"The facet {facet.column} has a threshold and is not numeric: name its values instead.")
        yield _checked(Group(facet.column, above(facet.threshold), column > facet.threshold))
        return
    names, members = named(column)
    chosen = [spelled(value) if column.dtype.kind == "f" else value for value in facet.values]
    if unknown := [value for value in chosen if value not in names]:
        raise InputError(
            f"The facet {facet.column} has no rows with {unknown[0]}; it has {', '.join(list(names)[:10])}."
        )
    if not chosen and len(names) > MOST_GROUPS:
        raise InputError(f"The facet {facet.column} has {len(names)} groups: name the values or give a threshold.")
    for name in chosen or names:
        yield _checked(Group(facet.column, name, members == names[name]))


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


def _checked(group: Group) -> Group:
    if group.size in (0, len(group.member)):
        raise InputError(f"The facet {group.facet} leaves one group only at {group.name}: there is nothing to compare.")
    return group


def spelled(value: str) -> str:
    """What a numeric column's group of this text is called."""
    try:
        return number(float(value))
    except ValueError:
        return value
