"""The walk for few rows: all pairs of a row and a tree together, level by level."""

import numpy as np
from numpy.typing import NDArray

from random_cut_forest.tables import Tables, distance
from random_cut_forest.trees import Floats

#: Numbers in one temporary array (1 MB), so that it stays in the processor's cache.
NUMBERS = 2**17


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
    """(trees, rows) scores. Pairs that have reached their leaf leave the arrays."""
    rows = columns.shape[1]
    roots = tables.roots[trees]
    node: NDArray[np.intp] = np.repeat(roots, rows)
    points = np.tile(columns, len(roots))
    reached: Floats = np.repeat(tables.normaliser[trees], rows)
    score: Floats = np.zeros(len(node))
    final = np.empty(len(node))
    place: NDArray[np.intp] = np.arange(len(node))
    depth = 0
    while len(node):
        apart = distance(points, tables.lower.take(node, axis=1), tables.upper.take(node, axis=1))
        leaf = tables.is_leaf(node)
        if leaf.any():
            final[place[leaf]] = score[leaf] + reached[leaf] * tables.leaf_share(node[leaf], apart[leaf] > 0)
            inner = ~leaf
            node, place, points = node[inner], place[inner], points.compress(inner, axis=1)
            score, reached, apart = score[inner], reached[inner], apart[inner]
        depth += 1
        cut_here = apart / (apart + tables.sides[node]) * reached
        reached -= cut_here
        score += cut_here / depth
        node = _down(tables, points, node)
    return final.reshape(len(roots), rows)


def _down(tables: Tables, points: Floats, node: NDArray[np.intp]) -> NDArray[np.intp]:
    value = points[tables.feature[node], np.arange(len(node))]
    return tables.left[node] + (value > tables.cut[node])
