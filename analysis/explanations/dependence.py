"""Partial dependence: the model's mean answer when one column takes each of its values, all others as they are.

Friedman, Greedy function approximation (2001), section 8.2. The document is Clarify's `pdp`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.explanations.ensemble import Matrix
from analysis.explanations.permutation import Predict
from contract.documents import Document

#: Values at which a curve is read, and rows it is the mean of.
GRID = 12
ROWS = 1000


@dataclass(frozen=True)
class Grid:
    """The values of a column, shown as `shown` and encoded as `encoded` (values, features of the column).

    `features` are the column's places in the matrix; `share` is how the rows distribute over the values.
    """

    column: str
    kind: Literal["numerical", "categorical"]
    shown: list[Any]
    encoded: Matrix
    features: list[int]
    share: list[float]


def numeric_grid(column: str, raw: np.ndarray[Any, Any], encoded: Matrix, feature: int) -> Grid | None:
    """The grid of a numeric column at its quantiles, from `raw` (rows,) float64 and its feature (rows,).

    None when the column has no values. Where quantiles coincide, as in a column that is 0 in most rows, quantiles of
    the values that are left, each counted once, stand in for them, so that the curve is known where rows are few.
    `share` is that of the rows nearest to each value.
    """
    present = np.flatnonzero(~np.isnan(raw))
    if not len(present):
        return None
    distinct, first = np.unique(raw[present], return_index=True)
    ordered = np.sort(raw[present])
    quantiles = ordered[np.linspace(0, len(ordered) - 1, GRID).round().astype(int)]
    kept = np.searchsorted(distinct, np.unique(quantiles))
    left = np.setdiff1d(np.arange(len(distinct)), kept)
    chosen = np.sort(np.append(kept, left[_inner(len(left), GRID - len(kept))]))
    values, places = distinct[chosen], present[first[chosen]]
    middles = values[1:] / 2 + values[:-1] / 2
    share = np.bincount(np.searchsorted(middles, raw[present]), minlength=len(values)) / len(present)
    shown = [float(value) for value in values]
    return Grid(column, "numerical", shown, encoded[places][:, None], [feature], [float(each) for each in share])


def _inner(rows: int, count: int) -> NDArray[np.int64]:
    """`count` of the places 0 … rows - 1, evenly spread and away from both ends; all when there are no more."""
    if rows <= count:
        return np.arange(rows)
    return np.linspace(0, rows - 1, count + 2)[1:-1].round().astype(np.int64)


def categorical_grid(column: str, raw: np.ndarray[Any, Any], encoded: Matrix, features: list[int]) -> Grid | None:
    """The grid of a categorical column at its most frequent texts; `encoded` is (rows, features of the column)."""
    texts = np.array(["" if text is None else str(text) for text in raw])
    values, first, counts = np.unique(texts, return_index=True, return_counts=True)
    kept = [index for index in np.argsort(-counts, kind="stable") if values[index]][:GRID]
    if not kept:
        return None
    shown = [str(values[index]) for index in kept]
    return Grid(
        column, "categorical", shown, encoded[first[kept]], features, [float(counts[i] / len(raw)) for i in kept]
    )


def dependence(predict: Predict, matrix: Matrix, grid: Grid, seed: int) -> Document:
    """One entry of Clarify's `pdp`: `model_predictions` holds one list for each output of the model."""
    generator = np.random.default_rng(seed)
    rows = matrix
    if len(matrix) > ROWS:
        rows = matrix[np.sort(generator.choice(len(matrix), ROWS, replace=False))]
    mixed = np.tile(rows, (len(grid.shown), 1))
    mixed[:, grid.features] = np.repeat(grid.encoded, len(rows), axis=0)
    answers = np.asarray(predict(mixed), dtype=np.float64).reshape(len(grid.shown), len(rows), -1).mean(axis=1)
    return {
        "feature_name": grid.column,
        "data_type": grid.kind,
        "feature_values": grid.shown,
        "data_distribution": grid.share,
        "model_predictions": answers.T.tolist(),
    }


def all_dependences(predict: Predict, matrix: Matrix, grids: Mapping[str, Grid | None], seed: int) -> list[Document]:
    """The entries of the columns that have values, in their order."""
    return [dependence(predict, matrix, grid, seed) for grid in grids.values() if grid is not None]
