"""Statistics in parts are the statistics of the whole; the sample is the rows of the smallest hashes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import statistics
from preprocessing.statistics import Moments, Sample


@given(st.lists(st.lists(st.integers(-999, 999) | st.none(), max_size=6), min_size=1, max_size=6))
def test_moments_of_parts_are_those_of_the_whole(parts: list[list[int | None]]) -> None:
    merged, whole = Moments(), np.array([value for part in parts for value in part if value is not None], float)
    for part in parts:
        merged.merge(Moments.of(np.array([np.nan if value is None else value for value in part], float)))
    assert merged.count == len(whole)
    if len(whole):
        assert (merged.mean, merged.deviation) == (
            pytest.approx(whole.mean(), abs=1e-9),
            pytest.approx(whole.std(), abs=1e-6),
        )


def test_parts_with_other_means_widen_the_deviation() -> None:
    merged = Moments.of(np.array([0.0, 0.0]))
    merged.merge(Moments.of(np.array([10.0, 10.0])))
    assert (merged.count, merged.mean, merged.deviation) == (4, 5.0, 5.0)


@pytest.mark.parametrize("size", [1 << 12, 5000])
def test_the_sample_is_the_rows_of_the_smallest_hashes(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "SAMPLE_ROWS", size)
    hashes = np.random.default_rng(0).permutation(20_000).astype(np.uint64)
    sample = Sample(1)
    for rows in np.array_split(hashes, 9):
        entering = rows[sample.chosen(rows)]
        sample.add(entering, entering[:, np.newaxis].astype(float))
    assert sample.cells[:, 0].tolist() == list(range(size))


def test_a_sample_holds_all_rows_that_fit_and_wide_tables_less() -> None:
    sample = Sample(2)
    assert sample.size == statistics.SAMPLE_ROWS
    sample.add(np.array([3, 1, 2], np.uint64), np.arange(6.0).reshape(3, 2))
    assert sample.cells.tolist() == [[2, 3], [4, 5], [0, 1]]
    assert Sample(512).size == statistics.SAMPLE_CELLS // 512
    assert Sample(1 << 20).size == 1 << 12
