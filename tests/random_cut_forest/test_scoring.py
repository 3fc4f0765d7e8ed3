"""The score against a plain one: one row, one tree, node by node."""

import math
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from random_cut_forest import RandomCutForest, compiled, pairs, scoring, slices
from random_cut_forest.tables import WIDE, Tables, columns_of
from random_cut_forest.trees import LEAF, Trees

Floats = NDArray[np.float64]


def plain(trees: Trees, root: int, row: Floats) -> float:
    lower, upper = trees.boxes
    node, depth, reached, score = root, 0, 1.0, 0.0
    while trees.left[node] != LEAF:
        apart = sum(max(low - x, x - high, 0.0) for x, low, high in zip(row, lower[node], upper[node], strict=True))
        probability = apart / (apart + (upper - lower)[node].sum())
        score += reached * probability / (depth + 1)
        reached *= 1 - probability
        depth += 1
        node = trees.left[node] + int(row[trees.feature[node]] > trees.cut[node])
    same = np.array_equal(row, lower[node])
    score += reached / (max(depth, 1) + math.log2(trees.mass[node]) if same else depth + 1)
    return float(score * math.log2(1 + trees.mass[root]))


@pytest.fixture(scope="module", params=[1, 4, 9, WIDE + 1])
def fitted(request: pytest.FixtureRequest) -> tuple[RandomCutForest, Floats]:
    """Rows of few distinct values, so that leaves of several rows and rows that were sampled occur."""
    rows = np.round(np.random.default_rng(0).normal(size=(900, request.param)), 1)
    forest = RandomCutForest(num_trees=7, num_samples_per_tree=50).fit(rows)
    return forest, np.vstack([rows[:150], rows[:50] * 3 + 0.05])


def test_both_walks_follow_the_definition(fitted: tuple[RandomCutForest, Floats]) -> None:
    forest, rows = fitted
    expected = [sum(plain(forest.trees, root, row) for root in forest.trees.roots) for row in rows]
    tables, columns = Tables.of(forest.trees), columns_of(rows)
    assert np.allclose(pairs.total(tables, columns), expected, rtol=1e-12)
    assert np.allclose(slices.total(tables, columns), expected, rtol=1e-12)


def test_the_walk_for_numba_agrees_to_the_last_bit(fitted: tuple[RandomCutForest, Floats], monkeypatch) -> None:
    """As Python runs it, which does the same arithmetic."""
    forest, rows = fitted
    tables, columns = Tables.of(forest.trees), columns_of(rows)
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    assert np.array_equal(compiled.total(tables, columns), pairs.total(tables, columns))


def test_compiled_by_numba_it_agrees_too(fitted: tuple[RandomCutForest, Floats]) -> None:
    pytest.importorskip("numba", reason="numba is an optional speed-up and not installed")
    forest, rows = fitted
    expected = forest.score(rows)
    compiled.kernel.cache_clear()
    forest.prepare()
    assert compiled.ready()
    assert np.array_equal(forest.score(rows), expected)
    compiled.kernel.cache_clear()


def test_without_numba_the_other_walks_are_taken(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    compiled.kernel.cache_clear()
    assert scoring._walk(10**6, 100) is slices
    assert scoring._walk(10, 100) is pairs
    assert not compiled.ready()
    compiled.kernel.cache_clear()


def test_both_walks_agree_to_the_last_bit(fitted: tuple[RandomCutForest, Floats], monkeypatch) -> None:
    forest, rows = fitted
    tables, columns = Tables.of(forest.trees), columns_of(rows)
    expected = pairs.total(tables, columns)
    assert np.array_equal(slices.total(tables, columns), expected)
    monkeypatch.setattr(pairs, "NUMBERS", 64)
    assert np.array_equal(pairs.total(tables, columns), expected)
    assert np.array_equal(np.concatenate([pairs.total(tables, columns_of(row[None])) for row in rows]), expected)


def test_memory_does_not_grow_with_the_rows(forest: RandomCutForest) -> None:
    assert slices.batch(10) * 10 <= slices.NUMBERS
    assert pairs.batch(10) * 10 <= pairs.NUMBERS
    assert pairs.batch(10_000_000) == 1


def test_a_score_counts_the_inverse_depth() -> None:
    """Two points, one cut, by hand: log2(3) / 1 at a point, log2(3) * (p + (1 - p) / 2) far away."""
    forest = RandomCutForest(num_trees=1, num_samples_per_tree=2).fit([[0.0], [1.0]])
    far = 3 / 4 + (1 - 3 / 4) / 2
    assert np.allclose(forest.score([[0.0], [4.0]]), [math.log2(3), math.log2(3) * far])
