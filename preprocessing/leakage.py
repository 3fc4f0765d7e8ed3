"""Warnings about training rows: columns that give the label away, identifiers, and columns that say nothing."""

from collections.abc import Mapping

import numpy as np

from contract.columns import Columns
from preprocessing.clean import Floats

#: A single column that reaches so much alone hardly was known before the label was.
SUSPICIOUS = 0.99
_BINS = 256
_FEWEST_ROWS = 100


def warnings_of(columns: Mapping[str, Floats], label: Floats, roles: Columns) -> list[str]:
    """One sentence for each suspicion. Columns are float64 (categories as codes, NaN missing), the label likewise."""
    numeric = {*roles.numeric, *roles.derived_numeric}
    found = []
    for name, values in columns.items():
        distinct = len(np.unique(values[~np.isnan(values)]))
        if distinct == 0:
            found.append(f"The column {name!r} is empty in all training rows; drop it.")
        elif distinct == 1 and not np.isnan(values).any():
            found.append(f"The column {name!r} has one value only in the training rows; drop it.")
        elif len(values) >= _FEWEST_ROWS and distinct > 0.95 * len(values) and _counts_things(values, name in numeric):
            found.append(f"The column {name!r} has another value in nearly every row, like an identifier; drop it.")
        elif len(values) >= _FEWEST_ROWS:
            measure, power = single_column_power(values, label, roles.task == "regression", name in numeric)
            if power >= SUSPICIOUS:
                found.append(
                    f"The column {name!r} alone predicts the label ({measure} {power:.3f}); "
                    "if it is not known before the label is, drop it."
                )
    return found


def single_column_power(values: Floats, label: Floats, regression: bool, numeric: bool) -> tuple[str, float]:
    """The best AUC over the classes (one against the rest), or R², that the column reaches alone.

    The label is predicted by its mean in the column's group: a category, or one of the quantile bins. The means come
    from half of the rows and the measure from the other half, so that many groups do not look like knowledge. A numeric
    column also counts by its order, or by its correlation.
    """
    groups = _groups(values) if numeric else np.nan_to_num(values, nan=-1.0).astype(np.int64) + 1
    learn = np.arange(len(label)) % 2 == 0
    known = ~learn & ~np.isnan(values) if numeric else np.zeros(len(label), dtype=bool)
    if regression:
        return "R²", max(_r2(_means(groups, label, learn)[~learn], label[~learn]), _linear(values[known], label[known]))
    powers = [0.5]
    for hit in (label == index for index in np.unique(label)):
        by_order = _auc(values[known], hit[known]) if known.mean() > 0.25 else 0.5
        powers += [_auc(_means(groups, hit, learn)[~learn], hit[~learn]), by_order, 1 - by_order]
    return "AUC", max(powers)


def _r2(expected: Floats, label: Floats) -> float:
    spread = float(np.square(label - label.mean()).sum())
    return 1 - float(np.square(label - expected).sum()) / spread if spread else 0.0


def _linear(values: Floats, label: Floats) -> float:
    """The R² of a straight line, 0 where it is not defined or too few rows have a value."""
    if len(values) < _FEWEST_ROWS // 2 or not np.ptp(values) or not np.ptp(label):
        return 0.0
    return float(np.corrcoef(values, label)[0, 1] ** 2)


def _counts_things(values: Floats, numeric: bool) -> bool:
    return not numeric or bool(np.all(values[~np.isnan(values)] % 1 == 0))


def _groups(values: Floats) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    present = values[~np.isnan(values)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, _BINS + 1)[1:-1]))
    return np.where(np.isnan(values), 0, np.searchsorted(edges, values, side="right") + 1).astype(np.int64)


def _means(groups: "np.ndarray[tuple[int], np.dtype[np.int64]]", label: Floats, learn: Floats) -> Floats:
    size = int(groups.max()) + 1
    sums = np.bincount(groups[learn], weights=label[learn].astype(np.float64), minlength=size)
    counts = np.bincount(groups[learn], minlength=size)
    overall = float(label[learn].mean())
    return np.where(counts > 0, sums / np.maximum(counts, 1), overall)[groups]


def _auc(scores: Floats, hits: Floats) -> float:
    """The area under the ROC curve by mid-ranks; .5 when a class is absent."""
    positives = int(hits.sum())
    negatives = len(hits) - positives
    if not positives or not negatives:
        return 0.5
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[hits].sum() - positives * (positives + 1) / 2) / (positives * negatives))
