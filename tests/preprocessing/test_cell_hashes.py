"""A cell has the same value in every type that can store it, and another than every other cell."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.columns import MISSING
from preprocessing.cell_hashes import cell_hashes, mix, text_hashes


def hashes(cells: Sequence[object], kind: pa.DataType | None = None) -> list[int]:
    return cell_hashes(pa.array(cells, kind), MISSING).tolist()


numbers = st.floats(allow_nan=False, allow_infinity=False) | st.decimals(-(10**8), 10**8, places=3).map(float)


@given(st.lists(numbers, min_size=1, max_size=20))
@example([0.1, 1e-7, 12345678.5, 1234567.89, -0.0, 1e22, 99999999.0, -9999999.0])
def test_a_number_as_a_float_and_as_a_text(cells: list[float]) -> None:
    assert hashes([repr(cell) for cell in cells]) == hashes(cells)
    assert hashes([f" {cell:+.17e}" for cell in cells]) == hashes(cells)
    assert hashes([*map(repr, cells), "no number"])[:-1] == hashes(cells)


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
@example([0, 9, 10, 65535, 65536, 9_999_999, 99_999_999, 100_000_000, -9_999_999])
def test_a_whole_number_in_every_type(cells: list[int]) -> None:
    known = hashes([str(cell) for cell in cells])
    assert hashes(cells) == hashes(cells, pa.float64()) == known
    assert hashes([Decimal(cell) for cell in cells], pa.decimal128(12, 2)) == known
    assert hashes([f"{cell}.0" for cell in cells]) == hashes([f"{cell:012}" for cell in cells]) == known


@given(st.lists(st.decimals(-(10**4), 10**4, places=2), min_size=1, max_size=20))
def test_a_decimal_number_in_every_type(cells: list[Decimal]) -> None:
    known = hashes([str(cell) for cell in cells])
    assert hashes([float(cell) for cell in cells]) == hashes([float(cell) for cell in cells], pa.float32()) == known
    assert hashes(cells, pa.decimal128(12, 4)) == known


@given(st.text("0123456789.-+eE", min_size=1, max_size=12))
def test_a_text_is_a_number_or_itself(text: str) -> None:
    try:
        number = float(text)
    except ValueError:
        assert hashes([text]) == mix(pa.array([text])).tolist()
    else:
        assert hashes([text]) == hashes([number])


@given(st.lists(st.integers(-(10**7), 10**8) | st.integers(0, 10**4).map(lambda n: n / 8), unique=True, max_size=50))
def test_unequal_numbers_differ(cells: list[float]) -> None:
    assert len(set(hashes(cells, pa.float64()))) == len(cells)


def test_truth() -> None:
    known = hashes(["1", "0", ""])
    for cells in ([True, False, None], ["True", "False", None], ["true", "false", "?"], [1.0, 0.0, None]):
        assert hashes(cells) == known


@given(st.lists(st.dates(), min_size=1, max_size=10))
def test_a_date_in_every_type(cells: list[date]) -> None:
    known = hashes([cell.isoformat() for cell in cells])
    midnights = [datetime(cell.year, cell.month, cell.day) for cell in cells]
    assert hashes(cells) == hashes(cells, pa.date64()) == hashes(midnights) == known
    assert hashes([str(midnight) for midnight in midnights]) == hashes([f"{cell}T00:00" for cell in cells]) == known


@given(st.lists(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)), min_size=1, max_size=10))
@example([datetime(2026, 1, 31, 10, 0, 0, 120_000), datetime(2026, 1, 31, 10), datetime(2026, 1, 31)])
def test_a_time_in_every_type(cells: list[datetime]) -> None:
    known = hashes([str(cell) for cell in cells])
    aware = [cell.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=2))) for cell in cells]
    assert hashes(cells) == hashes(cells, pa.timestamp("ns")) == hashes(aware, pa.timestamp("us", "+02:00")) == known
    assert hashes([cell.isoformat() for cell in cells]) == hashes([cell.isoformat() for cell in aware]) == known
    assert (
        hashes([f"{cell.isoformat()}Z" for cell in cells]) == hashes([*map(str, cells), "2026-02-30 x"])[:-1] == known
    )


@pytest.mark.parametrize("text", ["29.85", "7590-VHVEG", "Yes", "0", "-5", "0.5", "2026-01-31 12:30:00", "A000000001"])
def test_what_is_spelt_plainly_is_hashed_as_it_stands(text: str) -> None:
    """So that rows of CSV files keep the sides that they had."""
    assert text_hashes(pa.array([text])).tolist() == mix(pa.array([text])).tolist()
