"""One by one and in batches, the same rows give the same numbers to the last bit."""

import timeit
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import Columns
from contract.errors import InputError
from contract.preprocessor import Categorical, Numeric, Preprocessor, Split
from preprocessing.encode import BatchEncoder
from preprocessing.fit import fit
from preprocessing.read import in_memory
from preprocessing.record import RecordEncoder
from preprocessing.settings import Settings
from preprocessing.write import encode_files

pytestmark = pytest.mark.filterwarnings("error")


def bits(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32).view(np.uint32)


@pytest.mark.parametrize("choice", [{}, {"scale": "standard", "encoding": "one_hot", "impute": "none", "min_count": 9}])
def test_real_rows_encode_alike_in_batches_and_one_by_one(
    real_set: tuple[Path, dict[str, Any]], choice: dict[str, Any], tmp_path: Path
) -> None:
    path, columns = real_set
    fitted = fit(path, Settings.from_document({"columns": columns, **choice}))
    fitted.duplicates.write(tmp_path / "duplicates")
    encode_files(path, fitted.preprocessor, tmp_path / "duplicates", tmp_path, "algo-1")
    encoded = pq.read_table(tmp_path / "test")
    matrix = np.column_stack([column.to_numpy() for column in encoded.columns[1:]])
    raw = pq.read_table(tmp_path / "test_raw")
    assert raw.schema.types == [pa.string()] * raw.num_columns
    encoder = RecordEncoder(fitted.preprocessor)
    one_by_one = np.array([encoder.encode(record) for record in raw.to_pylist()])
    assert encoded.column_names == ["label", *fitted.preprocessor.feature_names]
    assert np.array_equal(bits(one_by_one), bits(matrix))


COLUMNS = Columns(label="y", task="binary", numeric=("a", "b"), categorical=("c", "d"))


def made(encoding: str, numbers: list[float]) -> Preprocessor:
    fill, mean, scale, other = numbers
    return Preprocessor(
        COLUMNS,
        (
            Numeric("a", fill, mean, abs(scale) or 1.0),
            Numeric("b", None, 0.0, 1.0),
            Categorical("c", ("u", "é v", "3"), encoding, 3.0, -1.0),  # type: ignore[arg-type]
            Categorical("d", ("true", "1.5"), encoding, other, -1.0),  # type: ignore[arg-type]
        ),
        ("0", "1"),
        Split("random", (), 0, {"": (0.7, 0.85)}),
    )


FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBER = st.one_of(
    FINITE, st.integers(-(2**63), 2**63 - 1), FINITE.map(repr), st.none(), st.sampled_from([" 7 ", "+1", "?"])
)
TEXT = st.one_of(st.sampled_from(["u", " u\t", "é v", "3", "NA", "", "true", "new"]), st.text(), st.none())


@given(st.lists(st.tuples(NUMBER, FINITE, TEXT, TEXT), min_size=1), st.lists(FINITE, min_size=4, max_size=4))
@pytest.mark.parametrize("encoding", ["ordinal", "one_hot"])
def test_any_record_encodes_alike(encoding: str, rows: list[tuple[Any, ...]], numbers: list[float]) -> None:
    preprocessor = made(encoding, [*numbers[:3], abs(numbers[3]) % 1e30])
    one_by_one = RecordEncoder(preprocessor)
    batch = BatchEncoder(preprocessor)
    for row in rows:
        record = dict(zip(COLUMNS.raw_features, row, strict=True))
        expected = batch.matrix(in_memory(pa.RecordBatch.from_pylist([record])))[0]
        assert np.array_equal(bits(one_by_one.encode(record)), bits(expected))
        assert np.isfinite(expected[0])


def test_fields_that_lack_or_hold_no_value_are_named() -> None:
    encoder = RecordEncoder(made("ordinal", [0.0, 0.0, 1.0, 2.0]))
    good = {"a": "1", "b": 2, "c": "u", "d": True}
    assert encoder.encode(good).tolist() == [1.0, 2.0, 0.0, 0.0]
    assert encoder.encode_values(["1", 2, " u ", None]).tolist() == [1.0, 2.0, 0.0, -1.0]
    assert encoder.encode({**good, "further": 1}).tolist() == [1.0, 2.0, 0.0, 0.0]
    for record, said in (
        ({"a": 1, "c": "u", "d": "x"}, "lacks the field 'b'"),
        ({**good, "b": "1.2.3"}, "field 'b' holds '1.2.3', which is not a finite number"),
        ({**good, "b": float("inf")}, "field 'b' holds 'inf'"),
        ({**good, "c": ["u"]}, "field 'c' holds"),
    ):
        with pytest.raises(InputError, match=said.replace("[", ".")):
            encoder.encode(record)
    with pytest.raises(InputError, match="has 3 values where 4 are needed"):
        encoder.encode_values(["1", 2, "u"])


def test_a_record_takes_microseconds() -> None:
    columns = Columns(
        label="y",
        task="binary",
        numeric=tuple(f"n{position}" for position in range(26)),
        categorical=tuple(f"c{position}" for position in range(4)),
    )
    features = [Numeric(name, 0.0, 1.0, 2.0) for name in columns.numeric]
    coded = [Categorical(name, ("u", "v"), "ordinal", 2.0, -1.0) for name in columns.categorical]
    encoder = RecordEncoder(Preprocessor(columns, (*features, *coded), ("0", "1"), Split("random", (), 0, {})))
    values = ["12.25"] * 26 + ["v"] * 4
    seconds = min(timeit.repeat(lambda: encoder.encode_values(values), number=200, repeat=5)) / 200
    assert seconds < 100e-6  # about 15 µs on a desk; the limit leaves room for a busy machine
