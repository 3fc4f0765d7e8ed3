"""Parquet files of one host, written in row groups of an even size."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

GROUP_ROWS = 1 << 17


def as_in_file(table: Any) -> Any:
    """The table with the types that its file has: reading took some columns as dictionaries."""
    kinds = [(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(kinds))


class Output:
    """One output folder: a file a host, a further one wherever the schema changes; none while there are no rows.

    `repeating` names the numeric columns of few values; texts count as such anyway. They are written as dictionaries,
    which is smaller and no slower; for the others that and statistics would cost time and save nothing.
    """

    def __init__(self, folder: Path, host: str, repeating: Collection[str]) -> None:
        self._folder, self._host, self._repeating = folder, host, repeating
        self._waiting: list[Any] = []
        self._writer: Any = None
        self._parts = 0

    def __enter__(self) -> "Output":
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def write(self, table: Any) -> None:
        """Append the rows, in order."""
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
            self._open(table.schema)
        self._writer.write_table(table, row_group_size=GROUP_ROWS)

    def _open(self, schema: Any) -> None:
        if self._writer is not None:
            self._writer.close()
        path = self._folder / f"part-{self._host}-{self._parts:05}.parquet"
        self._parts += 1
        coded = [field.name for field in schema if field.name in self._repeating or pa.types.is_string(field.type)]
        self._writer = pq.ParquetWriter(path, schema, use_dictionary=coded or False, write_statistics=False)
