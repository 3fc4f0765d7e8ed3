"""`preprocessor.json`: how a raw record becomes the model's features. Written by Fit, read by Encode and endpoints.

Features stand in the order of `features`. Each takes its raw value as text or number:

- numeric: strip white space; a missing marker or NaN becomes `fill` (None: stays NaN); then `(value - mean) / scale`
  in float64, then float32.
- categorical, `encoding` "ordinal": the index in `categories`; a value that training did not see, and a missing one,
  become `unknown` and `absent`. `encoding` "one_hot": one feature a category, all zero for both cases.
"""

from dataclasses import asdict, dataclass
from typing import Literal

from contract.columns import Columns
from contract.documents import Document
from contract.errors import InputError

VERSION = 1

#: The rule by which rows are hashed: another whenever a row could change its side by an update of the code.
HASHING = 2


@dataclass(frozen=True)
class Numeric:
    """A numeric feature; float64 throughout."""

    column: str
    fill: float | None
    mean: float
    scale: float
    kind: Literal["numeric"] = "numeric"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the encoded columns."""
        return (self.column,)


@dataclass(frozen=True)
class Categorical:
    """A categorical feature; `categories` are stripped texts, most frequent in training first, ties by text."""

    column: str
    categories: tuple[str, ...]
    encoding: Literal["ordinal", "one_hot"]
    unknown: float
    absent: float
    kind: Literal["categorical"] = "categorical"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the encoded columns: one, or one for each category."""
        if self.encoding == "ordinal":
            return (self.column,)
        return tuple(f"{self.column}={category}" for category in self.categories)


@dataclass(frozen=True)
class Split:
    """How a row finds its side.

    by          "random" | "stratified" | "time"
    key         columns whose content places the row; empty: the whole row
    thresholds  "random" and "stratified": for each class ("" when random) the two cuts of the 64-bit row hash,
                as a share of 1; a stratified regression has bins of the label for classes, each named by its lower
                edge, the lowest "-inf"; "time": the two cuts of the event time in seconds since 1970, under ""
    hashing     the rule of the hashes; documents that do not name it are of the first
    """

    by: Literal["random", "stratified", "time"]
    key: tuple[str, ...]
    seed: int
    thresholds: dict[str, tuple[float, float]]
    hashing: int = HASHING


@dataclass(frozen=True)
class Preprocessor:
    """The document. `classes` are the label's texts by class index; empty for a regression."""

    columns: Columns
    features: tuple[Numeric | Categorical, ...]
    classes: tuple[str, ...]
    split: Split

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of all encoded columns, in the order in which models take them."""
        return tuple(name for feature in self.features for name in feature.names)

    def to_document(self) -> Document:
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_document(cls, document: Document) -> "Preprocessor":
        """Raises InputError when the version is not this one or a part is missing."""
        if document.get("version") != VERSION:
            raise InputError(f"The preprocessor has version {document.get('version')!r}, this code reads {VERSION}.")
        try:
            split = document["split"]
            return cls(
                columns=Columns.from_document(document["columns"]),
                features=tuple(_feature(feature) for feature in document["features"]),
                classes=tuple(document["classes"]),
                split=Split(
                    by=split["by"],
                    key=tuple(split["key"]),
                    seed=split["seed"],
                    thresholds={name: (low, high) for name, (low, high) in split["thresholds"].items()},
                    hashing=split.get("hashing", 1),
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"The preprocessor cannot be read: {error!r}.") from None


def _feature(document: Document) -> Numeric | Categorical:
    if document["kind"] == "numeric":
        return Numeric(**document)
    return Categorical(**{**document, "categories": tuple(document["categories"])})
