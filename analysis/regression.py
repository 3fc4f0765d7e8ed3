"""Metrics of a model for a number."""

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from analysis.ranking import dot
from contract.documents import Document

Floats = NDArray[np.float64]


class Regression:
    """Test rows of a regression.

    labels  (n,) values in the unit of the label
    scores  (n,) predictions in the same unit
    """

    section = "regression_metrics"

    def __init__(self, labels: NDArray[np.generic], scores: Floats) -> None:
        self.labels = np.asarray(labels, dtype=np.float64)
        self.scores = np.asarray(scores, dtype=np.float64)
        self.residuals = self.labels - self.scores
        self._squared = self.residuals**2
        self._absolute = np.abs(self.residuals)
        self._order = np.argsort(self._absolute, kind="stable")
        # Centred, so that the variance of a resample is no difference of two large sums.
        self._centred = self.labels - self.labels.mean()
        self._centred_squared = self._centred**2

    def undefined(self) -> dict[str, str]:
        """Metric → why these rows leave it undefined."""
        if np.ptp(self.labels) == 0:
            return {"r2": f"All {len(self.labels)} test rows have the label {self.labels[0]:g}."}
        return {}

    def values(self) -> dict[str, float]:
        """Metric → value by scikit-learn; NaN where `undefined` has a reason."""
        undefined = self.undefined()
        table = {
            "r2": sk.r2_score,
            "mse": sk.mean_squared_error,
            "rmse": sk.root_mean_squared_error,
            "mae": sk.mean_absolute_error,
            "median_absolute_error": sk.median_absolute_error,
        }
        return {
            name: float("nan") if name in undefined else float(metric(self.labels, self.scores))
            for name, metric in table.items()
        }

    def resampled(self, weights: Floats) -> dict[str, float]:
        """The same metrics when row i counts `weights[i]` times."""
        total = float(weights.sum())
        mse = dot(weights, self._squared) / total
        variance = dot(weights, self._centred_squared) / total - (dot(weights, self._centred) / total) ** 2
        return {
            "r2": 1 - mse / variance if variance > 0 else float("nan"),
            "mse": mse,
            "rmse": mse**0.5,
            "mae": dot(weights, self._absolute) / total,
            "median_absolute_error": self._median(weights),
        }

    def details(self) -> Document:
        """Quantiles of the residuals (label minus prediction), JSON ready."""
        shares = (0.05, 0.25, 0.5, 0.75, 0.95)
        return {
            "residual_quantiles": {
                f"{share:g}": float(value)
                for share, value in zip(shares, np.quantile(self.residuals, shares), strict=True)
            }
        }

    def _median(self, weights: Floats) -> float:
        ranks = np.cumsum(weights[self._order])
        middle = np.searchsorted(ranks, [(ranks[-1] - 1) // 2, ranks[-1] // 2], side="right")
        return float(self._absolute[self._order[middle]].mean())
