"""Raw columns of a batch → float64 arrays and coded texts, by the rules of `values`."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from contract.columns import Columns
from contract.errors import InputError
from preprocessing import arrays
from preprocessing.derive import Features, derive
from preprocessing.read import Batch
from preprocessing.values import WHITE_SPACE, as_number, as_text

#: The Arrow types that have a text, as the questions that tell them.
_TEXTUAL = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_null,
)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """A column of texts: row i holds `values[codes[i]]`, None where it is missing. Values may repeat."""

    codes: Codes
    values: tuple[str | None, ...]

    def map(self, function: Callable[[str | None], float]) -> Floats:
        """`function` of each row's text; it is called once a value."""
        return np.array([function(value) for value in self.values], dtype=np.float64)[self.codes]

    def objects(self) -> npt.NDArray[np.object_]:
        values = np.empty(len(self.values), dtype=object)
        values[:] = self.values
        return values[self.codes]


@dataclass(frozen=True)
class Cells:
    """The cleaned feature columns of a batch, the derived ones among them; NaN and None are missing."""

    numbers: dict[str, Floats]
    texts: dict[str, Texts]


def clean(batch: Batch, columns: Columns, features: Features | None = None) -> Cells:
    """The features of a batch. Raises InputError with file, line, column and text for what is no number."""
    numbers = {name: numbers_of(batch, name, columns.missing) for name in columns.numeric}
    texts = {name: texts_of(batch, name, columns.missing) for name in columns.categorical}
    if features is not None:
        raw = {**numbers, **{name: column.objects() for name, column in texts.items()}}
        derived, categories = derive(features, columns, raw, batch.data.num_rows)
        numbers.update(derived)
        texts.update({name: _coded(column) for name, column in categories.items()})
    return Cells(numbers, texts)


def numbers_of(batch: Batch, name: str, markers: tuple[str, ...]) -> Floats:
    """A column as float64, NaN where missing. Raises InputError naming the first cell that is no finite number."""
    missing = frozenset(markers)
    try:
        return _numbers(batch.data.column(name), missing)
    except _NotANumberError:
        # Rare, so the place is looked for only now.
        for row, value in enumerate(batch.data.column(name).to_pylist()):
            try:
                as_number(value, missing)
            except ValueError:
                raise InputError(
                    f"{batch.where(row)}: the column {name!r} holds {str(value)[:80]!r}, which is not a finite number; "
                    "mend it, add it to the missing markers, or make the column categorical."
                ) from None
        raise


def texts_of(batch: Batch, name: str, markers: tuple[str, ...]) -> Texts:
    """A column as coded texts. Raises InputError for a type that has no text, and for an infinite number."""
    array = _encodable(batch.data.column(name))
    if not has_text(array.type):
        raise InputError(f"{batch.file.name}: the column {name!r} has the type {array.type}, which has no text.")
    if not pa.types.is_dictionary(array.type):
        array = pc.dictionary_encode(array)
    missing = frozenset(markers)
    raw = array.dictionary.to_pylist()
    try:
        values = [as_text(value, missing) for value in raw]
    except ValueError:
        infinite = np.array([isinstance(value, float) and math.isinf(value) for value in (*raw, None)])
        row = int(np.flatnonzero(infinite[arrays.codes(array, absent=len(raw))])[0])
        raise InputError(
            f"{batch.where(row)}: the column {name!r} holds an infinite number; mend it or drop the column."
        ) from None
    return Texts(arrays.codes(array, absent=len(values)), (*values, None))


def has_text(kind: Any) -> bool:
    """Whether `texts_of` takes a column of this Arrow type: not times of day, durations, bytes and nested types."""
    if pa.types.is_dictionary(kind):
        return has_text(kind.value_type)
    return any(check(kind) for check in _TEXTUAL)


class _NotANumberError(Exception):
    """Some cell is no finite number; the caller knows where to look."""


def _numbers(array: Any, missing: frozenset[str]) -> Floats:
    array = _encodable(array)
    kind = array.type
    if pa.types.is_dictionary(kind):
        values = np.append(_numbers(array.dictionary, missing), np.nan)
        return np.asarray(values[arrays.codes(array, absent=len(values) - 1)])
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _parsed(array, missing)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = arrays.floats(array)
        if np.isinf(numbers).any():
            raise _NotANumberError
        return numbers
    return _one_by_one(array, missing)


def _parsed(array: Any, missing: frozenset[str]) -> Floats:
    """Arrow's parser knows the same numbers but for a leading "+", and more that are not finite."""
    trimmed = pc.utf8_trim(array, characters=WHITE_SPACE)
    absent = pc.is_in(trimmed, value_set=pa.array(sorted(missing), trimmed.type))
    try:
        parsed = pc.if_else(absent, pa.scalar(None, trimmed.type), trimmed).cast(pa.float64())
    except pa.ArrowInvalid:
        return _one_by_one(trimmed, missing)
    numbers = arrays.floats(parsed)
    if np.isfinite(numbers).sum() != len(numbers) - parsed.null_count:
        raise _NotANumberError
    return numbers


def _one_by_one(array: Any, missing: frozenset[str]) -> Floats:
    coded = pc.dictionary_encode(array)
    try:
        values = [as_number(value, missing) for value in coded.dictionary.to_pylist()]
    except ValueError:
        raise _NotANumberError from None
    return np.asarray(np.array([*values, np.nan])[arrays.codes(coded, absent=len(values))])


def _encodable(array: Any) -> Any:
    """The array in a type that Arrow makes a dictionary of, and whose values are Python's own."""
    if pa.types.is_timestamp(array.type) and array.type.unit == "ns":
        # Arrow hands nanoseconds to pandas; Python's datetime ends at microseconds.
        return array.cast(pa.timestamp("us", array.type.tz), safe=False)
    if pa.types.is_float16(array.type):
        return array.cast(pa.float32())
    if pa.types.is_string_view(array.type):
        return array.cast(pa.large_string())
    return array


def _coded(column: Iterable[str | None]) -> Texts:
    index: dict[str | None, int] = {}
    codes = [index.setdefault(value, len(index)) for value in column]
    return Texts(np.array(codes, dtype=np.int64), tuple(index))
