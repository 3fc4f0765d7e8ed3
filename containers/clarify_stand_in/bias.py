"""Bias before and after training, out of a dataset and the model's decisions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from clarify_stand_in.dataset import Columns, one  # type: ignore[import-not-found]  # beside it at run time
from numpy.typing import NDArray

from analysis.bias import report
from analysis.bias.groups import Facet, groups, number
from analysis.bias.report import Outcomes
from contract.documents import Document
from contract.errors import InputError

Config = Mapping[str, Any]

#: A number of more values than these is compared at a threshold.
BINARY = 2

SECTIONS = {"pre_training_bias": "pre_training_bias_metrics", "post_training_bias": "post_training_bias_metrics"}


def analyze(config: Config, columns: Columns, predicted: NDArray[Any] | None) -> Document:
    """The sections that `methods` asks for; `predicted` (rows,) are the model's decisions, None without a model.

    Raises InputError for facets and labels that make no sense.
    """
    labels = one(columns, config.get("label"), "label")
    good = config.get("label_values_or_threshold")
    if not good:
        raise InputError("label_values_or_threshold is missing: it says which label is the favourable one.")
    variable = config.get("group_variable")
    numbers = [column for name, column in columns.items() if name != config["label"] and column.dtype.kind == "f"]
    outcomes = Outcomes(
        str(config["label"]),
        ", ".join(map(str, good)),
        labels.astype(str) if labels.dtype.kind != "f" else labels,
        favourable(labels, good),
        None if predicted is None else favourable(predicted, good),
        None if variable is None else one(columns, variable, "group variable").astype(str),
        np.column_stack(numbers) if numbers else None,
    )
    facets = [_facet(each, columns) for each in config.get("facet", [])]
    found = report.sections(groups(facets, columns), outcomes)
    asked = {SECTIONS[name]: method["methods"] for name, method in config["methods"].items() if name in SECTIONS}
    return {name: _only(found[name], wanted) for name, wanted in asked.items()}


def favourable(values: NDArray[Any], good: list[Any]) -> NDArray[np.bool_]:
    """(rows,) whether each value is among the good ones, or above the one that is a threshold."""
    if values.dtype.kind == "f":
        if len(good) == 1 and len(np.unique(values[~np.isnan(values)])) > BINARY:
            return np.asarray(values > float(good[0]))
        return np.isin(values, [float(value) for value in good])
    return np.isin(values.astype(str), [str(value) for value in good])


def _facet(asked: Config, columns: Columns) -> Facet:
    name, values = asked["name_or_index"], asked.get("value_or_threshold") or []
    column = one(columns, name, "facet")
    name = name if isinstance(name, str) else list(columns)[name]
    if column.dtype.kind == "f" and len(values) == 1 and len(np.unique(column[~np.isnan(column)])) > BINARY:
        return Facet(name, threshold=float(values[0]))
    return Facet(name, tuple(number(value) if isinstance(value, float) else str(value) for value in values))


def _only(section: Document, wanted: Any) -> Document:
    """The section with the metrics that were asked for."""
    if wanted == "all":
        return section
    facets = {
        facet: [
            {**group, "metrics": [metric for metric in group["metrics"] if metric["name"] in wanted]}
            for group in of_facet
        ]
        for facet, of_facet in section["facets"].items()
    }
    return {**section, "facets": facets}
