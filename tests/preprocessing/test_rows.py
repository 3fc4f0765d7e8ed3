"""The hash of a row depends on its content and on nothing else; and it spreads."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import MISSING
from preprocessing.rows import reseed, row_hashes

NAMES = ["n", "t"]


def hashes(n: object, t: object, missing: tuple[str, ...] = MISSING) -> list[int]:
    return row_hashes(pa.record_batch({"n": n, "t": t}), NAMES, missing).tolist()


@given(st.lists(st.tuples(st.integers(-9, 9), st.text(max_size=20)), min_size=1, max_size=30), st.data())
def test_position_slicing_and_coding_do_not_matter(rows: list[tuple[int, str]], data: st.DataObject) -> None:
    numbers, texts = pa.array([row[0] for row in rows]), pa.array([row[1] for row in rows])
    whole = hashes(numbers, texts)
    start = data.draw(st.integers(0, len(rows) - 1))
    assert hashes(numbers[start:], texts[start:]) == whole[start:]
    assert hashes(numbers, texts.dictionary_encode()) == whole
    assert hashes(numbers.cast(pa.float32()), texts.cast(pa.large_string())) == whole
    assert row_hashes(pa.record_batch({"t": texts, "n": numbers}), ["t", "n"], MISSING).tolist() == whole


@given(st.lists(st.tuples(st.integers(-9, 9), st.text("abc", max_size=17)), unique=True, min_size=2, max_size=50))
def test_unequal_rows_differ(rows: list[tuple[int, str]]) -> None:
    assert len(set(hashes([row[0] for row in rows], [row[1] for row in rows]))) == len(rows)


def test_a_missing_value_is_missing_however_it_is_spelt() -> None:
    known = hashes([None, 0, 1], ["a", "?", "b"])
    assert len(set(known)) == 3
    assert hashes([float("nan"), 0, 1], ["a", "", "b"]) == known
    assert hashes(["NA", "0", "1"], pa.array([" a\t", None, "b"]).dictionary_encode()) == known
    assert hashes([-999, 0, 1], ["a", None, "b"], ("?", "-999.0")) == hashes([None, 0, 1], ["a", "?", "b"], ("?",))


def test_the_hash_is_the_same_on_every_machine_and_release() -> None:
    """Else rows would change sides when the template is updated."""
    table = {"n": [1.5, None], "t": ["a text of more than eight bytes", "é"]}
    assert hashes(**table) == GOLDEN


@pytest.mark.parametrize("rows", [np.arange(20_000), np.arange(20_000) * 1e-7, np.arange(20_000) * 1e6])
def test_the_hash_spreads_evenly(rows: np.ndarray) -> None:
    shares = row_hashes(pa.record_batch({"n": rows}), ["n"]) / 2.0**64
    again = reseed((shares * 2.0**64).astype(np.uint64), 1) / 2.0**64
    for values in (shares, again):
        counts = np.histogram(values, bins=50, range=(0, 1))[0]
        assert ((counts - 400) ** 2 / 400).sum() < 90  # chi-squared, 49 degrees of freedom: p is about 3e-4
    assert abs(np.corrcoef(shares, again)[0, 1]) < 0.03


GOLDEN = [12203409205243520344, 86677094721072569]
