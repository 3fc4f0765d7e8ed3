"""How well a score ranks positives before negatives, for many resamples of the same rows."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Ranking:
    """The rows sorted once by falling score; each question is then a cumulative sum.

    labels  (n,) 0 or 1
    scores  (n,) higher means more likely 1; equal scores form one group, as in scikit-learn
    """

    def __init__(self, labels: NDArray[np.generic], scores: Floats) -> None:
        self._order = np.argsort(-scores, kind="stable")
        self._positive = np.asarray(labels, dtype=np.float64)[self._order]
        ordered = scores[self._order]
        self._ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
        self.thresholds: Floats = ordered[self._ends]

    def counts(self, weights: Floats | None = None) -> tuple[Floats, Floats]:
        """True and false positives at each of `thresholds`, when a row from the threshold on counts as positive."""
        weight = np.ones(len(self._order)) if weights is None else weights[self._order]
        positive = weight * self._positive
        true = np.cumsum(positive)[self._ends]
        return true, np.cumsum(weight)[self._ends] - true

    def auc(self, weights: Floats | None = None) -> float:
        """The area under the ROC curve by trapezes; NaN when a class is missing."""
        return _area(*self.counts(weights))

    def average_precision(self, weights: Floats | None = None) -> float:
        """The sum of precision × gain in recall, as scikit-learn has it; NaN without positives."""
        return _average_precision(*self.counts(weights))

    def both(self, weights: Floats) -> tuple[float, float]:
        """`auc` and `average_precision` out of one pass."""
        true, false = self.counts(weights)
        return _area(true, false), _average_precision(true, false)


def dot(one: Floats, other: Floats) -> float:
    """Σ one × other. Not by BLAS, whose threads wait for each other wherever the cores have other work."""
    return float(np.einsum("i,i->", one, other))


def _area(true: Floats, false: Floats) -> float:
    if not true[-1] or not false[-1]:
        return float("nan")
    middle = true.copy()
    middle[1:] += true[:-1]
    return dot(_steps(false), middle) / float(2 * true[-1] * false[-1])


def _average_precision(true: Floats, false: Floats) -> float:
    if not true[-1]:
        return float("nan")
    # A group without rows has no gain in recall either: its denominator does not matter.
    precision = true / np.maximum(true + false, 1.0)
    return dot(_steps(true), precision) / float(true[-1])


def _steps(counts: Floats) -> Floats:
    steps = counts.copy()
    steps[1:] -= counts[:-1]
    return steps
