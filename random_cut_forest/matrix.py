"""What rows must be like: a matrix of finite numbers."""

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
    try:
        rows = np.asarray(values)
    except ValueError:
        raise InputError(f"The rows of {what} differ in length: each needs the same number of features.") from None
    if rows.dtype == object:
        rows = _from_objects(rows, what)
    if rows.dtype.kind not in "fiub":
        raise InputError(f"{what} holds {rows.dtype} and no numbers: encode it first.")
    if rows.ndim != 2:
        raise InputError(f"{what} has {rows.ndim} dimension(s), a matrix of rows and features is needed.")
    if 0 in rows.shape:
        raise InputError(f"{what} is empty: {rows.shape[0]} rows with {rows.shape[1]} features.")
    # NaN fails both comparisons.
    if not (rows.min() >= -LARGEST and rows.max() <= LARGEST):
        row, column = np.argwhere(~(np.abs(rows) <= LARGEST))[0]
        raise InputError(
            f"{what} holds {rows[row, column]} in row {row}, column {column} (counted from 0): "
            f"fill in or drop what is missing or infinite first."
        )
    return rows


def _from_objects(rows: NDArray[np.object_], what: str) -> Matrix:
    try:
        return rows.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} holds something that is no number ({error}): encode it first.") from None
