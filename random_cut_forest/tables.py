"""What both walks look up, node by node, and the one step that they share."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from random_cut_forest.trees import LEAF, Floats, Trees


@dataclass(frozen=True, eq=False)
class Tables:
    """Arrays over all nodes of the forest.

    roots         (trees,);  normaliser  (trees,) log2(1 + samples of the tree)
    left          left child, LEAF at a leaf;  feature, cut  of the inner nodes
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
        lower, upper = trees.boxes
        # math.log2 once for each mass: numpy's vectorised logarithm may differ in the last bit from machine to machine.
        logarithms = np.array([0.0] + [math.log2(mass) for mass in range(1, int(trees.mass.max()) + 2)])
        return cls(
            roots=trees.roots.astype(np.intp),
            normaliser=logarithms[trees.mass[trees.roots] + 1],
            left=trees.left.astype(np.intp),
            feature=trees.feature.astype(np.intp),
            cut=trees.cut,
            lower=lower,
            upper=upper,
            sides=distance(upper, lower, lower),
            other=1 / (trees.depth + 1.0),
            same=1 / (np.maximum(trees.depth, 1) + logarithms[trees.mass]),
        )

    @cached_property
    def by_node(self) -> tuple[Floats, Floats]:
        """The corners (nodes, features), those of a node side by side."""
        return np.ascontiguousarray(self.lower.T), np.ascontiguousarray(self.upper.T)

    def leaf_share(self, node: NDArray[np.intp], outside: NDArray[np.bool_]) -> Floats:
        """What leaves add: `node` (k,), `outside` (k,) whether the row is not the leaf's point."""
        return np.where(outside, self.other[node], self.same[node])

    def is_leaf(self, node: NDArray[np.intp]) -> NDArray[np.bool_]:
        return np.equal(self.left[node], LEAF)


def distance(columns: Floats, lower: Floats, upper: Floats, scratch: Floats | None = None) -> Floats:
    """(k,) distance of points to boxes, summed over the features in their order.

    columns, lower, upper  (features, k), the corners also (features, 1);  scratch  (features, k) is overwritten
    """
    nearest: Floats = np.clip(columns, lower, upper, out=scratch)
    np.subtract(columns, nearest, out=nearest)
    np.abs(nearest, out=nearest)
    if nearest.shape[1] == 1:
        # A single column would be summed pairwise, with other rounding than many columns.
        return np.cumsum(nearest, axis=0)[-1:].ravel()
    return np.asarray(np.add.reduce(nearest, axis=0))
