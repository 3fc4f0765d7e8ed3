"""Encoded rows as the built-in algorithms read them: CSV without header, all digits of each number.

Below the target stand train/ (features alone, in an order that tells nothing, in several files so that hosts can share
them), validation/ (label first, then the features) and scored/validation/, scored/test/ (features alone); but for
train/, each file is like its Parquet file.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from model_build.jobs.encoded import LABEL

#: Files of the training rows of each host: as many instances can train.
PARTS = 16

BATCH_ROWS = 131_072

PLAIN = pyarrow.csv.WriteOptions(include_header=False)


def write(encoded: Path, target: Path) -> None:
    """Write what stands in `encoded` (train/, validation/, test/ with Parquet, see `preprocessing.write`)."""
    _spread(sorted((encoded / "train").glob("*.parquet")), target / "train")
    _each(encoded / "validation", target / "validation", labelled=True)
    for side in ("validation", "test"):
        _each(encoded / side, target / "scored" / side, labelled=False)


def _spread(files: list[Path], folder: Path) -> None:
    """Each row to one of the parts by lot, and in it behind others of its batch by lot."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    for path in files:
        parts = [(folder / f"{path.stem}-{part:02}.csv").open("wb") for part in range(PARTS)]
        try:
            for batch in _batches(path):
                order = random.permutation(batch.num_rows)
                for part, rows in zip(parts, np.array_split(order, PARTS), strict=True):
                    pyarrow.csv.write_csv(batch.drop_columns([LABEL]).take(pa.array(rows)), part, PLAIN)
        finally:
            for part in parts:
                part.close()


def _each(source: Path, target: Path, *, labelled: bool) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.parquet")):
        with (target / f"{path.stem}.csv").open("wb") as file:
            for batch in _batches(path):
                pyarrow.csv.write_csv(batch if labelled else batch.drop_columns([LABEL]), file, PLAIN)


def _batches(path: Path) -> Any:
    """Tables of float64: a float32 would be written with the fewest digits that tell it from other float32."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            table = pa.Table.from_batches([batch])
            yield table.cast(pa.schema([(name, pa.float64()) for name in table.column_names]))
