"""The walk for few rows: all pairs of a row and a tree together, level by level."""

import numpy as np
from numpy.typing import NDArray

from random_cut_forest.tables import Tables, distance, select
from random_cut_forest.trees import Floats

#: Numbers in one temporary array (256 kB), so that several stay in the second-level cache.
NUMBERS = 2**15

#: Pairs that have reached their leaf are taken out of the arrays when fewer than this share still moves.
MOVING = 0.7


def batch(features: int) -> int:
    """Rows to walk at a time."""
    return max(1, NUMBERS // features)


def total(tables: Tables, columns: Floats) -> Floats:
    """(rows,) sum of the trees' scores of `columns` (features, rows)."""
    features, rows = columns.shape
    together = max(1, NUMBERS // (features * rows))
    scores = np.zeros(rows)
    for first in range(0, len(tables.roots), together):
        # Added up tree by tree, as the other walk does.
        for of_tree in _walk(tables, columns, slice(first, first + together)):
            scores += of_tree
    return scores


def _walk(tables: Tables, columns: Floats, trees: slice) -> Floats:
    """(trees, rows) scores."""
    roots, rows = tables.roots[trees], columns.shape[1]
    node: NDArray[np.intp] = np.repeat(roots, rows)
    points = select(columns, np.tile(np.arange(rows), len(roots)))
    reached: Floats = np.repeat(tables.normaliser[trees], rows)
    score: Floats = np.zeros(len(node))
    final = np.empty(len(node))
    place: NDArray[np.intp] = np.arange(len(node))
    depth = 0
    while len(node):
        moving = tables.left[node] != node
        if np.count_nonzero(moving) < MOVING * len(node):
            done = ~moving
            share = tables.leaf_share(node[done], select(points, np.flatnonzero(done)))
            final[place[done]] = score[done] + reached[done] * share
            node, place, points = node[moving], place[moving], select(points, np.flatnonzero(moving))
            score, reached = score[moving], reached[moving]
        depth += 1
        lower = select(tables.lower, node)
        apart = distance(points, lower, select(tables.upper, node), scratch=lower)
        cut_here = apart / (apart + tables.sides[node]) * reached
        reached -= cut_here
        cut_here /= depth
        score += cut_here
        value = points[tables.feature[node], np.arange(len(node))]
        node = tables.left[node] + (value > tables.cut[node])
    return final.reshape(len(roots), rows)
