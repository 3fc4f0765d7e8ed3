"""The trees of a forest as flat arrays: one entry a node, tree after tree, parents before their children."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]

LEAF = -1


@dataclass(frozen=True, eq=False)
class Trees:
    """What growing leaves and a file holds.

    roots    (trees,) int32, index of the root of each tree
    left     (nodes,) int32, index of the left child; the right child follows it; LEAF at a leaf
    feature  (nodes,) int32, column of the cut; 0 at a leaf
    cut      (nodes,) float64, rows with a value ≤ cut go left; 0 at a leaf
    mass     (nodes,) int32, sampled rows under the node, repeated ones counted each time
    points   (leaves, features) float64, the one point of each leaf, in the order of the nodes
    """

    roots: Integers
    left: Integers
    feature: Integers
    cut: Floats
    mass: Integers
    points: Floats

    @property
    def features(self) -> int:
        return int(self.points.shape[1])

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """(trees,) nodes of each tree."""
        return np.diff(self.roots, append=len(self.left)).astype(np.int64)

    @cached_property
    def levels(self) -> list[NDArray[np.intp]]:
        """The inner nodes by depth, the roots first."""
        found = []
        nodes = self.roots[self.left[self.roots] != LEAF].astype(np.intp)
        while len(nodes):
            found.append(nodes)
            children = (self.left[nodes][:, None] + np.arange(2)).ravel()
            nodes = children[self.left[children] != LEAF].astype(np.intp)
        return found

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """(nodes,) edges between a node and its root."""
        depth = np.zeros(len(self.left), dtype=np.int64)
        for level, nodes in enumerate(self.levels, start=1):
            depth[self.left[nodes]] = level
            depth[self.left[nodes] + 1] = level
        return depth

    @cached_property
    def boxes(self) -> tuple[Floats, Floats]:
        """Lower and upper corners (nodes, features) of the bounding boxes, from the leaves upwards."""
        lower = np.empty((len(self.left), self.features))
        lower[self.left == LEAF] = self.points
        upper = lower.copy()
        for nodes in reversed(self.levels):
            children = self.left[nodes]
            lower[nodes] = np.minimum(lower[children], lower[children + 1])
            upper[nodes] = np.maximum(upper[children], upper[children + 1])
        return lower, upper


def concatenate(parts: list[Trees]) -> Trees:
    """One forest out of several, in their order."""
    shifts = np.cumsum([0] + [len(part.left) for part in parts[:-1]]).astype(np.int32)
    return Trees(
        roots=np.concatenate([part.roots + shift for part, shift in zip(parts, shifts, strict=True)]),
        left=np.concatenate([_shifted(part.left, shift) for part, shift in zip(parts, shifts, strict=True)]),
        feature=np.concatenate([part.feature for part in parts]),
        cut=np.concatenate([part.cut for part in parts]),
        mass=np.concatenate([part.mass for part in parts]),
        points=np.concatenate([part.points for part in parts]),
    )


def _shifted(left: Integers, shift: np.int32) -> Integers:
    return np.where(left == LEAF, left, left + shift)
