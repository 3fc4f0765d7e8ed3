"""Cells of every type, and texts that nearly are numbers: the same for batches and for one value."""

import datetime
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contract.columns import MISSING
from contract.errors import InputError
from preprocessing.clean import numbers_of, texts_of
from preprocessing.read import Batch, File
from preprocessing.values import as_number, as_text


def batch(values: Any, folder: Path = Path("/nowhere")) -> Batch:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    data = pa.record_batch({"x": array})
    path = folder / "data.parquet"
    if folder.exists():
        pq.write_table(pa.Table.from_batches([data]), path)
    return Batch(File(path, path.name), data, np.arange(len(array)))


def alone(value: object) -> float | None:
    try:
        return as_number(value, MISSING)
    except ValueError:
        return None


ODD = ["+5", "-.5e-3", "1.", "1e999", "1_0", "٣", "0x10", "inf", "-Infinity", "nan", "NaN", "?", "1e", "-", "1,5"]
ODD += ["1e-999", "007", "4.35", "1.7976931348623159e308"]
ODD += ["", " ? ", "  7\t", "\x1c5\x1f", "5\xa0", "1\x005"]
TEXTS = st.one_of(st.text(max_size=6), st.text("0123456789+-.eE _", max_size=9), st.floats().map(repr))


@given(st.lists(TEXTS, min_size=1))
@example(ODD)
def test_texts_as_numbers(texts: list[str]) -> None:
    for text in texts:
        expected = alone(text)
        if expected is None:
            with pytest.raises((InputError, FileNotFoundError)):
                numbers_of(batch([text]), "x", MISSING)
        else:
            found = numbers_of(batch([text]), "x", MISSING)
            assert found.tobytes() == np.array([expected]).tobytes() or np.isnan([expected, found[0]]).all()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_survive_their_text(numbers: list[float]) -> None:
    assert numbers_of(batch([repr(number) for number in numbers]), "x", MISSING).tolist() == numbers


COLUMNS_OF_ALL_TYPES: dict[str, tuple[Any, list[float] | None, list[str | None]]] = {
    "bool": (pa.array([True, None, False]), [1.0, math.nan, 0.0], ["true", None, "false"]),
    "int8": (pa.array([1, None, -3], pa.int8()), [1.0, math.nan, -3.0], ["1", None, "-3"]),
    "uint64": (pa.array([2**63, 5], pa.uint64()), [2.0**63, 5.0], [str(2**63), "5"]),
    "float32": (
        pa.array([1.5, None, math.nan, 2.0], pa.float32()),
        [1.5, math.nan, math.nan, 2.0],
        ["1.5", None, None, "2"],
    ),
    "decimal": (pa.array([Decimal("1.10"), None]), [1.1, math.nan], ["1.10", None]),
    "null": (pa.nulls(2), [math.nan] * 2, [None] * 2),
    "dictionary": (pa.array([" 7", None, "?"]).dictionary_encode(), [7.0, math.nan, math.nan], ["7", None, None]),
    "large_string": (pa.array(["1", " b "][:1], pa.large_string()), [1.0], ["1"]),
    "date": (pa.array([datetime.date(2024, 2, 29), None]), None, ["2024-02-29", None]),
    "timestamp": (
        pa.array([datetime.datetime(2024, 2, 29, 1, 2, 3)], pa.timestamp("ns")),
        None,
        ["2024-02-29T01:02:03"],
    ),
}


@pytest.mark.parametrize("name", COLUMNS_OF_ALL_TYPES)
def test_types_of_parquet(name: str, tmp_path: Path) -> None:
    array, numbers, texts = COLUMNS_OF_ALL_TYPES[name]
    for column in (array, pa.concat_arrays([array[:1], array])[1:]):
        rows = batch(column, tmp_path)
        assert texts_of(rows, "x", MISSING).objects().tolist() == texts
        if numbers is None:
            with pytest.raises(InputError, match=r"data.parquet, row 1: the column 'x' holds .* not a finite number"):
                numbers_of(rows, "x", MISSING)
        else:
            np.testing.assert_array_equal(numbers_of(rows, "x", MISSING), numbers)


@pytest.mark.parametrize("name", COLUMNS_OF_ALL_TYPES)
def test_the_same_values_one_by_one(name: str) -> None:
    array, numbers, texts = COLUMNS_OF_ALL_TYPES[name]
    column = array.cast(pa.timestamp("us")) if name == "timestamp" else array
    assert [as_text(value, MISSING) for value in column.to_pylist()] == texts
    if numbers is not None:
        np.testing.assert_array_equal([as_number(value, MISSING) for value in column.to_pylist()], numbers)


def test_infinity_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"row 2: the column 'x' holds 'inf'"):
        numbers_of(batch([1.0, math.inf], tmp_path), "x", MISSING)


@pytest.mark.parametrize("value", [np.float64(2.5), np.int64(2), np.bool_(True), np.str_(" 2 ")])
def test_numpy_scalars_are_values_too(value: Any) -> None:
    assert as_number(value, MISSING) == float(str(value).strip() if isinstance(value, str) else value)
    assert as_text(value, MISSING) in ("2.5", "2", "true")


@pytest.mark.parametrize("value", [[1], {"a": 1}, b"1", np.array([1, 2]), 10**400, object()])
def test_what_is_no_value(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the value itself
        as_number(value, MISSING)


def test_an_infinite_number_is_no_category(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.parquet, row 3: the column 'x' holds an infinite number"):
        texts_of(batch([1.0, 2.0, -math.inf, 1.0], tmp_path), "x", MISSING)
    with pytest.raises(ValueError, match="inf"):
        as_text(math.inf, MISSING)
