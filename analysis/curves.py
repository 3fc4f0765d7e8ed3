"""Curves over all thresholds, thin enough for a report."""

import numpy as np
from numpy.typing import NDArray

from analysis.bootstrap import CONFIDENCE, resamples
from analysis.ranking import Ranking

Floats = NDArray[np.float64]

POINTS = 200


def roc(ranking: Ranking) -> tuple[Floats, Floats]:
    """False and true positive rates on at most 201 points, from (0, 0) to (1, 1)."""
    true, false = ranking.counts()
    kept = _thinned(len(true))
    return np.append(0.0, false[kept] / false[-1]), np.append(0.0, true[kept] / true[-1])


def precision_recall(ranking: Ranking) -> tuple[Floats, Floats]:
    """Precision and recall on at most 200 points, by falling threshold."""
    true, false = ranking.counts()
    kept = _thinned(len(true))
    return true[kept] / (true[kept] + false[kept]), true[kept] / true[-1]


def roc_band(ranking: Ranking, rows: int, count: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """False positive rates (101,), and the 95 % interval of the true positive rate at each, by the bootstrap."""
    grid = np.linspace(0.0, 1.0, 101)
    draws = []
    for weights in resamples(rows, count, seed):
        true, false = ranking.counts(weights)
        if true[-1] and false[-1]:
            draws.append(np.interp(grid, np.append(0.0, false / false[-1]), np.append(0.0, true / true[-1])))
    tail = 100 * (1 - CONFIDENCE) / 2
    lower, upper = np.percentile(draws, [tail, 100 - tail], axis=0)
    return grid, lower, upper


def _thinned(points: int) -> NDArray[np.intp]:
    """Indices of at most `POINTS` points, first and last among them."""
    return np.unique(np.linspace(0, points - 1, min(points, POINTS)).astype(np.intp))
