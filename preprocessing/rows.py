"""A 64-bit hash of each row's content, whatever batch, file or host the row stands in.

Cells are hashed by what they hold: texts without white space at both ends, numbers by their float64, so that a column
may be integer in one file and floating in the next. Equal rows have equal hashes; the reverse is left to the caller.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from preprocessing import arrays
from preprocessing.values import WHITE_SPACE

Hashes = npt.NDArray[np.uint64]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, odd
_NULL = np.uint64(0x6A09E667F3BCC909)
_HALF, _THIRD = np.uint64(32), np.uint64(29)
_BYTE_MASKS = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)


def row_hashes(data: pa.RecordBatch, names: Iterable[str], seed: int = 0) -> Hashes:
    """The hash of the named columns of each row, uint64; the order of the columns does not matter."""
    hashes = np.full(data.num_rows, _salt(f"seed {seed}"), dtype=np.uint64)
    for name in sorted(names):
        _mix_in(hashes, cell_hashes(data.column(name)))
    return finish(hashes)


def reseed(hashes: Hashes, seed: int) -> Hashes:
    """Independent hashes for another seed."""
    return finish(hashes ^ _salt(f"seed {seed}"))


def finish(hashes: Hashes) -> Hashes:
    """Spread every bit over all others; in place."""
    for _ in range(2):
        hashes ^= hashes >> _HALF
        hashes *= _MULTIPLIER
    hashes ^= hashes >> _THIRD
    return hashes


def cell_hashes(array: Any) -> Hashes:
    """A value for each cell, uint64; numbers are not mixed yet."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        values = np.append(cell_hashes(array.dictionary), _NULL)
        return np.asarray(values[arrays.codes(array, absent=len(values) - 1)])
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = arrays.floats(array) + 0.0  # -0 becomes 0
        bits = numbers.view(np.uint64)
        with np.errstate(all="ignore"):  # NaN has many spellings; the sum tells cheaply whether there may be one
            spelt = np.isnan(numbers.sum())
        return np.where(np.isnan(numbers), _NULL, bits) if spelt else bits
    if not pa.types.is_string(kind):
        array = array.cast(pa.string())
    return _text_hashes(pc.utf8_trim(array, characters=WHITE_SPACE))


def _mix_in(hashes: Hashes, cells: Hashes) -> None:
    """A product carries bits upwards only; the bytes' turn brings them down again for the next column."""
    hashes ^= cells
    hashes *= _MULTIPLIER
    hashes.byteswap(inplace=True)


def _text_hashes(array: Any) -> Hashes:
    """Eight bytes at a time, over all rows at once."""
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int32)[array.offset : array.offset + len(array) + 1].astype(
        np.int64
    )
    text = np.zeros(int(offsets[-1]) + 8, dtype=np.uint8)
    if data is not None:
        text[: offsets[-1]] = np.frombuffer(data, dtype=np.uint8)[: offsets[-1]]
    words = np.ndarray((len(text) - 7,), dtype="<u8", buffer=text.data, strides=(1,))
    lengths = np.diff(offsets)
    hashes = lengths.astype(np.uint64) * _MULTIPLIER
    rows = np.flatnonzero(lengths > 0)
    position = 0
    while len(rows):
        cells = words[offsets[rows] + position] & _BYTE_MASKS[np.minimum(lengths[rows] - position, 8)]
        some = hashes[rows]
        _mix_in(some, cells)
        hashes[rows] = some
        position += 8
        rows = rows[lengths[rows] > position]
    valid = arrays.present(array)
    if valid is not None:
        hashes[~valid] = _NULL
    return hashes


def _salt(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))
