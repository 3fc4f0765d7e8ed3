"""Records → the model's features; an error names the record and the field."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from inference.formats import Record
from preprocessing.record import RecordEncoder

Matrix = NDArray[np.float32]

#: JSON's own scalars; a nested value has no place in a column.
SCALARS = (str, int, float, bool, type(None))


def encode(encoder: RecordEncoder, records: Sequence[Record]) -> Matrix:
    """The features of the records, (records, features) float32. Raises InputError."""
    return np.stack([_encoded(encoder, record, number) for number, record in enumerate(records, start=1)])


def _encoded(encoder: RecordEncoder, record: Record, number: int) -> Matrix:
    try:
        if isinstance(record, Mapping):
            _check_scalars(record.items())
            return encoder.encode(record)
        if isinstance(record, list | tuple):
            _check_scalars(enumerate(record, start=1))
            return encoder.encode_values(record)
    except InputError as error:
        raise InputError(f"Record {number}: {str(error)[0].lower()}{str(error)[1:]}") from None
    raise InputError(f"Record {number} is {record!r:.80}; an object or an array is needed.")


def _check_scalars(values: object) -> None:
    for name, value in values:  # type: ignore[attr-defined]
        if not isinstance(value, SCALARS):
            raise InputError(f"The field {name!r} holds a JSON {'object' if isinstance(value, dict) else 'array'}.")
