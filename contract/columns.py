"""The one description of the columns: it drives preprocessing, bias, monitors and the validation of requests."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from contract.documents import Document
from contract.errors import InputError

Task = Literal["binary", "multiclass", "regression"]

#: Texts that mean "no value" unless the configuration names others. White space around a cell never counts.
MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")


@dataclass(frozen=True)
class Columns:
    """Roles of the raw columns. A column that has no role is an error, not a feature.

    label       the column to predict; `positive` is its value for class 1 of a binary task
    numeric     read as float64;   categorical: read as text
    drop        known, and left out of the features on purpose (identifiers and what leaks the label)
    facets      columns whose groups the bias analysis compares; they are features too unless dropped
    event_time  orders the rows of a split by time; never a feature by itself
    derived_*   what `features.py` of the pipeline adds
    names       the header of files that have none; empty when the files bring theirs
    missing     texts that mean "no value", compared after white space is stripped
    """

    label: str
    task: Task
    positive: str | None = None
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    event_time: str | None = None
    derived_numeric: tuple[str, ...] = ()
    derived_categorical: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    missing: tuple[str, ...] = MISSING

    @property
    def raw_features(self) -> tuple[str, ...]:
        """The columns that a request must bring, in the order of the features."""
        return self.numeric + self.categorical

    def to_document(self) -> Document:
        return asdict(self)

    @classmethod
    def from_document(cls, document: Document) -> "Columns":
        """Raises InputError on unknown or missing keys."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(document) - known):
            raise InputError(f"The description of the columns has unknown keys: {', '.join(unknown)}.")
        members: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items()}
        try:
            return cls(**members)
        except TypeError as error:
            raise InputError(f"The description of the columns is incomplete: {error}.") from None
