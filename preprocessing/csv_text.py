"""CSV files as records with their line numbers: slow and exact, for headers and for telling where an error is."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from contract.errors import InputError

#: The longest record that is read, in bytes; it bounds the memory.
LIMIT = 4 << 20
BOM = "\ufeff"


def header(path: Path, name: str) -> list[str]:
    """The first record of a file. Raises InputError when there is none, or when it is no list of distinct names."""
    first = next(records(path, name), None)
    if first is None:
        raise InputError(f"{name} is empty.")
    names = [cell.strip() for cell in first[1]]
    if len(names) == 1 and (other := next((mark for mark in (";", "\t", "|") if mark in names[0]), None)):
        raise InputError(f"{name} separates its columns by {other!r}; save it with commas.")
    if repeated := sorted({column for column in names if names.count(column) > 1}):
        raise InputError(f"{name} has the column {repeated[0]!r} twice; rename one.")
    return names


def header_line(path: Path, name: str) -> int:
    """The line on which the header starts, from 1: empty lines may stand before it."""
    return next(records(path, name))[0]


def records(path: Path, name: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it starts, counted from 1; empty lines are passed over.

    Raises InputError with the line for bytes that are not UTF-8 and for records above the limit, and with the file for
    what cannot be decompressed.
    """
    with pa.input_stream(str(path), compression="detect") as stream:
        lines = _Lines(io.BufferedReader(stream), name)
        rows = csv.reader(lines)
        while True:
            lines.start_record()
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                if "new-line character" in str(error):
                    raise InputError(
                        f"{name}, line {lines.first} has a carriage return alone; end the lines with a line feed."
                    ) from None
                raise InputError(f"{name}, line {lines.first}: {error}.") from None
            if row:
                yield lines.first, row


def explain(path: Path, name: str, width: int) -> None:
    """Raise InputError with file and line for the first record that does not have `width` cells; or do nothing."""
    for line, row in records(path, name):
        if len(row) != width:
            raise InputError(f"{name}, line {line} has {len(row)} cells where {width} are needed.")


def line_of(path: Path, name: str, row: int, has_header: bool) -> int:
    """The line on which data row `row` (from 0) starts."""
    for index, (line, _) in enumerate(records(path, name)):
        if index == row + has_header:
            return line
    raise IndexError(row)


class _Lines:
    """The decoded lines of a stream, which knows where the present record began and how long it grew."""

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        self._stream, self._name = stream, name
        self._number, self._size, self.first = 0, 0, 1
        csv.field_size_limit(LIMIT)

    def start_record(self) -> None:
        self._size, self.first = 0, self._number + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._stream.readline(LIMIT + 1)
        except OSError as error:  # Arrow's, also for a broken gzip file or one that is none
            raise InputError(
                f"{self._name} cannot be read ({str(error).splitlines()[0][:200]}); write the file anew, "
                "and name it .gz, .bz2 or .zst only if it is compressed."
            ) from None
        if not line:
            raise StopIteration
        self._number += 1
        self._size += len(line)
        if self._size > LIMIT:
            raise InputError(
                f"{self._name}: the record that starts on line {self.first} is longer than {LIMIT >> 20} MiB; "
                "perhaps a quotation mark is not closed."
            )
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self._name}, line {self._number} is not UTF-8 (byte {line[error.start]:#04x}); "
                "save the file as UTF-8."
            ) from None
        return text.removeprefix(BOM) if self._number == 1 else text
