"""Metrics of a model for three classes or more."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from analysis.ranking import Ranking, dot
from contract.documents import Document

Floats = NDArray[np.float64]


class Multiclass:
    """Test rows of a multi-class task.

    labels   (n,) class indices
    scores   (n, classes) probabilities by class
    classes  the texts of the classes, by index
    """

    section = "multiclass_classification_metrics"

    def __init__(self, labels: NDArray[np.generic], scores: Floats, classes: tuple[str, ...]) -> None:
        self.labels = np.asarray(labels, dtype=np.int64)
        self.scores = np.asarray(scores, dtype=np.float64)
        # float32 probabilities sum to 1 within 1e-7 only; scikit-learn asks for more.
        self.scores /= self.scores.sum(axis=1, keepdims=True)
        self.classes = classes
        self.predicted = self.scores.argmax(axis=1)
        self.rankings = [Ranking(self.labels == index, self.scores[:, index]) for index in range(len(classes))]
        own = self.scores[np.arange(len(self.labels)), self.labels]
        self._log_loss = -np.log(np.clip(own, np.finfo(np.float64).eps, 1.0))
        self._cells = len(classes) * self.labels + self.predicted

    def undefined(self) -> dict[str, str]:
        """Metric → why these rows leave it undefined."""
        absent = [name for index, name in enumerate(self.classes) if not (self.labels == index).any()]
        if absent:
            return {"macro_auc": f"No test row is of class {', '.join(absent)}."}
        return {}

    def values(self) -> dict[str, float]:
        """Metric → value by scikit-learn; NaN where `undefined` has a reason.

        The macro mean of F1 is over the classes that occur among labels or predictions, as scikit-learn has it.
        """
        undefined = self.undefined()
        indices = list(range(len(self.classes)))
        table: dict[str, Callable[[], float]] = {
            "macro_auc": lambda: float(np.mean([ranking.auc() for ranking in self.rankings])),
            "accuracy": lambda: sk.accuracy_score(self.labels, self.predicted),
            "macro_f1": lambda: sk.f1_score(self.labels, self.predicted, average="macro", zero_division=0.0),
            "weighted_f1": lambda: sk.f1_score(self.labels, self.predicted, average="weighted", zero_division=0.0),
            "log_loss": lambda: sk.log_loss(self.labels, self.scores, labels=indices),
        }
        return {name: float("nan") if name in undefined else float(metric()) for name, metric in table.items()}

    def resampled(self, weights: Floats) -> dict[str, float]:
        """The same metrics when row i counts `weights[i]` times."""
        confusion = self._confusion(weights)
        actual, hits, total = confusion.sum(axis=1), np.diag(confusion), confusion.sum()
        either = actual + confusion.sum(axis=0)
        f1 = np.divide(2 * hits, either, out=np.zeros_like(hits), where=either > 0)
        return {
            "macro_auc": float(np.mean([ranking.auc(weights) for ranking in self.rankings])),
            "accuracy": float(hits.sum() / total),
            "macro_f1": float(f1[either > 0].mean()),
            "weighted_f1": float(f1 @ actual / total),
            "log_loss": dot(weights, self._log_loss) / total,
        }

    def details(self) -> Document:
        """Confusion matrix and metrics by class (one against the rest), JSON ready; None where undefined."""
        confusion = self._confusion(np.ones(len(self.labels)))
        return {
            "confusion_matrix": {
                actual: dict(zip(self.classes, map(int, row), strict=True))
                for actual, row in zip(self.classes, confusion, strict=True)
            },
            "classes": {name: self._by_class(index, confusion) for index, name in enumerate(self.classes)},
        }

    def _confusion(self, weights: Floats) -> Floats:
        side = len(self.classes)
        return np.bincount(self._cells, weights, minlength=side * side).reshape(side, side).astype(np.float64)

    def _by_class(self, index: int, confusion: Floats) -> Document:
        hits, actual, predicted = confusion[index, index], confusion[index].sum(), confusion[:, index].sum()
        return {
            "count": int(actual),
            "precision": float(hits / predicted) if predicted else None,
            "recall": float(hits / actual) if actual else None,
            "f1": float(2 * hits / (actual + predicted)) if actual + predicted else None,
            "auc": float(self.rankings[index].auc()) if 0 < actual < confusion.sum() else None,
        }
