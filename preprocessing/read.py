"""Raw rows from a folder or file of CSV or Parquet, as batches in reading order and in bounded memory."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from contract.columns import Columns
from contract.errors import InputError
from contract.words import listed
from preprocessing import arrays, csv_text
from preprocessing.names import is_data
from preprocessing.settings import roles

#: Rows of a batch out of Parquet; a batch out of CSV is a block of `csv_text.LIMIT` bytes.
BATCH_ROWS = 1 << 16
MAGIC = b"PAR1"
#: pandas writes its row numbers under such names; they describe the file, not the rows.
PANDAS_INDEX = "__index_level_"


@dataclass(frozen=True)
class File:
    """A file below the input folder; `name` is its path in there, which is the same on every host."""

    path: Path
    name: str

    @property
    def is_parquet(self) -> bool:
        with self.path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC


@dataclass(frozen=True)
class Batch:
    """Rows of one file, with their numbers in it, from 0. CSV cells are text, those of Parquet keep their type."""

    file: File
    data: pa.RecordBatch
    numbers: npt.NDArray[np.int64]
    has_header: bool = True

    def where(self, row: int) -> str:
        """The place of a row of this batch, in words."""
        number = int(self.numbers[row])
        if self.file.is_parquet:
            return f"{self.file.name}, row {number + 1}"
        return f"{self.file.name}, line {csv_text.line_of(self.file.path, self.file.name, number, self.has_header)}"

    def keep(self, mask: npt.NDArray[np.bool_]) -> "Batch":
        """The rows where `mask` is true."""
        return Batch(self.file, self.data.filter(arrays.mask(mask)), self.numbers[mask], self.has_header)


def files(source: Path) -> list[File]:
    """The data files at or below `source`, by name; hidden files, `_SUCCESS` and checksums are no data.

    Raises InputError when `source` is missing, a file is empty, or CSV and Parquet stand together.
    """
    if source.is_file():
        found = [File(source, source.name)]
    elif source.is_dir():
        paths = sorted(path for path in source.rglob("*") if path.is_file())
        found = [File(path, path.relative_to(source).as_posix()) for path in paths]
        found = [file for file in found if is_data(file.name)]
    elif source.exists():
        raise InputError(f"The input {source} is neither a file nor a folder.")
    else:
        raise InputError(f"The input {source} is missing.")
    for file in found:
        if file.path.stat().st_size == 0:
            raise InputError(f"{file.name} is empty.")
        if file.path.suffix in (".parquet", ".pq") and not file.is_parquet:
            raise InputError(f"{file.name} is not a Parquet file, whatever its name says.")
    if len({file.is_parquet for file in found}) > 1:
        parquet = next(file.name for file in found if file.is_parquet)
        text = next(file.name for file in found if not file.is_parquet)
        raise InputError(f"The input mixes formats: {parquet} is Parquet and {text} is not; keep one.")
    return found


def batches(found: list[File], columns: Columns, wanted: Collection[str] | None = None) -> Iterator[Batch]:
    """The rows of the files, in order; `wanted` names the columns that are needed, None means every described one.

    Raises InputError when a file cannot be read or its columns are not the described ones.
    """
    names = [name for name in roles(columns) if wanted is None or name in wanted]
    for file in found:
        yield from (_parquet if file.is_parquet else _csv)(file, columns, names)


def header(file: File) -> list[str]:
    """The names of a file's columns. Raises InputError when it cannot be read."""
    if not file.is_parquet:
        return csv_text.header(file.path, file.name)
    try:
        return list(pq.read_schema(file.path).names)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from None


def in_memory(data: pa.RecordBatch) -> Batch:
    """Records that are no file: those of a request. Errors name them by their position."""
    return _Records(File(Path("the request"), "the request"), data, np.arange(data.num_rows))


def _check(name: str, present: list[str], columns: Columns) -> None:
    described = roles(columns)
    if repeated := [column for column in described if present.count(column) > 1]:
        raise InputError(f"{name} has the column {repeated[0]!r} twice; rename one.")
    if lacking := [column for column in described if column not in present]:
        raise InputError(
            f"{name} lacks the described column {lacking[0]!r} (role: {described[lacking[0]][0]}); "
            f"its columns are {listed(present)}."
        )
    if unknown := [column for column in present if column not in described and not column.startswith(PANDAS_INDEX)]:
        what = "column {} that has" if len(unknown) == 1 else "columns {} that have"
        told = what.format(listed(unknown))
        raise InputError(f"{name} has the {told} no role; name it as numeric, categorical or drop.")


def _csv(file: File, columns: Columns, wanted: list[str]) -> Iterator[Batch]:
    header = list(columns.names) or csv_text.header(file.path, file.name)
    has_header = not columns.names
    # Arrow counts the empty lines before the header, which are no records.
    above = csv_text.header_line(file.path, file.name) if has_header else 0
    _check(file.name, header, columns)
    row = 0
    try:
        with pa.input_stream(str(file.path), compression="detect") as stream:
            reader = pyarrow.csv.open_csv(
                stream,
                pyarrow.csv.ReadOptions(column_names=header, skip_rows_after_names=above, block_size=csv_text.LIMIT),
                pyarrow.csv.ParseOptions(newlines_in_values=True),
                pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), include_columns=wanted),
            )
            for data in reader:
                yield Batch(file, data, np.arange(row, row + data.num_rows), has_header)
                row += data.num_rows
    except (pa.ArrowException, OSError) as error:
        csv_text.explain(file.path, file.name, len(header))
        raise InputError(f"{file.name} cannot be read as CSV: {str(error).splitlines()[0][:200]}.") from None


def _parquet(file: File, columns: Columns, wanted: list[str]) -> Iterator[Batch]:
    coded = [*columns.categorical, columns.label]
    row = 0
    try:
        # Without pre_buffer a row group is not held whole; dictionaries stay what they are in the file.
        with pq.ParquetFile(file.path, pre_buffer=False, read_dictionary=coded) as reader:
            schema = reader.schema_arrow
            _check(file.name, schema.names, columns)
            for field in schema:
                if pa.types.is_nested(field.type):
                    raise InputError(f"{file.name}: the column {field.name!r} is nested ({field.type}); flatten it.")
            for data in reader.iter_batches(BATCH_ROWS, columns=wanted):
                yield Batch(file, data, np.arange(row, row + data.num_rows))
                row += data.num_rows
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(file, error) from None


def _unreadable(file: File, error: Exception) -> InputError:
    reason = str(error).splitlines()[0][:200].rstrip(".")
    return InputError(f"{file.name} cannot be read as Parquet: {reason}; write the file anew.")


class _Records(Batch):
    def where(self, row: int) -> str:
        return f"record {row + 1}"
