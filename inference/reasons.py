"""Reasons: which columns moved a decision most, by XGBoost's own contributions (TreeSHAP)."""

from http import HTTPStatus

import numpy as np
from numpy.typing import NDArray

from contract.preprocessor import Preprocessor
from inference.engine import Matrix
from inference.model import Model
from inference.refusal import ModelError, RefusedError
from inference.writing import Reasons

#: Rows at a time: the contributions of a row take as many float32 as features, times the classes.
ROWS = 4096


def top(model: Model, matrix: Matrix, scores: NDArray[np.floating], count: int) -> list[Reasons]:
    """The `count` strongest columns of each row, at most all, with what they add to the margin of the decided class.

    The contributions of one-hot features are summed back to their column; a column that features.py derives stands for
    itself. Raises RefusedError when the model cannot say, ModelError when it fails.
    """
    contributions = model.engine.contributions
    if contributions is None:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "This model gives no reasons: those of XGBoost models alone are known."
        )
    names, belongs = _columns(model.preprocessor)
    decided = scores.argmax(axis=1) if scores.ndim == 2 else None
    found: list[Reasons] = []
    for start in range(0, len(matrix), ROWS):
        rows = slice(start, start + ROWS)
        try:
            values = contributions(matrix[rows])
        except Exception as error:
            raise ModelError(f"The contributions failed with {type(error).__name__}: {error}") from error
        if decided is not None:
            values = values[np.arange(len(values)), decided[rows]]
        summed = values.astype(np.float64) @ belongs
        order = np.argsort(-np.abs(summed), axis=1, kind="stable")[:, :count]
        found += [[(names[at], float(row[at])) for at in best] for row, best in zip(summed, order, strict=True)]
    return found


def _columns(preprocessor: Preprocessor) -> tuple[list[str], NDArray[np.float64]]:
    """The columns, and which features are theirs: (features, columns) of 0 and 1."""
    names = [feature.column for feature in preprocessor.features]
    return names, np.repeat(np.eye(len(names)), [len(feature.names) for feature in preprocessor.features], axis=0)
