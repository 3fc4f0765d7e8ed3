"""Which rows a tree gets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import InputError
from random_cut_forest.sampling import choose_rows, samples_per_tree, strata, uniforms


def test_few_rows_are_cut_into_slices_in_file_order() -> None:
    chosen = choose_rows(rows=4032, trees=50, most=512, seed=0)
    assert chosen.shape == (50, 80)
    assert np.array_equal(chosen.ravel(), np.arange(4000))


@given(st.integers(1, 20), st.integers(2, 30), st.integers(0, 2**32))
def test_rows_that_all_trees_just_hold_are_cut_into_slices(trees: int, most: int, seed: int) -> None:
    assert np.array_equal(choose_rows(trees * most, trees, most, seed).ravel(), np.arange(trees * most))


@given(st.integers(1, 20), st.integers(2, 30), st.integers(0, 500), st.integers(0, 2**32))
def test_many_rows_are_drawn_without_replacement(trees: int, most: int, more: int, seed: int) -> None:
    rows = trees * most + 1 + more
    chosen = choose_rows(rows, trees, most, seed)
    assert chosen.shape == (trees, most)
    assert len(np.unique(chosen)) == chosen.size
    assert chosen.min() >= 0
    assert chosen.max() < rows


def test_every_row_has_the_same_chance() -> None:
    counts = np.zeros(100)
    for seed in range(2000):
        counts[choose_rows(100, 2, 10, seed)] += 1
    # 400 expected, standard deviation 18
    assert np.abs(counts - 400).max() < 90


def test_samples_per_tree() -> None:
    assert samples_per_tree(rows=1000, trees=50, most=256) == 20
    assert samples_per_tree(rows=10**6, trees=50, most=256) == 256
    with pytest.raises(InputError, match="99 rows are too few for 50 trees"):
        samples_per_tree(rows=99, trees=50, most=256)


def test_streams_are_uniform_and_apart() -> None:
    draws = uniforms(1, (2, 0), 100_000)
    assert draws.min() >= 0
    assert draws.max() < 1
    assert np.abs(np.histogram(draws, 10, (0, 1))[0] - 10_000).max() < 500
    assert not np.isin(draws, uniforms(1, (2, 1), 100_000)).any()


def test_strata_hold_one_draw_each() -> None:
    draws = strata(1, (1,), 50, 2)
    assert np.array_equal(np.sort((draws * 50).astype(int), axis=0), np.tile(np.arange(50)[:, None], 2))
