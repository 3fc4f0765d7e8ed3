"""The trees that are grown: every row finds its leaf, boxes hold what is under them, cuts follow the sides."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from random_cut_forest import growing
from random_cut_forest.growing import grow
from random_cut_forest.trees import LEAF

Floats = NDArray[np.float64]

ROWS = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=40),
    elements=st.one_of(st.integers(-3, 3).map(float), st.floats(-1e300, 1e300)),
)


@settings(max_examples=40)
@given(ROWS, st.integers(0, 2**64 - 1))
def test_a_tree_holds_its_rows(rows: Floats, seed: int) -> None:
    """Also for repeated rows, denormal and huge values, where a careless cut leaves one side empty."""
    trees = grow(rows, np.arange(len(rows))[None], seed)
    distinct, counts = np.unique(rows + 0.0, axis=0, return_counts=True)
    assert len(trees.left) == 2 * len(distinct) - 1
    leaf = trees.left == LEAF
    order = np.lexsort(trees.points.T[::-1])
    assert np.array_equal(trees.points[order], distinct)
    assert np.array_equal(trees.mass[leaf][order], counts)
    for row in rows:
        node = 0
        while trees.left[node] != LEAF:
            node = trees.left[node] + int(row[trees.feature[node]] > trees.cut[node])
        assert np.array_equal(trees.points[np.count_nonzero(leaf[:node])], row)


@settings(max_examples=40)
@given(ROWS, st.integers(0, 2**32))
def test_boxes_and_masses_add_up(rows: Floats, seed: int) -> None:
    trees = grow(rows, np.arange(len(rows))[None], seed)
    lower, upper = trees.boxes
    assert np.array_equal(lower[0], rows.min(axis=0))
    assert np.array_equal(upper[0], rows.max(axis=0))
    inner = np.flatnonzero(trees.left != LEAF)
    left = trees.left[inner]
    assert np.array_equal(trees.mass[inner], trees.mass[left] + trees.mass[left + 1])
    assert (upper[left, trees.feature[inner]] <= trees.cut[inner]).all()
    assert (lower[left + 1, trees.feature[inner]] > trees.cut[inner]).all()
    assert np.array_equal(trees.depth[left], trees.depth[inner] + 1)


def test_cuts_follow_the_sides_of_the_box() -> None:
    """Of 4,000 trees a quarter is cut along the side that is a quarter of the sum, at even places."""
    corners = np.array([[0.0, 0.0], [3.0, 1.0]])
    trees = grow(corners, np.tile([0, 1], (4000, 1)), seed=1)
    feature, cut = trees.feature[trees.roots], trees.cut[trees.roots]
    assert abs((feature == 1).mean() - 0.25) < 0.01
    assert np.abs(np.quantile(cut[feature == 0], [0.25, 0.5, 0.75]) - [0.75, 1.5, 2.25]).max() < 0.1


def test_trees_in_groups_are_the_same_trees(monkeypatch) -> None:
    rows = np.random.default_rng(0).normal(size=(600, 4))
    chosen = np.arange(600).reshape(20, 30)
    whole = grow(rows, chosen, seed=5)
    monkeypatch.setattr(growing, "GROUP", 7 * 30 * 4)
    parts = grow(rows, chosen, seed=5)
    for name in ("roots", "left", "feature", "cut", "mass", "points"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name))
