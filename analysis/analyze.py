"""The whole analysis of a model on its test rows: bias and explanations, for the job and for a monitor alike.

| document | what it is |
|---|---|
| `Analysis.document` | `analysis.json` in Clarify's schema: `pre_` and `post_training_bias_metrics`, `explanations` |
| `Analysis.explanations` | `explanations_shap/out.csv`: a line for each explained row |
| `Analysis.page` | what `analysis.page` needs beside: the words on groups, single records, warnings |

Statistics and constraints of the training data are `analysis.quality`'s: they come from other rows, in batches.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.bias import report
from analysis.bias.groups import Bits, Facet, above, check, groups
from analysis.bias.report import Outcomes
from analysis.explanations.dependence import Grid, all_dependences, categorical_grid, numeric_grid
from analysis.explanations.ensemble import Matrix
from analysis.explanations.explain import Explainer, Explanation
from analysis.explanations.records import records
from analysis.fairness import SECTIONS, SOURCES
from contract.decision import Decision
from contract.documents import Document
from contract.errors import InputError

#: Rows explained when the model is no sum of trees: each costs hundreds of predictions.
MOST_SAMPLED = 200


@dataclass(frozen=True)
class Rows:
    """The test rows.

    raw      column → (rows,): float64 with NaN, or objects with None, for what is missing
    matrix   (rows, features) float32, the same rows encoded
    label    the label's column;  labels  (rows,) class indices, or values of a regression
    learned  what the bias of the data is measured on; None: on these rows
    """

    raw: Mapping[str, NDArray[Any]]
    matrix: Matrix
    label: str
    labels: NDArray[Any]
    learned: "Learned | None" = None


@dataclass(frozen=True)
class Learned:
    """The rows that the model learned from: facets and group variable of `raw`, and labels, both as of `Rows`."""

    raw: Mapping[str, NDArray[Any]]
    labels: NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """facets              whose groups are compared; none: no bias section
    favourable          texts of the favourable classes; empty: class 1 of a binary task
    favourable_above    for a regression: the value above which label and prediction are favourable
    group_variable      column of the subgroups of CDDL and CDDPL
    explain             rows to explain;  permutations  for each of them where the model is no sum of trees
    partial_dependence  columns with a curve; empty: the `curves` that move the prediction most
    """

    facets: tuple[Facet, ...] = ()
    favourable: tuple[str, ...] = ()
    favourable_above: float | None = None
    group_variable: str | None = None
    explain: int = 500
    permutations: int = 8
    partial_dependence: tuple[str, ...] = ()
    curves: int = 6
    seed: int = 42


@dataclass(frozen=True)
class Analysis:
    """What `analyze` returns; see the table above."""

    document: Document
    explanations: str
    page: Document


def analyze(rows: Rows, model: Explainer, decision: Decision, settings: Settings) -> Analysis:
    """Bias and explanations of a model on `rows`.

    Raises InputError for facets, labels and thresholds that make no sense, before the model is asked. What leaves
    nothing to compare on these rows alone, and does on those that the model learned from, is undefined instead.
    """
    learned = rows.learned
    found = groups(settings.facets, rows.raw, learned.raw if learned else None)
    for facet in settings.facets:
        check(facet, (learned or rows).raw[facet.column], "training rows" if learned else "rows")
    if found:
        favourable((learned or rows).labels, decision, settings)
    subgroups = _column(rows, settings.group_variable) if settings.group_variable else None
    document: Document = {"version": "1.0"}
    page: Document = {"bias": [], "warnings": []}
    if found:
        outcomes = Outcomes(
            rows.label, _in_words(decision, settings), rows.labels, _good(rows.labels, decision, settings),
            _good(_decided(model, rows.matrix, decision), decision, settings), subgroups, rows.matrix,
            SOURCES[SECTIONS[1]],
        )  # fmt: skip
        document |= report.sections(found, outcomes)
        if learned:
            document |= before_training(rows, learned, decision, settings)
        page["bias"] = report.words(found, outcomes)
    chosen = _chosen(len(rows.matrix), model, settings)
    explained = model.explain(rows.matrix[chosen])
    document["explanations"] = _explanations(explained, rows, model, settings)
    page |= {
        "records": list(records(explained, rows.raw, chosen)),
        "explained": len(chosen),
        "method": explained.method,
    }
    page["warnings"] = list(_warnings(page["bias"], explained))
    return Analysis(document, local_values(explained), page)


def before_training(rows: Rows, learned: Learned, decision: Decision, settings: Settings) -> Document:
    """`pre_training_bias_metrics` of the rows that the model learned from, with the groups of both."""
    name = settings.group_variable
    outcomes = Outcomes(
        rows.label, _in_words(decision, settings), learned.labels, _good(learned.labels, decision, settings),
        subgroups=None if name is None else learned.raw[name], source=SOURCES[SECTIONS[0]],
    )  # fmt: skip
    return report.sections(groups(settings.facets, learned.raw, rows.raw), outcomes)


def favourable(labels: NDArray[Any], decision: Decision, settings: Settings) -> Bits:
    """(rows,) which labels, class indices or values, are favourable. Raises InputError when that makes no sense."""
    if decision.task == "regression":
        if settings.favourable_above is None:
            raise InputError("The bias of a regression needs a threshold: the value above which it is favourable.")
        found = _good(labels, decision, settings)
        if found.all() or not found.any():
            raise InputError(f"The threshold {settings.favourable_above:g} lies outside the values of the rows.")
        return found
    values = _values(decision, settings)
    if not values or len(values) == len(decision.classes):
        raise InputError(f"Name the favourable classes, some of {', '.join(decision.classes)}, not all.")
    if unknown := [value for value in values if value not in decision.classes]:
        raise InputError(f"The favourable class {unknown[0]} is none of {', '.join(decision.classes)}.")
    return _good(labels, decision, settings)


def _good(labels: NDArray[Any], decision: Decision, settings: Settings) -> Bits:
    """`favourable` of settings that make sense: on some rows, as in what a model decides, all or none may be."""
    if settings.favourable_above is not None:
        return np.asarray(labels > settings.favourable_above)
    values = _values(decision, settings)
    return np.isin(labels.astype(int), [decision.classes.index(value) for value in values])


def _values(decision: Decision, settings: Settings) -> tuple[str, ...]:
    return settings.favourable or (decision.classes[1:] if decision.task == "binary" else ())


def local_values(found: Explanation) -> str:
    """`explanations_shap/out.csv`: a column for each output and raw column, named as Clarify names them."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(f"{name}_label{label}" for label in range(len(found.expected)) for name in found.columns)
    lines.writerows(found.values.reshape(len(found.values), -1).tolist())
    return text.getvalue()


def _decided(model: Explainer, matrix: Matrix, decision: Decision) -> NDArray[Any]:
    """The decisions, as the labels are spelled."""
    scores = np.asarray(model.predict(matrix))
    if decision.task == "binary":
        if decision.threshold is None:
            raise InputError("The decision of a binary model has no threshold: its decision.json is incomplete.")
        return np.asarray(scores >= decision.threshold, dtype=np.int64)
    return scores.argmax(axis=1) if decision.task == "multiclass" else scores


def _in_words(decision: Decision, settings: Settings) -> str:
    if decision.task == "regression":
        return "" if settings.favourable_above is None else above(settings.favourable_above)
    return ", ".join(settings.favourable or decision.classes[1:])


def _column(rows: Rows, name: str) -> NDArray[Any]:
    if name not in rows.raw:
        raise InputError(f"The group variable {name} is no column of the data; it has {', '.join(rows.raw)}.")
    return rows.raw[name]


def _chosen(rows: int, model: Explainer, settings: Settings) -> NDArray[np.int64]:
    count = min(rows, settings.explain if model.trees is not None else min(settings.explain, MOST_SAMPLED))
    return np.sort(np.random.default_rng(settings.seed).choice(rows, count, replace=False))


def _explanations(found: Explanation, rows: Rows, model: Explainer, settings: Settings) -> Document:
    means = found.global_values()
    by_weight = [found.columns[index] for index in np.argsort(-means.sum(axis=0), kind="stable")]
    wanted = settings.partial_dependence or [name for name in by_weight if name in rows.raw][: settings.curves]
    curves = all_dependences(model.predict, rows.matrix, dict(_grids(wanted, rows, model)), settings.seed)
    shap = {
        f"label{label}": {
            "global_shap_values": dict(zip(found.columns, map(float, means[label]), strict=True)),
            "expected_value": float(expected),
        }
        for label, expected in enumerate(found.expected)
    }
    return {"kernel_shap": shap, "pdp": curves, "method": found.method} | ({"note": found.note} if found.note else {})


def _grids(names: Sequence[str], rows: Rows, model: Explainer) -> Iterator[tuple[str, Grid | None]]:
    for name in names:
        if name not in rows.raw or name not in model.columns:
            raise InputError(f"The column {name} of the partial dependence is no raw feature.")
        raw, features = rows.raw[name], list(model.columns[name])
        if raw.dtype.kind == "f":
            yield name, numeric_grid(name, raw, rows.matrix[:, features[0]], features[0])
        else:
            yield name, categorical_grid(name, raw, rows.matrix[:, features], features)


def _warnings(bias: list[Document], found: Explanation) -> Iterator[str]:
    for each in bias:
        yield from each["warnings"]
    if found.note:
        yield found.note
