"""Columns summed up batch by batch: what `statistics.json` is written from. Memory does not grow with the rows.

Counts, mean, sum, standard deviation and extremes are exact. Quantiles and buckets are exact up to KEPT present values
of a column, and beyond come from as many drawn uniformly; distinct texts are counted exactly up to MOST_DISTINCT.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

Floats = NDArray[np.float64]

#: A number beyond float32 counts as the largest one, as it does for the model; squares of these can be added up.
LARGEST = float(np.finfo(np.float32).max)

KEPT = 1_000_000
MOST_DISTINCT = 100_000


class Numbers:
    """A numeric column; float64 with NaN for what is missing."""

    def __init__(self) -> None:
        self.present = self.missing = 0
        self.total, self._mean, self._squares = 0.0, 0.0, 0.0
        self.minimum, self.maximum = float("inf"), float("-inf")
        self.integral = True
        self._values: list[Floats] = []
        self._keys: list[Floats] = []
        self._held = 0
        self._generator = np.random.default_rng(0)

    def add(self, column: Floats) -> None:
        """Mean and sum of squares are merged as in Chan, Golub and LeVeque (1983), which loses no digits."""
        values = np.clip(column[~np.isnan(column)], -LARGEST, LARGEST)
        self.missing += len(column) - len(values)
        if not len(values):
            return
        mean = float(values.mean())
        gap, rows = mean - self._mean, self.present + len(values)
        self._squares += float(((values - mean) ** 2).sum()) + gap**2 * self.present * len(values) / rows
        self._mean += gap * len(values) / rows
        self.present, self.total = rows, self.total + float(values.sum())
        self.minimum, self.maximum = min(self.minimum, float(values.min())), max(self.maximum, float(values.max()))
        self.integral = self.integral and bool((values == np.floor(values)).all())
        self._keep(values)

    def _keep(self, values: Floats) -> None:
        """A uniform sample: the KEPT values with the lowest random keys."""
        self._values.append(values.copy())
        self._keys.append(self._generator.random(len(values)))
        self._held += len(values)
        if self._held > 2 * KEPT:
            self._thin()

    def _thin(self) -> None:
        values, keys = np.concatenate(self._values), np.concatenate(self._keys)
        if len(values) > KEPT:
            lowest = np.argpartition(keys, KEPT)[:KEPT]
            values, keys = values[lowest], keys[lowest]
        self._values, self._keys, self._held = [values], [keys], len(values)

    @property
    def mean(self) -> float:
        return self._mean

    @property
    def standard_deviation(self) -> float:
        """Of the rows themselves (divided by n), as Model Monitor has it."""
        return float(np.sqrt(self._squares / self.present)) if self.present else 0.0

    def sorted(self) -> Floats:
        """The present values, or KEPT of them, rising."""
        if not self._values:
            return np.empty(0)
        self._thin()
        return np.sort(self._values[0])


class Texts:
    """A column of texts with None for what is missing."""

    def __init__(self) -> None:
        self.present = self.missing = 0
        self.counts: Counter[str] = Counter()

    def add(self, column: NDArray[Any]) -> None:
        """Beyond MOST_DISTINCT, a text that was not met before is not counted."""
        found = Counter(column.tolist())
        self.missing += found.pop(None, 0)
        self.present += sum(found.values())
        for text, count in found.items():
            if text in self.counts or len(self.counts) < MOST_DISTINCT:
                self.counts[str(text)] += count


class Profile:
    """All columns of a data set, in the order in which they first came."""

    def __init__(self) -> None:
        self.rows = 0
        self.columns: dict[str, Numbers | Texts] = {}

    def add(self, batch: Mapping[str, NDArray[Any]]) -> None:
        """A batch: column → (rows,), float64 or objects. Raises InputError when lengths, columns or kinds differ."""
        if len({len(column) for column in batch.values()}) > 1:
            raise InputError("The columns of a batch differ in length.")
        if self.columns and set(batch) != set(self.columns):
            raise InputError(f"The batches differ in their columns: {', '.join(set(batch) ^ set(self.columns))}.")
        for name, column in batch.items():
            numeric = column.dtype.kind == "f"
            summed = self.columns.setdefault(name, Numbers() if numeric else Texts())
            if isinstance(summed, Numbers) != numeric:
                raise InputError(f"The column {name} is numeric in one batch and text in another.")
            summed.add(column)
        self.rows += len(next(iter(batch.values()), ()))
