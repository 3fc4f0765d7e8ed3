"""Parquet bodies → features: the columns by name, in their own types."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from contract.columns import Columns
from contract.errors import InputError
from inference import reading
from inference.engine import Matrix
from inference.refusal import RefusedError, too_many
from inference.serving import CELLS, Serving
from inference.validation import Encoded, encode_typed
from preprocessing.encode import BatchEncoder
from preprocessing.read import BATCH_ROWS, in_memory
from preprocessing.record import RecordEncoder

MAGIC = b"PAR1"

#: What a body may unpack to, in bytes: a compressed page can stand for a thousand times its size.
UNPACKED = 1 << 30


def features(body: bytes, columns: Columns, batches: BatchEncoder, records: RecordEncoder, serving: Serving) -> Encoded:
    """The features of the rows, and in a transform job what ails those that have none.

    Raises InputError for what is no Parquet of these columns and for a bad value, RefusedError for too many rows.
    """
    if len(body) < 12 or body[:4] != MAGIC or body[-4:] != MAGIC:
        raise InputError("The body is not Parquet: it does not begin and end with PAR1.")
    with _readable():
        file = pq.ParquetFile(pa.BufferReader(body))
        _check(file, columns, serving)
        # Repeated texts stay what they are in the file: written out, they could be of any size.
        texts = [name for name in columns.raw_features if _is_text(file.schema_arrow.field(name).type)]
        file = pq.ParquetFile(pa.BufferReader(body), pre_buffer=False, read_dictionary=texts)
    found: list[Matrix] = []
    errors: dict[int, str] = {}
    position = 0
    for data in _batches(file, columns):
        try:
            with _readable():  # a text is decoded only here
                found.append(batches.matrix(in_memory(data)))
        except InputError as error:
            with _readable():
                encoded = encode_typed(records, data.to_pylist(), position + 1)
            if not encoded.errors:
                raise error
            if not serving.batch:
                raise InputError(next(iter(encoded.errors.values()))) from None
            found.append(encoded.matrix)
            errors |= {position + at: reason for at, reason in encoded.errors.items()}
        position += data.num_rows
    if not position:
        raise InputError("The body holds no record.")
    return Encoded(np.concatenate(found), errors)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0][:200].rstrip(".")
        raise InputError(f"The body cannot be read as Parquet: {reason}.") from None


def _check(file: pq.ParquetFile, columns: Columns, serving: Serving) -> None:
    """Before anything is decoded: few bytes can stand for very many rows."""
    metadata = file.metadata
    reading.limit(metadata.num_rows, serving.records)
    wanted = columns.raw_features
    if metadata.num_rows * len(wanted) > CELLS:
        raise too_many(f"The request has {metadata.num_rows:,} rows of {len(wanted)} columns, at most {CELLS:,} cells")
    schema = file.schema_arrow
    for name in wanted:
        if (count := schema.names.count(name)) != 1:
            raise InputError(f"The body {'lacks the column' if not count else 'has twice the column'} {name!r}.")
        if pa.types.is_nested(schema.field(name).type):
            raise InputError(f"The column {name!r} is nested ({schema.field(name).type}).")
    # Of all columns: asked for a single damaged one, Arrow ends the process.
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if unpacked > UNPACKED:
        raise RefusedError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body unpacks to {unpacked:,} bytes, at most {UNPACKED:,} do."
        )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _batches(file: pq.ParquetFile, columns: Columns) -> Iterator[pa.RecordBatch]:
    batches = file.iter_batches(BATCH_ROWS, columns=list(columns.raw_features), use_threads=False)
    while True:
        with _readable():
            if (data := next(batches, None)) is None:
                return
            data.validate(full=True)  # Arrow takes a damaged file's indices and texts as they come
        yield data
