"""The label: classes and their indices, or the values of a regression."""

from collections import Counter

import numpy as np

from contract.columns import Columns
from contract.errors import InputError
from preprocessing.clean import Floats, Texts, numbers_of, texts_of
from preprocessing.read import Batch

#: More classes than these are taken for a regression that was configured by mistake.
MOST_CLASSES = 1000


def label_texts(batch: Batch, columns: Columns) -> Texts:
    """The label of a classification. Raises InputError with the place of the first row that has none."""
    label = texts_of(batch, columns.label, columns.missing)
    absent = np.array([value is None for value in label.values], dtype=bool)[label.codes]
    _refuse_missing(batch, columns, absent)
    return label


def label_numbers(batch: Batch, columns: Columns) -> Floats:
    """The label of a regression, float64. Raises InputError with the place of a missing or unparsable one."""
    values = numbers_of(batch, columns.label, columns.missing)
    _refuse_missing(batch, columns, np.isnan(values))
    return values


def label_indices(label: Texts, classes: tuple[str, ...], batch: Batch) -> Floats:
    """The class index of each row, float64. Raises InputError for a class that is not among `classes`."""
    index = {text: float(position) for position, text in enumerate(classes)}
    indices = label.map(lambda text: index.get(text or "", np.nan))
    if np.isnan(indices).any():
        row = int(np.flatnonzero(np.isnan(indices))[0])
        text = label.values[label.codes[row]]
        raise InputError(f"{batch.where(row)}: the label is {text!r}; the classes are {', '.join(classes)}.")
    return indices


def choose_classes(columns: Columns, counts: Counter[str]) -> tuple[str, ...]:
    """The classes by index, out of the labels' counts; of a binary task class 1 is `positive`, else the last by text.

    Raises InputError, with values and counts, when they do not fit the task.
    """
    found = ", ".join(f"{text!r} ({count} rows)" for text, count in counts.most_common(6))
    found += ", …" if len(counts) > 6 else ""
    if len(counts) < 2:
        raise InputError(f"The label {columns.label!r} has one class only, {found}; there is nothing to tell apart.")
    if columns.task == "binary":
        if len(counts) > 2:
            raise InputError(
                f"The label {columns.label!r} has {len(counts)} values where a binary task needs two: {found}; "
                "remove the others, or make the task multiclass or regression."
            )
        positive = columns.positive if columns.positive is not None else max(counts)
        if positive not in counts:
            raise InputError(f"The positive value {positive!r} is no label of {columns.label!r}: {found}.")
        return (next(text for text in counts if text != positive), positive)
    if len(counts) > MOST_CLASSES:
        raise InputError(f"The label {columns.label!r} has more than {MOST_CLASSES} classes; is it a regression?")
    return tuple(sorted(counts, key=_natural))


def _refuse_missing(batch: Batch, columns: Columns, absent: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
    if absent.any():
        row = int(np.flatnonzero(absent)[0])
        more = f" ({int(absent.sum())} such rows in this part of the file)" if absent.sum() > 1 else ""
        raise InputError(
            f"{batch.where(row)}: the label {columns.label!r} is missing{more}; remove the row or label it."
        )


def _natural(text: str) -> tuple[int, float, str]:
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)
