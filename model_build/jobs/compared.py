"""What the analysis will compare, held against the training rows: what cannot be compared is said before training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from analysis.bias.groups import MOST_GROUPS, Facet, number
from analysis.bias.groups import check as comparable
from contract import documents
from contract.columns import Columns
from contract.documents import Document
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from contract.words import listed
from model_build.jobs import raw_columns
from model_build.jobs.raw_columns import Column

#: A numeric facet of no more values is compared by them (0 and 1), any other at a threshold.
FEW = 5


@dataclass(frozen=True)
class Compared:
    """`compared.json`: keys of [analysis]."""

    favourable: tuple[str, ...] = ()
    favourable_above: float | None = None
    facet_thresholds: Mapping[str, float] = field(default_factory=dict)
    facet_values: Mapping[str, list[str]] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: Document) -> "Compared":
        """Raises InputError on unknown keys."""
        members = {key: tuple(value) if isinstance(value, list) else value for key, value in document.items()}
        return documents.into(cls, members, "The settings of what is compared")


def parted(columns: Columns, thresholds: Collection[str]) -> Columns:
    """The columns with the dropped ones that are parted at a threshold as numbers."""
    moved = tuple(name for name in columns.drop if name in thresholds)
    left = tuple(name for name in columns.drop if name not in moved)
    return replace(columns, numeric=columns.numeric + moved, drop=left)


def of_groups(columns: Columns, names: Collection[str]) -> Columns:
    """The description of what Fit leaves in groups/, which has the columns `names` and no others."""
    return replace(
        columns,
        numeric=tuple(name for name in columns.numeric if name in names),
        categorical=tuple(name for name in columns.categorical if name in names),
        drop=tuple(name for name in columns.drop if name in names),
        event_time=columns.event_time if columns.event_time in names else None,
    )


def facet_of(
    name: str,
    column: Column,
    thresholds: Mapping[str, float],
    values: Mapping[str, Collection[str]],
    cuts: Mapping[str, float | None] = MappingProxyType({}),
) -> Facet:
    """The facet as configured. A numeric one of which nothing is said is parted as in `cuts`, by value at None, so that
    a version is held against the same groups of the one before; else by its values when they are few, else at its
    median."""
    if name in values:
        return Facet(name, tuple(values[name]))
    if name in thresholds:
        return Facet(name, threshold=float(thresholds[name]))
    if column.dtype.kind != "f":
        return Facet(name)
    present = column[~np.isnan(column)]
    different = np.unique(present)
    earlier = cuts.get(name)
    if earlier is not None and (present > earlier).any() and not (present > earlier).all():
        return Facet(name, threshold=earlier)
    few = MOST_GROUPS if name in cuts and earlier is None else FEW
    return Facet(name, threshold=None if len(different) <= few else middle(present))


def middle(present: Column) -> float:
    """The value of the median row; the one below it when no row lies above, so that there are two groups."""
    median = np.quantile(present, 0.5, method="lower")
    return float(median if (present > median).any() else present[present < median].max())


def check(groups: Path, preprocessor: Preprocessor, names: Collection[str], compared: Compared) -> None:
    """Raise InputError for facets and labels of which the training rows in `groups` leave nothing to compare.

    names  the columns that are there
    """
    columns, classes = parted(preprocessor.columns, compared.facet_thresholds), preprocessor.classes
    raw = raw_columns.read(groups, of_groups(columns, names), [columns.label, *columns.facets])
    if columns.task == "regression":
        _check_labels(raw[columns.label].astype(np.float64), columns.label, compared.favourable_above)
    else:
        _check_classes(classes, columns.label, compared.favourable)
    for name in columns.facets:
        facet = facet_of(name, raw[name], compared.facet_thresholds, compared.facet_values)
        comparable(facet, raw[name], "training rows")


def _check_classes(classes: tuple[str, ...], label: str, favourable: tuple[str, ...]) -> None:
    for value in favourable:
        if value not in classes:
            raise InputError(
                f"analysis.favourable: {value!r} is no value of the label {label!r}, which has {listed(classes)}; "
                "name some of them."
            )
    if set(favourable) == set(classes):
        raise InputError(
            f"analysis.favourable names all values of the label {label!r}, {listed(classes)}; leave those out that "
            "are bad for a person."
        )


def _check_labels(values: NDArray[np.float64], label: str, above: float | None) -> None:
    if above is not None and ((values > above).all() or not (values > above).any()):
        raise InputError(
            f"analysis.favourable_above = {number(above)}: the label {label!r} of the training rows reaches from "
            f"{number(values.min())} to {number(values.max())}; choose a value in between."
        )
