"""What the analysis will compare, held against the training rows: what cannot be compared is said before training."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.bias.groups import MOST_GROUPS, named, number, spelled
from contract import documents
from contract.columns import Columns
from contract.documents import Document
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from model_build.jobs import raw_columns
from model_build.jobs.raw_columns import Column


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
        if name in compared.facet_thresholds:
            _check_threshold(name, raw[name], compared.facet_thresholds[name])
        else:
            _check_groups(name, raw[name], compared.facet_values.get(name, ()))


def _check_classes(classes: tuple[str, ...], label: str, favourable: tuple[str, ...]) -> None:
    for value in favourable:
        if value not in classes:
            raise InputError(
                f"analysis.favourable: {value!r} is no value of the label {label!r}, which has {_listed(classes)}; "
                "name some of them."
            )
    if set(favourable) == set(classes):
        raise InputError(
            f"analysis.favourable names all values of the label {label!r}, {_listed(classes)}; leave those out that "
            "are bad for a person."
        )


def _check_labels(values: NDArray[np.float64], label: str, above: float | None) -> None:
    if above is not None and ((values > above).all() or not (values > above).any()):
        raise InputError(
            f"analysis.favourable_above = {number(above)}: the label {label!r} of the training rows reaches from "
            f"{number(values.min())} to {number(values.max())}; choose a value in between."
        )


def _check_threshold(name: str, column: Column, threshold: float) -> None:
    present = column[~np.isnan(column)]
    if not len(present):
        raise InputError(f"columns.facets: no training row has a value in {name!r}; leave it out of the facets.")
    if not (present > threshold).any() or (column > threshold).all():
        raise InputError(
            f"analysis.facet_thresholds: {name} = {number(threshold)} parts no rows, {name!r} of the training rows "
            f"reaches from {number(present.min())} to {number(present.max())}; choose a value in between."
        )


def _check_groups(name: str, column: Column, wanted: Collection[str]) -> None:
    numeric = column.dtype.kind == "f"
    groups, _ = named(column)
    known = _listed(sorted(groups))
    for value in wanted:
        if (spelled(value) if numeric else value) not in groups:
            raise InputError(
                f"analysis.facet_values: no training row has {value!r} in {name!r}, which has {known}; name groups "
                "that occur."
            )
    if len(groups) < 2:
        raise InputError(
            f"columns.facets: {name!r} has one group only among the training rows, {known or 'no value'}, so there is "
            "nothing to compare; leave it out of the facets."
        )
    if not numeric and not wanted and len(groups) > MOST_GROUPS:
        raise InputError(
            f"columns.facets: {name!r} has {len(groups)} groups among the training rows, of which at most "
            f"{MOST_GROUPS} are compared; name some in analysis.facet_values, or, of numbers, a threshold in "
            "analysis.facet_thresholds."
        )


def _listed(names: Collection[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in list(names)[:most]) + more
