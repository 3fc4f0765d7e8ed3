"""Records → the model's features; an error names the record and the field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from contract.errors import InputError
from inference.engine import Matrix
from inference.reading import Record
from preprocessing.record import RecordEncoder

#: JSON's own scalars; a nested value has no place in a column.
SCALARS = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Encoded:
    """The features of the records that have some, (good records, features) float32, and what ails the others.

    errors  position among all records → the reason
    """

    matrix: Matrix
    errors: dict[int, str] = field(default_factory=dict)

    @property
    def records(self) -> int:
        return len(self.matrix) + len(self.errors)


def encode(encoder: RecordEncoder, records: Sequence[Record], tolerant: bool = False) -> Encoded:
    """The features of records out of text or JSON. Raises InputError at the first bad one, unless `tolerant`."""
    rows: list[Matrix] = []
    errors: dict[int, str] = {}
    for position, record in enumerate(records):
        try:
            rows.append(_encoded(encoder, record, position + 1))
        except InputError as error:
            if not tolerant:
                raise
            errors[position] = str(error)
    return Encoded(np.stack(rows) if rows else np.empty((0, encoder.width), dtype=np.float32), errors)


def encode_typed(encoder: RecordEncoder, records: Sequence[Mapping[str, object]], first: int) -> Encoded:
    """The same for rows of typed columns: a date or a decimal is a scalar there. `first` is the first one's number."""
    rows: list[Matrix] = []
    errors: dict[int, str] = {}
    for position, record in enumerate(records):
        try:
            rows.append(encoder.encode(record))
        except InputError as error:
            errors[position] = at(first + position, error)
    return Encoded(np.stack(rows) if rows else np.empty((0, encoder.width), dtype=np.float32), errors)


def at(number: int, error: InputError) -> str:
    """The error of a record with its number in front."""
    return f"Record {number}: {str(error)[0].lower()}{str(error)[1:]}"


def _encoded(encoder: RecordEncoder, record: Record, number: int) -> Matrix:
    if isinstance(record, InputError):
        text = str(record)
        raise record if text.startswith(("Record ", "Line ")) else InputError(at(number, record))
    try:
        if isinstance(record, Mapping):
            _check_scalars(record.items())
            return encoder.encode(record)
        if isinstance(record, list | tuple):
            _check_scalars(enumerate(record, start=1))
            return encoder.encode_values(record)
    except InputError as error:
        raise InputError(at(number, error)) from None
    raise InputError(f"Record {number} is {record!r:.80}; an object or an array is needed.")


def _check_scalars(values: object) -> None:
    for name, value in values:  # type: ignore[attr-defined]
        if not isinstance(value, SCALARS):
            raise InputError(f"The field {name!r} holds a JSON {'object' if isinstance(value, dict) else 'array'}.")
