"""Metrics of a model for two classes: how it ranks, how its probabilities hold, what its threshold decides."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from analysis import curves
from analysis.ranking import Ranking, dot
from contract.documents import Document

Floats = NDArray[np.float64]

BINS = 10


class Binary:
    """Test rows of a binary task.

    labels     (n,) class indices 0 and 1
    scores     (n,) probability of class 1
    threshold  class 1 from there on
    classes    the texts of both classes
    """

    section = "binary_classification_metrics"

    def __init__(self, labels: NDArray[np.generic], scores: Floats, threshold: float, classes: tuple[str, ...]) -> None:
        self.labels = np.asarray(labels, dtype=np.int64)
        self.scores = np.asarray(scores, dtype=np.float64)
        self.threshold = threshold
        self.classes = classes
        self.predicted = (self.scores >= threshold).astype(np.int64)
        self.ranking = Ranking(self.labels, self.scores)
        # Closed at the right end, so that a probability of 1 falls into the last bin.
        self.bins = np.minimum((self.scores * BINS).astype(np.int64), BINS - 1)
        clipped = np.clip(self.scores, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
        self._log_loss = -np.where(self.labels == 1, np.log(clipped), np.log1p(-clipped))
        self._gaps = self.labels - self.scores
        self._squared = self._gaps**2
        self._cells = 2 * self.labels + self.predicted

    def undefined(self) -> dict[str, str]:
        """Metric → why these rows leave it undefined."""
        reasons: dict[str, str] = {}
        positives, rows = int(self.labels.sum()), len(self.labels)
        if positives in (0, rows):
            reasons["auc"] = f"All {rows} test rows are of class {self.classes[int(positives == rows)]}."
        if not positives:
            none = f"No test row is of class {self.classes[1]}."
            reasons |= {"average_precision": none, "recall": none}
        if not self.predicted.any():
            reasons["precision"] = f"No test row is predicted as {self.classes[1]}."
        if not positives and not self.predicted.any():
            reasons["f1"] = f"No test row is of class {self.classes[1]}, and none is predicted so."
        return reasons

    def values(self) -> dict[str, float]:
        """Metric → value by scikit-learn; NaN where `undefined` has a reason."""
        undefined = self.undefined()
        table: dict[str, Callable[[], float]] = {
            "auc": lambda: sk.roc_auc_score(self.labels, self.scores),
            "average_precision": lambda: sk.average_precision_score(self.labels, self.scores),
            "log_loss": lambda: sk.log_loss(self.labels, self.scores, labels=[0, 1]),
            "brier": lambda: sk.brier_score_loss(self.labels, self.scores),
            "expected_calibration_error": lambda: self._calibration_error(np.ones(len(self.labels))),
            "accuracy": lambda: sk.accuracy_score(self.labels, self.predicted),
            "precision": lambda: sk.precision_score(self.labels, self.predicted),
            "recall": lambda: sk.recall_score(self.labels, self.predicted),
            "f1": lambda: sk.f1_score(self.labels, self.predicted),
        }
        return {name: float("nan") if name in undefined else float(metric()) for name, metric in table.items()}

    def resampled(self, weights: Floats) -> dict[str, float]:
        """The same metrics when row i counts `weights[i]` times, out of what was sorted and summed once."""
        auc, average_precision = self.ranking.both(weights)
        (tn, fp), (fn, tp) = np.bincount(self._cells, weights, minlength=4).reshape(2, 2)
        total = float(weights.sum())
        return {
            "auc": auc,
            "average_precision": average_precision,
            "log_loss": dot(weights, self._log_loss) / total,
            "brier": dot(weights, self._squared) / total,
            "expected_calibration_error": self._calibration_error(weights),
            "accuracy": float((tn + tp) / total),
            "precision": _ratio(tp, tp + fp),
            "recall": _ratio(tp, tp + fn),
            "f1": _ratio(2 * tp, 2 * tp + fp + fn),
        }

    def details(self) -> Document:
        """Confusion matrix, curves and calibration bins, JSON ready; spelled as in SageMaker's model-quality files."""
        confusion = sk.confusion_matrix(self.labels, self.predicted, labels=[0, 1])
        document: Document = {
            "confusion_matrix": {
                actual: dict(zip(self.classes, map(int, row), strict=True))
                for actual, row in zip(self.classes, confusion, strict=True)
            },
            "threshold": self.threshold,
            "calibration": {"bins": self.calibration_bins()},
        }
        undefined = self.undefined()
        if "auc" not in undefined:
            false, true = curves.roc(self.ranking)
            document["receiver_operating_characteristic_curve"] = {
                "false_positive_rates": false.tolist(),
                "true_positive_rates": true.tolist(),
            }
        if "average_precision" not in undefined:
            precision, recall = curves.precision_recall(self.ranking)
            document["precision_recall_curve"] = {"precisions": precision.tolist(), "recalls": recall.tolist()}
        return document

    def calibration_bins(self) -> list[Document]:
        """Ten bins of equal width: rows, mean score and share of class 1; the last two are None in an empty bin."""
        rows = np.bincount(self.bins, minlength=BINS)
        scores = np.bincount(self.bins, self.scores, minlength=BINS)
        positives = np.bincount(self.bins, self.labels, minlength=BINS)
        return [
            {
                "lower_bound": index / BINS,
                "upper_bound": (index + 1) / BINS,
                "count": int(count),
                "mean_score": float(scores[index] / count) if count else None,
                "positive_rate": float(positives[index] / count) if count else None,
            }
            for index, count in enumerate(rows)
        ]

    def _calibration_error(self, weights: Floats) -> float:
        """Expected calibration error: Σ rows in bin / rows × |share of class 1 - mean score| (Naeini et al., 2015)."""
        gaps = np.bincount(self.bins, weights * self._gaps, minlength=BINS)
        return float(np.abs(gaps).sum() / weights.sum())


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")
