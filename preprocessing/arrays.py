"""Arrow arrays to numpy and back without a copy, and without the pandas import that Arrow's own conversions bring."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: Arrow names integers as numpy does, but not these.
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}


def present(array: Any) -> npt.NDArray[np.bool_] | None:
    """Which cells are not null; None when all are."""
    if not array.null_count:
        return None
    if array.buffers()[0] is None:  # the type null has no cells at all
        return np.zeros(len(array), dtype=bool)
    bits = np.frombuffer(array.buffers()[0], dtype=np.uint8)
    return np.unpackbits(bits, count=array.offset + len(array), bitorder="little")[array.offset :].view(bool)


def values(array: Any) -> npt.NDArray[Any]:
    """The values of an integer or floating array, read only; what stands at a null is undefined."""
    dtype = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    start = array.offset * dtype.itemsize
    return np.frombuffer(array.buffers()[1], dtype=dtype, count=len(array), offset=start)


def floats(array: Any) -> npt.NDArray[np.float64]:
    """A boolean, integer or floating array as float64; NaN at nulls. Read only when nothing had to change."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    numbers = values(array).astype(np.float64, copy=False)
    valid = present(array)
    return numbers if valid is None else np.where(valid, numbers, np.nan)


def codes(array: Any, absent: int) -> npt.NDArray[np.int64]:
    """The indices of a dictionary array, `absent` at nulls."""
    indices = values(array.indices).astype(np.int64)
    valid = present(array.indices)
    return indices if valid is None else np.where(valid, indices, absent)


def numbers(column: npt.NDArray[Any]) -> Any:
    """A contiguous numeric column as an Arrow array that shares its memory."""
    column = np.ascontiguousarray(column)
    return pa.Array.from_buffers(pa.from_numpy_dtype(column.dtype), len(column), [None, pa.py_buffer(column)])


def mask(column: npt.NDArray[np.bool_]) -> Any:
    """A boolean column as an Arrow array."""
    bits = np.packbits(column, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(column), [None, pa.py_buffer(bits)])


def texts(some: Sequence[str]) -> Any:
    """Texts as an Arrow array."""
    encoded = [text.encode() for text in some]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.Array.from_buffers(
        pa.string(), len(encoded), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    )
