"""The encoded splits that PreprocessEncode leaves: Parquet, `label` first, then the features, all float32."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract.errors import InputError

Floats = NDArray[np.float32]

LABEL = "label"
BATCH_ROWS = 262_144


class Encoded:
    """A split: its Parquet files in the order of their names, read in batches.

    Raises InputError when the folder has no rows, or when the columns are not `label` and `features`.
    """

    def __init__(self, folder: Path, features: tuple[str, ...], name: str) -> None:
        self.name = name
        self.features = features
        self.files = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
        self.rows = sum(self._checked(path) for path in self.files)
        if not self.rows:
            raise InputError(f"The {name} split has no rows: bring more data or enlarge [split] {name}.")

    def _checked(self, path: Path) -> int:
        with pq.ParquetFile(path) as file:
            if tuple(file.schema_arrow.names) != (LABEL, *self.features):
                raise InputError(
                    f"{path.name} of the {self.name} split has the columns {', '.join(file.schema_arrow.names)}; "
                    "they are not those of the preprocessor: run the preprocessing again."
                )
            return int(file.metadata.num_rows)

    def batches(self) -> Iterator[tuple[Floats, Floats]]:
        """Features (rows, features) and labels (rows,), at most `BATCH_ROWS` rows at a time."""
        for path in self.files:
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(BATCH_ROWS):
                    yield _matrix(batch.columns[1:]), np.asarray(batch.columns[0], dtype=np.float32)

    def labels(self) -> Floats:
        """All labels, (rows,)."""
        tables = [pq.read_table(path, columns=[LABEL]) for path in self.files]
        return np.asarray(pa.concat_tables(tables)[LABEL], dtype=np.float32)

    def predict(self, model: Callable[[Floats], NDArray[np.floating]]) -> NDArray[np.floating]:
        """The model's answers to all rows, batch by batch: (rows,) or (rows, classes)."""
        return np.concatenate([model(matrix) for matrix, _ in self.batches()])


def _matrix(columns: list[pa.Array]) -> Floats:
    matrix = np.empty((len(columns[0]), len(columns)), dtype=np.float32)
    for index, column in enumerate(columns):
        matrix[:, index] = column
    return matrix
