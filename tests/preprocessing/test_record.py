"""One by one and in batches, the same rows give the same numbers to the last bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from preprocessing.fit import fit
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
