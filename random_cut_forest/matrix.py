"""What rows must be like: a matrix of finite numbers."""

import io
import lzma
import re
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

Matrix = NDArray[np.generic]

#: Larger values would overflow when distances are summed over the features.
LARGEST = 1e300


def rows_of(values: Any, what: str = "X") -> Matrix:
    """`values` as a matrix (rows, features) of integers or floats, without a copy where it is one already.

    Raises InputError, with the place, when it is empty, no matrix, or holds what is no finite number.
    """
    if np.ma.is_masked(values):
        raise InputError(f"{what} holds masked values: fill in or drop what is missing first.")
    try:
        rows = np.asarray(values)
    except ValueError:
        raise InputError(f"The rows of {what} differ in length: each needs the same number of features.") from None
    except OverflowError:
        raise InputError(f"{what} holds a whole number that is too large to compute with.") from None
    if rows.dtype == object:
        rows = _from_objects(rows, what)
    if rows.dtype.kind not in "fiub":
        raise InputError(f"{what} holds {rows.dtype} and no numbers: encode it first.")
    if rows.ndim != 2:
        raise InputError(f"{what} has {rows.ndim} dimension(s), a matrix of rows and features is needed.")
    if 0 in rows.shape:
        raise InputError(f"{what} is empty: {rows.shape[0]} rows with {rows.shape[1]} features.")
    # NaN fails both comparisons.
    if not (float(rows.min()) >= -LARGEST and float(rows.max()) <= LARGEST):
        # In float64, as float32 knows no number between the largest and infinity.
        row, column = np.argwhere(~(np.abs(rows) <= np.float64(LARGEST)))[0]
        raise InputError(
            f"{what} holds {rows[row, column]} in row {row}, column {column} (counted from 0): "
            f"fill in or drop what is missing or infinite first."
        )
    return rows


def rows_of_csv(source: Path | io.StringIO, what: str) -> Matrix:
    """The numbers of a CSV without header, (rows, columns) float64; (0, 0) when it is empty.

    Files are unpacked by their suffix, `.gz`, `.bz2` and `.xz`. Raises InputError.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "loadtxt: input contained no data")
            rows = np.loadtxt(source, delimiter=",", ndmin=2, comments=None, encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{what} is not UTF-8.") from None
    except ValueError as error:
        # After the semicolon numpy advises on its own arguments; it counts rows from 0 and columns from 1.
        reason = re.sub(r"at row (\d+), column", lambda found: f"in row {int(found[1]) + 1}, column", str(error))
        reason = reason.partition(";")[0].rstrip(".")
        raise InputError(f"{what} is no CSV of numbers without header: {reason}.") from None
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise InputError(f"{what} cannot be read, or is packed and damaged: {error}.") from None
    return rows_of(rows, what) if rows.size else np.empty((0, 0))


def _from_objects(rows: NDArray[np.object_], what: str) -> Matrix:
    try:
        return rows.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{what} holds something that is no number ({error}): encode it first.") from None
