"""Many records at once: bodies → Arrow's columns → the model's features, the same as one by one to the last bit.

What these readers do not take without doubt raises IrregularError, and `reading` says what it is. Imported with the
first batch, so that an endpoint of single records never waits for Arrow.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from contract.columns import Columns
from contract.errors import InputError
from inference import reading
from inference.engine import Matrix
from inference.reading import BOM
from preprocessing import arrays
from preprocessing.encode import BatchEncoder
from preprocessing.read import in_memory

#: Bytes of CSV that become columns at a time; it bounds the memory.
BLOCK = 8 << 20

QUOTE, COMMA, LINE_FEED, RETURN = b'",\n\r'


class IrregularError(Exception):
    """The body may still be a good one: the slow way decides."""


def csv_features(body: bytes, columns: Columns, encoder: BatchEncoder, tolerant: bool) -> Matrix:
    """The features of a body of CSV, (records, features) float32.

    tolerant  in a transform job; see `reading.header`

    Raises IrregularError.
    """
    try:
        names, start = _names(body, columns, tolerant)
        reading.decode(body)  # Arrow does not look at the columns that are left out
    except InputError:
        raise IrregularError from None
    _check_quotes(body, tolerant)
    for types in (_typed(columns), _texts(columns)):
        try:
            blocks = [encoder.matrix(in_memory(block)) for block in _blocks(body, start, names, columns, types)]
        except (pa.ArrowException, InputError, IrregularError):
            continue
        if blocks:
            return np.concatenate(blocks)
    raise IrregularError


def json_features(records: Sequence[Any], columns: Columns, encoder: BatchEncoder) -> Matrix:
    """The features of parsed records, (records, features) float32. Raises IrregularError."""
    names = columns.raw_features
    kinds = set(map(type, records))
    if kinds == {dict}:
        try:
            values = [[record[name] for record in records] for name in names]
        except KeyError:
            raise IrregularError from None
    elif kinds <= {list, tuple} and set(map(len, records)) == {len(names)}:
        values = [list(column) for column in zip(*records, strict=True)]
    else:
        raise IrregularError
    try:
        data = [_column(column, name in columns.numeric) for column, name in zip(values, names, strict=True)]
        return encoder.matrix(in_memory(pa.RecordBatch.from_arrays(data, list(names))))
    except (pa.ArrowException, InputError, OverflowError, UnicodeError):
        raise IrregularError from None


def _column(values: list[Any], numeric: bool) -> Any:
    """Values of one type, or of int and float in a numeric column, as an Arrow array."""
    kinds = set(map(type, values)) - {type(None)}
    if numeric and kinds and kinds <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if not kinds:
        return pa.array(values, pa.string())
    if len(kinds) > 1 or not kinds <= {str, int, float, bool}:
        raise IrregularError
    return pa.array(values)


def _names(body: bytes, columns: Columns, tolerant: bool) -> tuple[list[str], int]:
    """The names of the columns, and where the records begin: behind the header, when there is one."""
    start = len(BOM) if body.startswith(BOM) else 0
    while body[start : start + 1] in (b"\n", b"\r"):
        start += 1
    end = body.find(b"\n", start)
    end = len(body) if end < 0 else end
    try:
        first = next(csv.reader(io.StringIO(body[start:end].decode(), newline=""), strict=True), [])
    except (csv.Error, UnicodeDecodeError):
        raise IrregularError from None
    names = reading.header(first, columns, tolerant)
    if names is None:
        return list(columns.raw_features), start
    return names, end + 1


def _check_quotes(body: bytes, tolerant: bool) -> None:
    """Raises IrregularError for quotation marks that stand neither around a cell nor doubled: readers differ there.

    So do they over an end of line within quotation marks in a transform job (`tolerant`), where a line is a record.
    """
    if b'"' not in body:
        return
    content = np.frombuffer(body, dtype=np.uint8)
    places = np.flatnonzero(content == QUOTE)
    if len(places) % 2:
        raise IrregularError
    opening, closing = places[::2], places[1::2]
    before = content[opening[opening > 0] - 1]
    after = content[closing[closing < len(content) - 1] + 1]
    around = np.array([QUOTE, COMMA, LINE_FEED, RETURN], dtype=np.uint8)
    # A byte order mark stands before a first cell in quotation marks.
    first = body.startswith(BOM + b'"')
    if not (np.isin(before[int(first) :], around).all() and np.isin(after, around).all()):
        raise IrregularError
    if tolerant and (np.searchsorted(places, np.flatnonzero(content == LINE_FEED)) % 2).any():
        raise IrregularError


Types = dict[str, Any]


def _typed(columns: Columns) -> Types:
    return dict.fromkeys(columns.numeric, pa.float64()) | dict.fromkeys(
        columns.categorical, pa.dictionary(pa.int32(), pa.string())
    )


def _texts(columns: Columns) -> Types:
    return dict.fromkeys(columns.raw_features, pa.string())


def _blocks(body: bytes, start: int, names: list[str], columns: Columns, types: Types) -> Iterator[pa.RecordBatch]:
    reader = pyarrow.csv.open_csv(
        pa.BufferReader(pa.py_buffer(memoryview(body)[start:])),
        pyarrow.csv.ReadOptions(column_names=names, block_size=BLOCK, use_threads=False),
        pyarrow.csv.ParseOptions(newlines_in_values=b'"' in body),
        pyarrow.csv.ConvertOptions(
            column_types=types, include_columns=list(columns.raw_features), null_values=list(columns.missing)
        ),
    )
    for block in reader:
        for name in columns.numeric:
            _check_finite(block.column(name))
        yield block


def _check_finite(column: Any) -> None:
    """Raises IrregularError where Arrow read `inf` or `nan`: no numbers, though a missing marker may spell them."""
    if pa.types.is_float64(column.type):
        finite = np.isfinite(arrays.values(column))
        valid = arrays.present(column)
        if not (finite.all() if valid is None else finite[valid].all()):
            raise IrregularError
