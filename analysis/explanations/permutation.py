"""Shapley values of any model by sampled permutations: what explains a model that is no sum of trees.

Castro, Gómez and Tejada, Polynomial calculation of the Shapley value based on sampling (2009); each permutation is also
walked backwards, which halves the error (Mitchell et al., Sampling Permutations for Shapley Value Estimation, 2022).
The values add up to the prediction less the baseline's exactly, however few the permutations.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.explanations.ensemble import Floats, Matrix

Predict = Callable[[Matrix], NDArray[np.floating]]

#: Rows that the model is asked for at once.
BATCH_ROWS = 65_536


def values(
    predict: Predict, matrix: Matrix, baseline: Matrix, column_of: NDArray[np.int64], permutations: int, seed: int
) -> Floats:
    """(rows, outputs, columns) of `matrix` (rows, features) against `baseline` (1, features).

    predict       (rows, features) → (rows,) or (rows, outputs)
    column_of     (features,) the index of the column that each feature comes from
    permutations  per row, each walked forwards and backwards: 2 · permutations · (columns + 1) predictions a row
    """
    columns = int(column_of.max()) + 1
    generator = np.random.default_rng(seed)
    orders = [generator.permutation(columns) for _ in range(permutations)]
    orders += [order[::-1] for order in orders]
    rows = max(1, BATCH_ROWS // (columns + 1))
    parts = [_part(predict, matrix[at : at + rows], baseline, column_of, orders) for at in range(0, len(matrix), rows)]
    return np.concatenate(parts)


def _part(
    predict: Predict, matrix: Matrix, baseline: Matrix, column_of: NDArray[np.int64], orders: list[NDArray[np.int64]]
) -> Floats:
    total: Floats | None = None
    for order in orders:
        columns = len(order)
        rank = np.empty(columns, dtype=np.int64)
        rank[order] = np.arange(columns)
        # Step k has the first k columns of the order from the row, the others from the baseline.
        steps = np.arange(columns + 1)[:, None, None] > rank[column_of][None, None, :]
        mixed = np.where(steps, matrix[None], baseline[None]).reshape(-1, matrix.shape[1])
        answers = np.asarray(predict(mixed), dtype=np.float64).reshape(columns + 1, len(matrix), -1)
        gains = np.moveaxis(np.diff(answers, axis=0)[rank], 0, 2)
        total = gains if total is None else total + gains
    assert total is not None
    return total / len(orders)
