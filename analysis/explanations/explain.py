"""Which columns moved each prediction, and by how much: exact for trees, sampled for any other model.

The baseline is one row, as Clarify's convention for a single baseline: the mean of each numeric column and the most
frequent value of each categorical one, out of the rows that are analysed (see `baseline`). A prediction less the
prediction at the baseline is what the values share out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.explanations import ensemble, permutation
from analysis.explanations.ensemble import Ensemble, Floats, Matrix
from analysis.explanations.permutation import Predict
from analysis.explanations.tree_shap import TreeShap
from contract.errors import InputError

#: How far values and prediction may part; XGBoost adds up float32.
TOLERANCE = 1e-3

TREE_METHOD = "Interventional TreeSHAP, exact, against one baseline row"
#: As `shap` does for probabilities: DeepLIFT's rescale rule on the last step (Chen, Lundberg and Lee, 2022).
RESCALED = ", shared out in proportion on the scale of the prediction"
MARGINS = ", of each class's margin, before softmax"


@dataclass(frozen=True)
class Explanation:
    """values (rows, outputs, columns) and expected (outputs,), the baseline's answer: they add up to the prediction.

    `method` says in words how they were found; `note` why it is not the exact one, where one was expected; `scale` what
    the answers are where they are no predictions.
    """

    columns: tuple[str, ...]
    values: Floats
    expected: Floats
    method: str
    note: str | None = None
    scale: str = ""

    def global_values(self) -> Floats:
        """(outputs, columns): the mean of the absolute values over the rows."""
        return np.asarray(np.abs(self.values).mean(axis=0))


@dataclass(frozen=True)
class Explainer:
    """What is to be explained.

    predict   (rows, features) float32 → (rows,) or (rows, classes)
    columns   column → indices of the features that come from it; every feature belongs to one
    baseline  (1, features) float32
    trees     `Booster.save_raw("json")` when the model is XGBoost's, else None
    """

    predict: Predict
    columns: Mapping[str, Sequence[int]]
    baseline: Matrix
    trees: bytes | None = None
    permutations: int = 8
    seed: int = 42
    threads: int = 1

    def explain(self, matrix: Matrix) -> Explanation:
        """The rows of `matrix` (rows, features). Raises InputError when the columns do not cover the features."""
        column_of = self._column_of(matrix.shape[1])
        note = None
        if self.trees is not None:
            try:
                return self._exactly(ensemble.parse(self.trees), matrix, column_of)
            except InputError as error:
                note = f"{error} Sampled values stand in for exact ones."
        return self._sampled(matrix, column_of, note)

    def _column_of(self, features: int) -> NDArray[np.int64]:
        column_of = np.full(features, -1, dtype=np.int64)
        for index, members in enumerate(self.columns.values()):
            column_of[list(members)] = index
        if (column_of < 0).any() or sum(map(len, self.columns.values())) != features:
            raise InputError(f"The columns to explain do not cover the model's {features} features once each.")
        return column_of

    def _exactly(self, model: Ensemble, matrix: Matrix, column_of: NDArray[np.int64]) -> Explanation:
        shap = TreeShap(model, self.baseline, column_of)
        margins = shap.values(matrix, self.threads)
        names = tuple(self.columns)
        answers = np.asarray(self.predict(matrix), dtype=np.float64).reshape(len(matrix), model.outputs)
        if model.link == "margin":
            start = shap.background + np.asarray(model.base)
            _near(_softmax(margins.sum(axis=2) + start), answers)
            return Explanation(names, margins, start, TREE_METHOD + MARGINS, scale="before softmax")
        expected = np.asarray(self.predict(self.baseline), dtype=np.float64).reshape(1)
        start = LINKS[model.link][0](expected)
        sums = margins.sum(axis=2)
        change = LINKS[model.link][1](start + sums) - expected
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(sums == 0, 0.0, change / sums)
        values = margins * scale[:, :, None]
        _near(values.sum(axis=2) + expected, answers)
        return Explanation(names, values, expected, TREE_METHOD + ("" if model.link == "identity" else RESCALED))

    def _sampled(self, matrix: Matrix, column_of: NDArray[np.int64], note: str | None) -> Explanation:
        values = permutation.values(self.predict, matrix, self.baseline, column_of, self.permutations, self.seed)
        expected = np.asarray(self.predict(self.baseline), dtype=np.float64).reshape(-1)
        method = f"Shapley values from {2 * self.permutations} sampled permutations a row, against one baseline row"
        return Explanation(tuple(self.columns), values, expected, method, note)


def baseline(numeric: Mapping[str, Floats], categorical: Mapping[str, NDArray[np.object_]]) -> dict[str, object]:
    """The raw baseline record out of raw columns: means, and the most frequent texts, ties by text.

    A missing value, NaN or None, does not count; a column of nothing else has None.
    """
    record: dict[str, object] = {}
    for name, numbers in numeric.items():
        present = numbers[~np.isnan(numbers)]
        # Divided first: a sum of numbers that are near to float64's end has none.
        record[name] = float((present / len(present)).sum()) if len(present) else None
    for name, texts in categorical.items():
        found, counts = np.unique([text for text in texts if text is not None], return_counts=True)
        record[name] = str(found[np.argmax(counts)]) if len(found) else None
    return record


def _near(sums: Floats, answers: Floats) -> None:
    """Raises InputError when what the values add up to is not what the model answers; both (rows, outputs)."""
    gap = float(np.abs(sums - answers).max(initial=0.0))
    if not gap <= TOLERANCE * max(1.0, float(np.abs(answers).max(initial=0.0))):
        raise InputError(f"The trees and the model's answers part by up to {gap:.2g}.")


def _softmax(margins: Floats) -> Floats:
    raised = np.exp(margins - margins.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def _sigmoid(margin: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-margin)))


#: Link → from the prediction to the margin, and back.
LINKS: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "logit": (_logit, _sigmoid),
    "log": (np.log, np.exp),
    "identity": (lambda value: value, lambda value: value),
}
