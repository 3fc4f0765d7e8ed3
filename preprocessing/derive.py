"""The pipeline's own `features.py`: one pure function from raw columns to derived ones. Standard library and numpy."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from contract.columns import Columns
from contract.errors import InputError
from preprocessing.values import as_text

#: Raw columns by name, all of one length and read only: numeric ones as float64 with NaN, the others as objects, str
#: or None. The derived columns come back the same way. It is called with batches, on several threads, and with one
#: record: a row's result may depend on that row alone.
Features = Callable[[Mapping[str, npt.NDArray[Any]]], Mapping[str, Any]]


def derive(
    function: Features, columns: Columns, raw: Mapping[str, npt.NDArray[Any]], rows: int
) -> tuple[dict[str, npt.NDArray[np.float64]], dict[str, npt.NDArray[np.object_]]]:
    """The derived numeric and categorical columns for `rows` rows.

    Raises InputError, naming the function, when it fails or returns something else than the described columns.
    """
    name = f"{function.__module__}.{getattr(function, '__name__', 'features')}"
    try:
        derived = function({column: _read_only(values) for column, values in raw.items()})
    except Exception as error:  # code of the user's own may raise anything
        raise InputError(f"{name} failed with {type(error).__name__}: {error}.") from error
    if not isinstance(derived, Mapping):
        raise InputError(f"{name} returned a {type(derived).__name__}; it must return columns by name.")
    for column in columns.derived_numeric + columns.derived_categorical:
        if column not in derived:
            raise InputError(f"{name} did not return the column {column!r}, which is described as derived.")
        if np.shape(derived[column]) != (rows,):
            raise InputError(f"{name} returned {column!r} of shape {np.shape(derived[column])} for {rows} rows.")
    return (
        {column: _numbers(name, column, derived[column]) for column in columns.derived_numeric},
        {column: _texts(name, column, derived[column], columns) for column in columns.derived_categorical},
    )


def _read_only(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = values.view()
    view.flags.writeable = False
    return view


def _numbers(name: str, column: str, values: Any) -> npt.NDArray[np.float64]:
    array = np.asarray(values)
    if array.dtype.kind not in "buif":
        raise InputError(f"{name} returned {column!r} as {array.dtype}; a derived_numeric column must hold numbers.")
    numbers = array.astype(np.float64)
    if np.isinf(numbers).any():
        raise InputError(f"{name} returned an infinite number in {column!r}; return NaN for what is not known.")
    return numbers


def _texts(name: str, column: str, values: Any, columns: Columns) -> npt.NDArray[np.object_]:
    missing = frozenset(columns.missing)
    texts = np.empty(len(values), dtype=object)
    try:
        texts[:] = [as_text(value, missing) for value in values]
    except ValueError as error:
        raise InputError(f"{name} returned {str(error)[:80]!r} in {column!r}; a text or None is needed.") from None
    return texts
