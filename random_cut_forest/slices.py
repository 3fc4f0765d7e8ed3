"""The walk for many rows: tree by tree, the rows sorted so that those under one node stand side by side.

Each node then is a handful of array operations on views, without gathering.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from random_cut_forest.tables import WIDE, Tables, distance, select
from random_cut_forest.trees import Floats

#: Numbers in a batch of rows (8 MB), and in the part that one operation works on (320 kB: second-level cache).
NUMBERS = 2**20
BLOCK = 40_960


def batch(features: int) -> int:
    """Rows to walk at a time."""
    return max(2048, NUMBERS // features)


def total(tables: Tables, columns: Floats) -> Floats:
    """(rows,) sum of the trees' scores of `columns` (features, rows)."""
    scores = np.zeros(columns.shape[1])
    for root, normaliser in zip(tables.roots.tolist(), tables.normaliser.tolist(), strict=True):
        route = _route(tables, columns, root)
        scores[route.order] += _score(tables, select(columns, route.order), route, normaliser)
    return scores


class _Slice(NamedTuple):
    """The rows from `start` to `stop` of the sorted ones are under `node`, which is `depth` edges below the root."""

    node: int
    start: int
    stop: int
    depth: int


@dataclass(frozen=True)
class _Route:
    """order  (rows,) the sorted rows;  inner  slices of inner nodes, parents first;  leaves  from left to right"""

    order: NDArray[np.intp]
    inner: list[_Slice]
    leaves: list[_Slice]


def _route(tables: Tables, columns: Floats, root: int) -> _Route:
    """Where each row goes: the rows are partitioned at every cut."""
    route = _Route(np.arange(columns.shape[1]), [], [])
    open_slices = [_Slice(root, 0, columns.shape[1], 0)]
    while open_slices:
        here = open_slices.pop()
        left = tables.left[here.node]
        if left == here.node:
            route.leaves.append(here)
            continue
        route.inner.append(here)
        rows = route.order[here.start : here.stop]
        right = columns[tables.feature[here.node]].take(rows) > tables.cut[here.node]
        above = rows[right]
        middle = here.stop - len(above)
        if here.start < middle < here.stop:
            route.order[here.start : here.stop] = np.concatenate([rows[~right], above])
        if middle < here.stop:
            open_slices.append(_Slice(left + 1, middle, here.stop, here.depth + 1))
        if here.start < middle:
            open_slices.append(_Slice(left, here.start, middle, here.depth + 1))
    return route


def _score(tables: Tables, columns: Floats, route: _Route, normaliser: float) -> Floats:
    """(rows,) scores of one tree in the order of the sorted columns."""
    features, rows = columns.shape
    width = max(16 if features >= WIDE else 256, BLOCK // features)
    scratch = np.empty_like(columns[:, :width])
    reached = np.full(rows, normaliser)
    score = np.zeros(rows)
    for here in route.inner:
        lower = tables.lower[:, here.node, None]
        upper = tables.upper[:, here.node, None]
        for start in range(here.start, here.stop, width):
            block = slice(start, min(start + width, here.stop))
            apart = distance(columns[:, block], lower, upper, scratch[:, : block.stop - start])
            cut_here = apart / (apart + tables.sides[here.node]) * reached[block]
            reached[block] -= cut_here
            cut_here /= here.depth + 1
            score[block] += cut_here
    counts = [leaf.stop - leaf.start for leaf in route.leaves]
    node = np.repeat([leaf.node for leaf in route.leaves], counts)
    return score + reached * tables.leaf_share(node, columns)
