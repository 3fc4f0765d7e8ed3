"""The dataset of an analysis: Parquet files as columns, numbers and texts told apart."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract.errors import InputError

Column = NDArray[Any]
Columns = Mapping[str, Column]

PARQUET = "application/x-parquet"


def read(folder: Path, kind: str) -> Columns:
    """Name → (rows,): float64 with NaN, or objects with None. Raises InputError for what is no such dataset."""
    if kind.lower() != PARQUET:
        raise InputError(f"dataset_type {kind!r} is not supported on this machine: use {PARQUET}.")
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise InputError("The dataset has no files.")
    table = pa.concat_tables([pq.read_table(path) for path in files], promote_options="default")
    if not table.num_rows:
        raise InputError("The dataset has no rows.")
    return {name: _column(table[name]) for name in table.column_names}


def _column(values: pa.ChunkedArray) -> Column:
    if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        return np.asarray(values.cast(pa.float64()).to_numpy(), dtype=np.float64)
    texts = [None if value is None else str(value) for value in values.to_pylist()]
    return np.array(texts, dtype=object)


def one(columns: Columns, name: Any, what: str) -> Column:
    """The column of a name, or of a position. Raises InputError when there is none."""
    names = list(columns)
    if isinstance(name, int) and 0 <= name < len(names):
        return columns[names[name]]
    if name not in columns:
        raise InputError(f"The {what} {name!r} is no column of the dataset; it has {', '.join(names)}.")
    return columns[name]


class Codes:
    """Columns as numbers that stand for values, so that any mix of rows can be turned back into records."""

    def __init__(self, columns: Columns, baseline: Mapping[str, Any]) -> None:
        self.names = list(columns)
        self._values: list[list[Any]] = []
        matrix, start = [], []
        for name, column in columns.items():
            plain = [None if value != value else value for value in column.tolist()]
            known = {value: code for code, value in enumerate(dict.fromkeys([baseline[name], *plain]))}
            self._values.append(list(known))
            matrix.append([known[value] for value in plain])
            start.append(known[baseline[name]])
        self.matrix = np.array(matrix, dtype=np.float32).T
        self.baseline = np.array([start], dtype=np.float32)

    def records(self, matrix: NDArray[np.float32]) -> Sequence[dict[str, Any]]:
        """The rows that `matrix` (rows, columns) of codes stands for."""
        columns = [
            [values[code] for code in codes] for values, codes in zip(self._values, matrix.T.astype(int), strict=True)
        ]
        return [dict(zip(self.names, row, strict=True)) for row in zip(*columns, strict=True)]
