"""`preprocess.json`: what the configuration of a pipeline asks of this room, resolved to plain JSON."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from contract.columns import Columns, Task
from contract.documents import Document
from contract.errors import InputError

Impute = Literal["median", "mean", "none"]
Scale = Literal["standard", "none"]
Encoding = Literal["ordinal", "one_hot"]
SplitBy = Literal["random", "stratified", "time"]

#: The label's name in the encoded files; it stands first.
LABEL = "label"


@dataclass(frozen=True)
class SplitSettings:
    """The shares of the rows, and what places a row: see `contract.preprocessor.Split`."""

    by: SplitBy = "stratified"
    key: tuple[str, ...] = ()
    seed: int = 0
    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15


@dataclass(frozen=True)
class Settings:
    """How Fit turns rows into a preprocessor.

    deduplicate     rows whose whole content occurred before are left out
    impute, scale   of numeric features;   encoding: of categorical ones
    min_count       a category with fewer training rows counts as unknown
    max_categories  at most so many categories a feature, the most frequent ones
    """

    columns: Columns
    deduplicate: bool = False
    impute: Impute = "median"
    scale: Scale = "none"
    encoding: Encoding = "ordinal"
    min_count: int = 1
    max_categories: int = 1000
    split: SplitSettings = SplitSettings()

    @classmethod
    def from_document(cls, document: Document) -> "Settings":
        """The settings in `document`. Raises InputError on unknown keys, values out of range, and roles that clash."""
        _refuse_unknown(cls, document, "The settings of preprocessing")
        if "columns" not in document:
            raise InputError("The settings of preprocessing lack the description of the columns.")
        split = dict(document.get("split", {}))
        _refuse_unknown(SplitSettings, split, "The settings of the split")
        split["key"] = tuple(split.get("key", ()))
        try:
            rest = {key: value for key, value in document.items() if key not in ("columns", "split")}
            settings = cls(columns=Columns.from_document(document["columns"]), split=SplitSettings(**split), **rest)
            _check_values(settings)
        except TypeError as error:
            raise InputError(f"The settings of preprocessing have a value of the wrong type: {error}.") from None
        _check_roles(settings.columns, settings.split)
        return settings


def roles(columns: Columns) -> dict[str, list[str]]:
    """Raw column → its roles; facets are no role of their own."""
    found: dict[str, list[str]] = {}
    single = {"label": columns.label, "event_time": columns.event_time}
    named = [(role, name) for role, name in single.items() if name]
    named += [(role, name) for role in ("numeric", "categorical", "drop") for name in getattr(columns, role)]
    for role, name in named:
        found.setdefault(name, []).append(role)
    return found


def _refuse_unknown(cls: type[Any], document: Document, what: str) -> None:
    if unknown := sorted(set(document) - {field.name for field in fields(cls)}):
        raise InputError(f"{what} have unknown keys: {', '.join(unknown)}.")


def _check_values(settings: Settings) -> None:
    split = settings.split
    choices = (
        ("impute", settings.impute, Impute),
        ("scale", settings.scale, Scale),
        ("encoding", settings.encoding, Encoding),
        ("split.by", split.by, SplitBy),
        ("columns.task", settings.columns.task, Task),
    )
    for name, value, kind in choices:
        if value not in get_args(kind):
            raise InputError(f"{name} is {value!r}; it must be one of {', '.join(get_args(kind))}.")
    if settings.min_count < 1 or settings.max_categories < 1:
        raise InputError("min_count and max_categories must be at least 1.")
    shares = (split.train, split.validation, split.test)
    if abs(sum(shares) - 1) > 1e-9 or min(shares) < 0 or split.train == 0:
        raise InputError(f"The shares of the split are {shares}; they must sum to 1, and training needs one above 0.")


def _check_roles(columns: Columns, split: SplitSettings) -> None:
    found = roles(columns)
    for name, several in found.items():
        if len(several) > 1:
            raise InputError(f"The column {name!r} has two roles, {' and '.join(several)}; one must go.")
    for what, names in (("facet", columns.facets), ("key of the split", split.key)):
        for name in names:
            if name not in found:
                raise InputError(
                    f"The {what} {name!r} is no described column; name it as numeric, categorical or drop."
                )
    if split.by == "time" and columns.event_time is None:
        raise InputError("A split by time needs event_time, the column that orders the rows.")
    features = columns.raw_features + columns.derived_numeric + columns.derived_categorical
    if not features:
        raise InputError("No column is numeric or categorical, so there is nothing to learn from.")
    if LABEL in features and columns.label != LABEL:
        raise InputError(f"A feature may not be called {LABEL!r}, the encoded files' name for the label; rename it.")
    if repeated := sorted({name for name in features if features.count(name) > 1}):
        raise InputError(f"The feature {repeated[0]!r} is described twice.")
    if repeated := sorted({name for name in columns.names if columns.names.count(name) > 1}):
        raise InputError(f"The names of the columns hold {repeated[0]!r} twice.")
