"""Interventional TreeSHAP: exact Shapley values of a sum of trees against background rows.

Lundberg et al., From local explanations to global understanding, Nature Machine Intelligence 2 (2020); "interventional"
after Janzing et al. (2020): columns outside the coalition take the background's values, whatever the others are.
A column that the encoder spread over several features is one player, not several.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from analysis.explanations.blocks import Tabled, goes_left, tabled
from analysis.explanations.ensemble import Ensemble, Floats, Matrix

#: Rows that are explained together: a tree's patterns and sums stay in the cache.
CHUNK = 8192


class TreeShap:
    """Explains one ensemble.

    background  (rows, features) float32, NaN for what is missing
    column_of   (features,) the index of the column that each feature comes from

    Raises InputError when the trees are too deep for exact values.
    """

    def __init__(self, ensemble: Ensemble, background: Matrix, column_of: NDArray[np.int64]) -> None:
        self._trees = tabled(ensemble.trees, background, column_of)
        self._outputs, self._columns = ensemble.outputs, int(column_of.max()) + 1

    @property
    def background(self) -> Floats:
        """(outputs,) the mean sum of the trees over the background rows."""
        means = np.zeros(self._outputs)
        for tree in self._trees:
            means[tree.output] += tree.background
        return means

    def values(self, matrix: Matrix, threads: int = 1) -> Floats:
        """(rows, outputs, columns): they add up to the row's margin less the background's."""
        values = np.empty((self._outputs, self._columns, len(matrix)))
        starts = range(0, len(matrix), CHUNK)
        with ThreadPoolExecutor(threads) as pool:  # numpy lets go of the interpreter's lock
            for start, part in zip(
                starts, pool.map(lambda at: self._chunk(matrix[at : at + CHUNK]), starts), strict=True
            ):
                values[:, :, start : start + part.shape[2]] = part
        return np.moveaxis(values, 2, 0)

    def _chunk(self, matrix: Matrix) -> Floats:
        columns = np.ascontiguousarray(matrix.T)
        missing = bool(np.isnan(columns).any())
        values = np.zeros((self._outputs, self._columns, len(matrix)))
        for tree in self._trees:
            _add(tree, columns, missing, values[tree.output])
        return values


def _add(tree: Tabled, columns: Matrix, missing: bool, values: Floats) -> None:
    """Add a tree's values of `columns` (features, rows) to `values` (columns, rows)."""
    left = goes_left(columns, tree.feature, tree.threshold, tree.default_left, missing).view(np.uint8)
    found = np.empty(values.shape[1])
    for block in tree.blocks:
        # Shifts and not a product of matrices: the threads of a BLAS hinder each other when cores are scarce.
        pattern = np.zeros(len(found), dtype=np.int64)
        for bit, node in enumerate(block.nodes):
            pattern |= np.left_shift(left[node], bit, dtype=np.int64)
        for column, table in zip(block.columns, block.table, strict=True):
            table.take(pattern, out=found, mode="clip")  # `clip` alone writes to `out` without a copy
            values[column] += found
