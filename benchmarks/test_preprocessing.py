"""Ten million Parquet rows: Fit and Encode, beside pandas with scikit-learn and beside a copy of the file."""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.measure import Measured, measured
from contract import documents

ROWS, FEWER_ROWS = 10_000_000, 1_000_000
CATEGORIES = (3, 10, 50, 200)
REPOSITORY = Path(__file__).resolve().parents[1]
PEER = REPOSITORY / "benchmarks" / "peers" / "preprocessing_pandas.py"
COPY = (
    "import sys, pyarrow.parquet as pq\n"
    "source = pq.ParquetFile(sys.argv[1], pre_buffer=False)\n"
    "texts = [name for name in source.schema_arrow.names if name.startswith('c')]\n"
    "target = pq.ParquetWriter(sys.argv[2], source.schema_arrow, use_dictionary=texts)\n"
    "for batch in source.iter_batches(1 << 17): target.write_batch(batch)\n"
    "target.close()\n"
)


def generate(path: Path, rows: int) -> Path:
    """Six numeric columns, two of them with 5 % missing, four categorical ones, a label; a million rows at a time."""
    rng = np.random.default_rng(0)
    path.parent.mkdir()
    writer = None
    for start in range(0, rows, 1_000_000):
        size = min(1_000_000, rows - start)
        numbers = {f"n{index}": rng.normal(index, 1 + index, size) for index in range(6)}
        for name in ("n0", "n1"):
            numbers[name][rng.random(size) < 0.05] = np.nan
        texts = {
            f"c{index}": np.array([f"v{value}" for value in range(count)])[rng.integers(0, count, size)]
            for index, count in enumerate(CATEGORIES)
        }
        table = pa.table({**numbers, **texts, "y": (rng.random(size) < 0.3).astype(np.int64)})
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
    return path


def ours(source: Path, home: Path) -> Measured:
    """Both jobs, one after the other, as two processes."""
    columns = {
        "label": "y",
        "task": "binary",
        "positive": "1",
        "numeric": [f"n{index}" for index in range(6)],
        "categorical": [f"c{index}" for index in range(len(CATEGORIES))],
    }
    documents.write(home / "preprocess.json", {"columns": columns, "scale": "standard"})
    documents.write(home / "resourceconfig.json", {"current_host": "algo-1"})
    environment = {
        **os.environ,
        "INPUT": str(source.parent),
        "SETTINGS": str(home / "preprocess.json"),
        "PREPROCESSOR": str(home / "fit"),
        "RESOURCE_CONFIG": str(home / "resourceconfig.json"),
        "PYTHONPATH": str(REPOSITORY),
    }
    program = [sys.executable, "-m", "model_build.jobs"]
    fit = measured([*program[:2], f"{program[2]}.preprocess_fit"], {**environment, "OUTPUT": str(home / "fit")})
    encode = measured([*program[:2], f"{program[2]}.preprocess_encode"], {**environment, "OUTPUT": str(home / "out")})
    return Measured(fit.seconds + encode.seconds, max(fit.peak, encode.peak))


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_ten_million_rows(tmp_path: Path) -> None:
    many, few = (
        generate(tmp_path / "many" / "data.parquet", ROWS),
        generate(tmp_path / "few" / "data.parquet", FEWER_ROWS),
    )
    copy = measured([sys.executable, "-c", COPY, str(many), str(tmp_path / "copy")], os.environ)
    small = ours(few, tmp_path / "small")
    # Before and after the peer, so that a machine that grows busier does not favour either.
    before = ours(many, tmp_path / "before")
    peer = measured([sys.executable, str(PEER), str(many), str(tmp_path / "peer")], os.environ)
    after = ours(many, tmp_path / "after")
    mine = Measured((before.seconds + after.seconds) / 2, max(before.peak, after.peak))
    results = {
        "copy of the file (the floor)": copy,
        "Fit and Encode": mine,
        "Fit and Encode, 1 million": small,
        "pandas + scikit-learn": peer,
    }
    print(f"\n{'10 million Parquet rows':32}{'seconds':>9}{'M rows/s':>10}{'peak MB':>9}")
    for name, result in results.items():
        rows = FEWER_ROWS if "1 million" in name else ROWS
        print(f"{name:32}{result.seconds:9.2f}{rows / result.seconds / 1e6:10.2f}{result.peak / 1e6:9.0f}")
    print(f"{peer.seconds / mine.seconds:.1f} times the rows/s of the peer")
    assert peer.seconds / mine.seconds >= 3
    assert mine.peak <= 1.5e9
    assert mine.peak <= 1.5 * small.peak
