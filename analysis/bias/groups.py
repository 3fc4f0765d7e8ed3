"""Who is compared with whom: a facet's group against all others, by values or by a numeric threshold."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

Bits = NDArray[np.bool_]

#: Groups of a facet that names none; beyond it, the configuration must say which ones count.
MOST_GROUPS = 20


@dataclass(frozen=True)
class Facet:
    """A column whose groups are compared.

    values     groups to look at, each against all other rows; empty: every group that occurs
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
             of their own, "(missing)", in a categorical column, and with the others in a numeric one

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
        yield _checked(Group(facet.column, f"({facet.threshold:g}, +∞)", column > facet.threshold))
        return
    texts = np.array([_text(value) for value in column.tolist()])
    present = np.unique(texts).tolist()
    if unknown := [value for value in facet.values if value not in present]:
        raise InputError(f"The facet {facet.column} has no rows with {unknown[0]}; it has {', '.join(present[:10])}.")
    if not facet.values and len(present) > MOST_GROUPS:
        raise InputError(f"The facet {facet.column} has {len(present)} groups: name the values or give a threshold.")
    for value in facet.values or present:
        yield _checked(Group(facet.column, value, texts == value))


def _checked(group: Group) -> Group:
    if group.size in (0, len(group.member)):
        raise InputError(f"The facet {group.facet} leaves one group only at {group.name}: there is nothing to compare.")
    return group


def _text(value: Any) -> str:
    if value is None or value != value:
        return "(missing)"
    return f"{value:g}" if isinstance(value, float) else str(value)
