"""The walk by numba, where the image has it, as SageMaker's XGBoost image: the same numbers, several times faster."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from random_cut_forest.tables import Tables
from random_cut_forest.trees import Floats

#: Numbers in a batch of rows (512 kB): with the nodes of a tree it stays in the second-level cache.
NUMBERS = 2**16

#: Pairs of a row and a tree from which on compiling, some seconds once a process, is won back.
WORTHWHILE = 10_000_000


@cache
def kernel() -> Callable[..., None] | None:
    """Imports numba; None where that cannot be. No fast mathematics: sums keep their order and their last bit."""
    try:
        import numba
    except ImportError:
        return None
    compiled: Callable[..., None] = numba.njit(nogil=True, error_model="numpy")(add_scores)
    return compiled


def ready() -> bool:
    """Whether the process has compiled the walk already."""
    return kernel.cache_info().currsize > 0 and kernel() is not None


def batch(features: int) -> int:
    """Rows to walk at a time."""
    return max(256, NUMBERS // features)


def total(tables: Tables, columns: Floats) -> Floats:
    """(rows,) sum of the trees' scores of `columns` (features, rows), by the kernel or, without numba, by Python."""
    scores = np.zeros(columns.shape[1])
    (kernel() or add_scores)(
        np.ascontiguousarray(columns.T), tables.roots, tables.normaliser, tables.left, tables.feature, tables.cut,
        *tables.by_node, tables.sides, tables.other, tables.same, scores,
    )  # fmt: skip
    return scores


def add_scores(
    rows: Any, roots: Any, normaliser: Any, left: Any, feature: Any, cut: Any, lower: Any, upper: Any, sides: Any,
    other: Any, same: Any, scores: Any,
) -> None:  # fmt: skip
    """Add each tree's score of `rows` (n, features) to `scores`; the arrays are those of Tables, corners by node."""
    for tree in range(len(roots)):
        for number in range(len(rows)):
            row = rows[number]
            node, depth, reached, score = roots[tree], 0, normaliser[tree], 0.0
            while left[node] != node:
                low, high = lower[node], upper[node]
                apart = 0.0
                for index in range(len(row)):
                    apart += max(max(low[index] - row[index], row[index] - high[index]), 0.0)
                depth += 1
                if apart > 0.0:
                    cut_here = apart / (apart + sides[node]) * reached
                    reached -= cut_here
                    score += cut_here / depth
                node = left[node] + (row[feature[node]] > cut[node])
            share = same[node]
            for index in range(len(row)):
                if row[index] != lower[node, index]:
                    share = other[node]
                    break
            scores[number] += score + reached * share
