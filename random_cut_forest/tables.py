"""What both walks look up, node by node, and the one step that they share."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from random_cut_forest.trees import LEAF, Floats, Trees

#: From so many features on the numbers of a row stand side by side.
WIDE = 256


@dataclass(frozen=True, eq=False)
class Tables:
    """Arrays over all nodes of the forest.

    A leaf is its own left child, behind a cut at infinity, in a box with sides of infinity: a row that has reached it
    may take further steps, which lead nowhere and add nothing.

    roots         (trees,);  normaliser  (trees,) log2(1 + samples of the tree)
    left          left child, the right one follows it;  feature, cut  rows with a value ≤ cut go left
    lower, upper  (features, nodes) corners of the bounding boxes;  sides  sum of the sides of the box
    other, same   what a leaf adds for a row that is not its point, and for one that is
    """

    roots: NDArray[np.intp]
    normaliser: Floats
    left: NDArray[np.intp]
    feature: NDArray[np.intp]
    cut: Floats
    lower: Floats
    upper: Floats
    sides: Floats
    other: Floats
    same: Floats

    @classmethod
    def of(cls, trees: Trees) -> "Tables":
        lower, upper = (columns_of(corners) for corners in trees.boxes)
        leaf = trees.left == LEAF
        # math.log2 once for each mass: numpy's vectorised logarithm may differ in the last bit from machine to machine.
        logarithms = np.array([0.0] + [math.log2(mass) for mass in range(1, int(trees.mass.max()) + 2)])
        return cls(
            roots=trees.roots.astype(np.intp),
            normaliser=logarithms[trees.mass[trees.roots] + 1],
            left=np.where(leaf, np.arange(len(leaf)), trees.left).astype(np.intp),
            feature=trees.feature.astype(np.intp),
            cut=np.where(leaf, np.inf, trees.cut),
            lower=lower,
            upper=upper,
            sides=np.where(leaf, np.inf, distance(upper, lower, lower)),
            other=1 / (trees.depth + 1.0),
            same=1 / (np.maximum(trees.depth, 1) + logarithms[trees.mass]),
        )

    @cached_property
    def by_node(self) -> tuple[Floats, Floats]:
        """The corners (nodes, features), C order."""
        return np.ascontiguousarray(self.lower.T), np.ascontiguousarray(self.upper.T)

    def leaf_share(self, node: NDArray[np.intp], columns: Floats) -> Floats:
        """(k,) what the leaves `node` (k,) add for the rows `columns` (features, k)."""
        outside = (select(self.lower, node) != columns).any(axis=0)
        return np.where(outside, self.other[node], self.same[node])


def columns_of(rows: NDArray[np.generic]) -> Floats:
    """(features, n) float64 out of (n, features), in the memory order in which numpy is fastest.

    That is C order for few features, so that each operation runs along many rows, and Fortran order for many.
    """
    if rows.shape[1] < WIDE:
        return np.ascontiguousarray(rows.T, dtype=np.float64)
    return np.ascontiguousarray(rows, dtype=np.float64).T


def select(columns: Floats, chosen: NDArray[np.intp]) -> Floats:
    """The `chosen` (k,) of `columns` (features, n), as (features, k) in the memory order of `columns_of`."""
    if len(columns) < WIDE:
        return columns.take(chosen, axis=1)
    return columns.T.take(chosen, axis=0).T


def distance(columns: Floats, lower: Floats, upper: Floats, scratch: Floats | None = None) -> Floats:
    """(k,) distance of points to boxes, summed over the features in their order, whatever the memory order.

    columns, lower, upper  (features, k), the corners also (features, 1)
    scratch                (features, k) is overwritten, it may be `lower`
    """
    nearest: Floats = np.clip(columns, lower, upper, out=scratch)
    np.subtract(columns, nearest, out=nearest)
    np.abs(nearest, out=nearest)
    if nearest.shape[1] == 1 or len(nearest) >= WIDE:
        # Along contiguous numbers add.reduce would sum pairwise, with other rounding than along rows.
        np.add.accumulate(nearest, axis=0, out=nearest)
        return np.array(nearest[-1])
    return np.asarray(np.add.reduce(nearest, axis=0))
