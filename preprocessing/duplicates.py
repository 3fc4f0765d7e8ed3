"""Exact de-duplication: which rows repeat an earlier one, found in partitions on disk.

Two rows are equal when all their described columns are, white space at the ends of texts aside. The hash of the row
only finds candidates; their content decides. Of equal rows the first in reading order stays.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contract.columns import Columns
from contract.errors import InputError
from preprocessing import arrays
from preprocessing.cell_hashes import Hashes
from preprocessing.read import Batch, File, batches
from preprocessing.rows import row_hashes
from preprocessing.settings import roles
from preprocessing.stream import mapped
from preprocessing.values import WHITE_SPACE

_NAME, _KEY = "rows.npz", "rows of "
_PARTITION_BITS = 6
_PARTITIONS = 1 << _PARTITION_BITS
_ORDER, _OF_FILE, _ROW = "\x00order", "\x00file", "\x00row"  # beside the raw columns, under names that none has


@dataclass(frozen=True)
class Duplicates:
    """File → numbers of the rows to leave out, sorted; eight bytes a row."""

    rows: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(len(rows) for rows in self.rows.values())

    def leave_out(self, batch: Batch) -> Batch:
        """The rows of the batch that stay."""
        removed = self.rows.get(batch.file.name)
        if removed is None or not len(batch.numbers):
            return batch
        here = removed[
            np.searchsorted(removed, batch.numbers[0]) : np.searchsorted(removed, batch.numbers[-1], "right")
        ]
        return batch.keep(~np.isin(batch.numbers, here)) if len(here) else batch

    def write(self, folder: Path) -> None:
        """Write them below `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(folder / _NAME, **{_KEY + name: rows for name, rows in sorted(self.rows.items())})  # type: ignore[arg-type]

    @classmethod
    def read(cls, folder: Path, found: list[File]) -> "Duplicates":
        """Those of the given files, out of what `write` left. Raises InputError when it left nothing."""
        try:
            with np.load(folder / _NAME) as stored:
                return cls({file.name: stored[_KEY + file.name] for file in found if _KEY + file.name in stored})
        except FileNotFoundError:
            raise InputError(f"{folder / _NAME} is missing; run Fit again.") from None


def find_duplicates(found: list[File], columns: Columns, work: Path | None = None) -> Duplicates:
    """The rows that repeat an earlier one; spills below `work` (default: the system's temporary folder)."""
    with tempfile.TemporaryDirectory(dir=work) as name:
        folder = Path(name)
        repeated = _repeated_hashes(_hashes(found, columns), folder)
        if not len(repeated):
            return Duplicates()
        _spill_candidates(_hashes(found, columns), repeated, columns, folder)
        partitions = (sorted(folder.glob(f"rows-{part:02}-*")) for part in range(_PARTITIONS))
        removed = [_removed(paths) for paths in partitions if paths]
    table = pa.concat_tables(removed)
    numbers = {}
    for index, file in enumerate(found):
        rows = table.filter(pc.equal(table.column(_OF_FILE), index)).column(_ROW).to_numpy()
        if len(rows):
            numbers[file.name] = np.sort(rows)
    return Duplicates(numbers)


@dataclass(frozen=True)
class _Hashed:
    batch: Batch
    file: int
    hashes: Hashes


def _hashes(found: list[File], columns: Columns) -> Iterator[_Hashed]:
    index = {file.name: position for position, file in enumerate(found)}
    names = list(roles(columns))
    return mapped(
        lambda batch: _Hashed(batch, index[batch.file.name], row_hashes(batch.data, names, columns.missing)),
        batches(found, columns),
    )


def _repeated_hashes(hashed: Iterator[_Hashed], folder: Path) -> Hashes:
    """The hashes that occur more than once, sorted, as a map of a file."""
    with ExitStack() as stack:
        spills = [stack.enter_context((folder / f"hashes-{part:02}").open("wb")) for part in range(_PARTITIONS)]
        for item in hashed:
            for part, rows in _partitioned(item.hashes):
                spills[part].write(item.hashes[rows].tobytes())
    with (folder / "repeated").open("wb") as stream:
        for part in range(_PARTITIONS):
            # Partitions are ranges of the hash: sorted one by one they are sorted as a whole.
            values = np.sort(np.fromfile(folder / f"hashes-{part:02}", dtype=np.uint64))
            again = values[1:][values[1:] == values[:-1]]
            stream.write(np.unique(again).tobytes())
    path = folder / "repeated"
    return np.memmap(path, dtype=np.uint64, mode="r") if path.stat().st_size else np.empty(0, dtype=np.uint64)


def _spill_candidates(hashed: Iterator[_Hashed], repeated: Hashes, columns: Columns, folder: Path) -> None:
    """The content of the rows whose hash occurs again, by partition (and by schema, which may change by file)."""
    writers: dict[tuple[int, str], Any] = {}
    order = 0
    with ExitStack() as stack:
        for item in hashed:
            found = repeated[np.minimum(np.searchsorted(repeated, item.hashes), len(repeated) - 1)] == item.hashes
            rows = np.flatnonzero(found)
            content = _content(item, rows, columns).append_column(_ORDER, arrays.numbers(rows + order))
            order += len(item.hashes)
            for part, chosen in _partitioned(item.hashes[rows]):
                key = (part, str(content.schema))
                if key not in writers:
                    path = folder / f"rows-{part:02}-{len(writers):06}"
                    writers[key] = stack.enter_context(pa.ipc.new_stream(str(path), content.schema))
                writers[key].write_table(content.take(arrays.numbers(chosen)))


def _content(item: _Hashed, rows: npt.NDArray[np.intp], columns: Columns) -> Any:
    data = item.batch.data.take(arrays.numbers(rows))
    table = {name: _comparable(data.column(name)) for name in roles(columns)}
    table[_OF_FILE] = arrays.numbers(np.full(len(rows), item.file))
    table[_ROW] = arrays.numbers(item.batch.numbers[rows])
    return pa.table(table)


def _comparable(array: Any) -> Any:
    """The cells in the one type that equal cells share."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_boolean(array.type) or pa.types.is_integer(array.type):
        return array if pa.types.is_uint64(array.type) else array.cast(pa.int64())
    if pa.types.is_floating(array.type):
        numbers = pc.add(array.cast(pa.float64()), 0.0)  # -0 becomes 0
        return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    return pc.utf8_trim(array.cast(pa.string()), characters=WHITE_SPACE)


def _removed(paths: list[Path]) -> Any:
    """File and row of what repeats an earlier row, within one partition."""
    tables = [pa.ipc.open_stream(str(path)).read_all() for path in paths]
    try:
        table = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowTypeError:  # numbers in one file, texts in another
        table = pa.concat_tables([_as_texts(table) for table in tables])
    content = [name for name in table.column_names if name not in (_ORDER, _OF_FILE, _ROW)]
    first = table.group_by(content).aggregate([(_ORDER, "min")]).column(f"{_ORDER}_min")
    return table.filter(pc.invert(pc.is_in(table.column(_ORDER), value_set=first))).select([_OF_FILE, _ROW])


def _as_texts(table: Any) -> Any:
    for position, name in enumerate(table.column_names):
        if name not in (_ORDER, _OF_FILE, _ROW):
            table = table.set_column(position, name, table.column(name).cast(pa.string()))
    return table


def _partitioned(hashes: Hashes) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    parts = (hashes >> np.uint64(64 - _PARTITION_BITS)).astype(np.int64)
    order = np.argsort(parts, kind="stable")
    bounds = np.searchsorted(parts[order], np.arange(_PARTITIONS + 1))
    for part in np.unique(parts):
        yield int(part), order[bounds[part] : bounds[part + 1]]
