"""Event times as seconds since 1970: ISO 8601 texts, timestamps, dates, or epochs in s, ms, µs or ns."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from contract.errors import InputError
from preprocessing import arrays
from preprocessing.clean import Floats, texts_of
from preprocessing.read import Batch
from preprocessing.values import parse_number

#: An epoch of at least so much is in units of the second value a second: 1e11 s would be the year 5138.
_EPOCH_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


def times_of(batch: Batch, name: str, missing: tuple[str, ...]) -> Floats:
    """The event times of a batch, float64 seconds; a time without zone counts as UTC.

    Raises InputError with the place of the first cell that is missing or no time.
    """
    array = batch.data.column(name)
    if pa.types.is_temporal(array.type) and not array.null_count:
        return arrays.values(array.cast(pa.timestamp("us"), safe=False).cast(pa.int64())) / 1e6
    if pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        epochs = arrays.floats(array)
        if np.isfinite(epochs).all():
            return _seconds(epochs)
    return _from_texts(batch, name, missing)


def _from_texts(batch: Batch, name: str, missing: tuple[str, ...]) -> Floats:
    column = texts_of(batch, name, missing)
    parsed = column.map(_parse)
    if np.isnan(parsed).any():
        row = int(np.flatnonzero(np.isnan(parsed))[0])
        text = column.values[column.codes[row]]
        what = "is empty" if text is None else f"holds {text[:80]!r}, which is neither ISO 8601 nor an epoch"
        raise InputError(f"{batch.where(row)}: the event time {name!r} {what}.")
    return parsed


def _parse(text: str | None) -> float:
    if text is None:
        return float("nan")
    try:
        return float(_seconds(np.array([parse_number(text)]))[0])
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return float("nan")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _seconds(epochs: Floats) -> Floats:
    largest = np.abs(epochs).max(initial=0)
    return next((epochs / unit for least, unit in _EPOCH_UNITS if largest >= least), epochs)
