"""The four outputs of Encode: encoded train, validation and test rows, and the raw test rows, as Parquet."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.errors import InputError
from contract.preprocessor import Preprocessor
from preprocessing.derive import Features
from preprocessing.duplicates import Duplicates
from preprocessing.encode import BatchEncoder
from preprocessing.label import label_indices, label_numbers, label_texts
from preprocessing.read import Batch, batches, files
from preprocessing.rows import row_hashes
from preprocessing.settings import LABEL, roles
from preprocessing.split import SIDES, sides_of
from preprocessing.stream import mapped

RAW = "test_raw"
#: Rows of a row group.
GROUP_ROWS = 1 << 17


def encode_files(
    source: Path,
    preprocessor: Preprocessor,
    duplicates: Path,
    output: Path,
    host: str,
    features: Features | None = None,
) -> dict[str, int]:
    """Encode the data files at or below `source`; returns the rows written for each side.

    Below `output` stand train/, validation/, test/ (float32: `label` first, then the features) and test_raw/ (the raw
    columns of the test rows, in the same order), each with one file a host, in reading order. `duplicates` is the
    folder that Fit wrote. A host without files, or without rows for a side, writes none.
    Raises InputError with the place for what cannot be read or encoded.
    """
    found = files(source)
    removed = Duplicates.read(duplicates, found)
    side_of = partial(_sided, preprocessor=preprocessor, encoder=BatchEncoder(preprocessor, features))
    rows = dict.fromkeys(SIDES, 0)
    with ExitStack() as stack:
        writers = {name: stack.enter_context(_Writer(output / name, host)) for name in (*SIDES, RAW)}
        stayed = (removed.leave_out(batch) for batch in batches(found, preprocessor.columns))
        for tables in mapped(side_of, stayed):
            for name, table in tables.items():
                writers[name].write(table)
                if name in rows:
                    rows[name] += table.num_rows
    return rows


def _sided(batch: Batch, preprocessor: Preprocessor, encoder: BatchEncoder) -> dict[str, Any]:
    """The batch as one table for each output."""
    columns = preprocessor.columns
    if columns.task == "regression":
        label, values = None, label_numbers(batch, columns)
    else:
        label = label_texts(batch, columns)
        values = label_indices(label, preprocessor.classes, batch)
    sides = sides_of(preprocessor.split, columns, batch, row_hashes(batch.data, roles(columns)), label)
    with np.errstate(over="ignore"):
        target = values.astype(np.float32)
    if np.isinf(target).any():
        row = int(np.flatnonzero(np.isinf(target))[0])
        raise InputError(f"{batch.where(row)}: the label {values[row]!r} is beyond float32, in which models train.")
    encoded = [target, *encoder.encode(batch)]
    names = [LABEL, *preprocessor.feature_names]
    tables = {}
    for index, side in enumerate(SIDES):
        rows = np.flatnonzero(sides == index)
        tables[side] = pa.table([column[rows] for column in encoded], names)
    tables[RAW] = _plain(pa.Table.from_batches([batch.data.take(pa.array(rows))]))
    return tables


def _plain(table: Any) -> Any:
    """The types of the file: reading took some columns as dictionaries."""
    schema = pa.schema(
        [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    )
    return table.cast(schema)


class _Writer:
    """One output folder: a file a host, a further one wherever the schema changes; none while there are no rows."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder, self._host = folder, host
        self._waiting: list[Any] = []
        self._writer: Any = None
        self._parts = 0

    def __enter__(self) -> "_Writer":
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def write(self, table: Any) -> None:
        if not table.num_rows:
            return
        if self._waiting and table.schema != self._waiting[0].schema:
            self._flush()
        self._waiting.append(table)
        if sum(waiting.num_rows for waiting in self._waiting) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting = []
        if self._writer is None or self._writer.schema != table.schema:
            if self._writer is not None:
                self._writer.close()
            path = self._folder / f"part-{self._host}-{self._parts:05}.parquet"
            # Floats hardly repeat: dictionaries and statistics would cost time and save nothing.
            plain = all(pa.types.is_floating(field.type) for field in table.schema)
            self._writer = pq.ParquetWriter(path, table.schema, use_dictionary=not plain, write_statistics=False)
            self._parts += 1
        self._writer.write_table(table, row_group_size=GROUP_ROWS)
