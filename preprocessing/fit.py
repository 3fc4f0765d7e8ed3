"""Fit: from raw rows to the preprocessor document, in two streaming passes (three with de-duplication).

The first pass finds classes and cuts, the second the statistics, on training rows alone: nothing of a validation or
test row enters the document but the cuts that keep it out.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contract.documents import Document
from contract.errors import InputError
from contract.preprocessor import Categorical, Numeric, Preprocessor, Split
from preprocessing.cell_hashes import Hashes
from preprocessing.census import Census, take_census
from preprocessing.clean import Cells, Floats, Texts, clean
from preprocessing.derive import Features
from preprocessing.duplicates import Duplicates, find_duplicates
from preprocessing.label import choose_classes
from preprocessing.labelled import labelled
from preprocessing.leakage import warnings_of
from preprocessing.read import Batch, File, batches, files
from preprocessing.settings import Settings
from preprocessing.shares import Fault, RowCounts, faults
from preprocessing.split import POOLED, SIDES, Sides
from preprocessing.statistics import Counts, Moments, Sample
from preprocessing.stream import mapped


@dataclass(frozen=True)
class Fitted:
    """What Fit leaves: the document, the rows that Encode must leave out, and what a person should know."""

    preprocessor: Preprocessor
    duplicates: Duplicates
    findings: Document


def fit(source: Path, settings: Settings, features: Features | None = None, work: Path | None = None) -> Fitted:
    """Fit the preprocessor on the data files at or below `source`.

    `features` is the function of the pipeline's own `features.py`; `work` is a folder for what de-duplication spills.
    Raises InputError, with the place, for what cannot be read, cleaned, labelled or split.
    """
    found = files(source)
    if not found:
        raise InputError(f"The input {source.name or source} holds no data files.")
    duplicates = find_duplicates(found, settings.columns, work) if settings.deduplicate else Duplicates()
    census = take_census(_rows(found, settings, duplicates), settings)
    if not census.rows:
        raise InputError(
            f"{found[0].name} has a header and no rows." if len(found) == 1 else "The input files have no rows."
        )
    regression = settings.columns.task == "regression"
    classes = () if regression else choose_classes(settings.columns, census.labels)
    split = Split(settings.split.by, settings.split.key, settings.split.seed, census.thresholds(settings))
    training = _Training(settings, split, classes, features)
    for part in mapped(training.measure, _rows(found, settings, duplicates)):
        training.merge(part)
    about_split = _about_split(found, settings, census, faults(training.rows, settings, classes), work)
    preprocessor = Preprocessor(settings.columns, tuple(training.features()), classes, split)
    _check_names(preprocessor)
    findings = {
        "rows": {"read": census.rows + duplicates.count, "duplicates": duplicates.count}
        | dict(zip(SIDES, training.rows.sum(axis=1).tolist(), strict=True)),
        "labels": {
            text: dict(zip(SIDES, training.rows[:, index].tolist(), strict=True)) for index, text in enumerate(classes)
        },
        "split": about_split,
        "warnings": training.warnings(),
    }
    return Fitted(preprocessor, duplicates, findings)


def _rows(found: list[File], settings: Settings, duplicates: Duplicates) -> Iterator[Batch]:
    return (duplicates.leave_out(batch) for batch in batches(found, settings.columns))


@dataclass
class _Measured:
    """One batch's share of the statistics."""

    rows: RowCounts
    moments: dict[str, Moments]
    counts: dict[str, Counts]
    labels: Floats
    hashes: Hashes
    sampled: Cells


class _Training:
    """The statistics of the training rows."""

    def __init__(self, settings: Settings, split: Split, classes: tuple[str, ...], features: Features | None) -> None:
        columns = settings.columns
        self._settings, self._split, self._classes, self._own = settings, split, classes, features
        self._order = (*columns.raw_features, *columns.derived_numeric, *columns.derived_categorical)
        self._moments = {name: Moments() for name in columns.numeric + columns.derived_numeric}
        self._counts = {name: Counts() for name in columns.categorical + columns.derived_categorical}
        self._codes: dict[str, dict[str, float]] = {name: {} for name in self._counts}
        self._sample = Sample(1 + len(self._order))
        self.rows: RowCounts = np.zeros((len(SIDES), max(1, len(classes))), dtype=np.int64)

    def measure(self, batch: Batch) -> _Measured:
        """The share of one batch; safe on several threads."""
        columns = self._settings.columns
        known = labelled(batch, columns, self._split, self._classes)
        cells = clean(batch, columns, self._own)
        training = np.flatnonzero(known.sides == SIDES.index("train"))
        chosen = training[self._sample.chosen(known.content[training])]
        return _Measured(
            rows=self._tally(known.sides, known.labels),
            moments={name: Moments.of(values[training]) for name, values in cells.numbers.items()},
            counts={name: Counts.of(column, training) for name, column in cells.texts.items()},
            labels=known.labels[chosen],
            hashes=known.content[chosen],
            sampled=Cells(
                {name: values[chosen] for name, values in cells.numbers.items()},
                {name: Texts(column.codes[chosen], column.values) for name, column in cells.texts.items()},
            ),
        )

    def _tally(self, sides: Sides, labels: Floats) -> RowCounts:
        width = self.rows.shape[1]
        cells = sides.astype(np.int64) * width + (labels.astype(np.int64) if self._classes else 0)
        return np.bincount(cells, minlength=self.rows.size).reshape(self.rows.shape)

    def merge(self, part: _Measured) -> None:
        """Add the share of one batch, in the order of the batches."""
        self.rows += part.rows
        for name, moments in part.moments.items():
            self._moments[name].merge(moments)
        for name, counts in part.counts.items():
            self._counts[name].merge(counts, name)
        columns = {
            **part.sampled.numbers,
            **{name: self._coded(name, texts) for name, texts in part.sampled.texts.items()},
        }
        self._sample.add(part.hashes, np.column_stack([part.labels, *(columns[name] for name in self._order)]))

    def _coded(self, name: str, texts: Texts) -> Floats:
        codes = self._codes[name]
        return texts.map(lambda text: np.nan if text is None else codes.setdefault(text, float(len(codes))))

    def features(self) -> Iterator[Numeric | Categorical]:
        """The fitted features, in their order."""
        for position, name in enumerate(self._order, start=1):
            if name in self._moments:
                yield self._numeric(name, self._sample.cells[:, position])
            else:
                yield self._categorical(name)

    def _numeric(self, name: str, sample: Floats) -> Numeric:
        """Mean and scale are those of the present values. The median is the sample's: exact up to SAMPLE_ROWS rows."""
        moments, settings = self._moments[name], self._settings
        present = sample[~np.isnan(sample)]
        fills = {
            "none": None,
            "mean": moments.mean,
            "median": float(np.median(present)) if len(present) else 0.0,
        }
        fill = fills[settings.impute]
        mean, scale = (0.0, 1.0) if settings.scale == "none" else (moments.mean, moments.deviation or 1.0)
        if not np.isfinite([fill or 0.0, mean, scale]).all():
            raise InputError(
                f"The column {name!r} holds numbers too large for their mean or deviation; drop it, or derive a "
                "logarithm, or set impute to median and scale to none."
            )
        return Numeric(name, fill, mean, scale)

    def _categorical(self, name: str) -> Categorical:
        settings, counts = self._settings, self._counts[name]
        frequent = [text for text in counts.ranked() if counts.texts[text] >= settings.min_count]
        categories = tuple(frequent[: settings.max_categories])
        return Categorical(name, categories, settings.encoding, unknown=float(len(categories)), absent=-1.0)

    def warnings(self) -> list[str]:
        """What a person should look at before trusting a model of these features."""
        cells = self._sample.cells
        columns = {name: cells[:, position] for position, name in enumerate(self._order, start=1)}
        return warnings_of(columns, cells[:, 0], self._settings.columns)


def _about_split(
    found: list[File], settings: Settings, census: Census, faults: list[Fault], work: Path | None
) -> list[str]:
    """What a person should know of the split, a sentence each. Raises InputError for a split that cannot be used."""
    if not faults:
        return []
    repeats: Counter[str] = Counter()
    if not (settings.deduplicate or settings.split.key or settings.split.by == "time"):
        distinct = take_census(_rows(found, settings, find_duplicates(found, settings.columns, work)), settings)
        repeats = census.labels - distinct.labels + Counter({POOLED: census.rows - distinct.rows})
    told = [fault.sentence(settings, repeats) for fault in faults]
    if faults[0].refused:
        raise InputError(told[0])
    return told


def _check_names(preprocessor: Preprocessor) -> None:
    names = Counter(preprocessor.feature_names)
    if clash := [name for name, count in names.items() if count > 1]:
        raise InputError(f"Two features would be called {clash[0]!r}; rename the column.")
    if not names:
        raise InputError("No feature is left: every category is rarer than min_count.")
