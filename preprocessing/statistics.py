"""What Fit keeps of the training rows, in memory that does not grow with them: moments, counts and a sample."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from contract.errors import InputError
from preprocessing.cell_hashes import Hashes
from preprocessing.clean import Floats, Texts

#: A text column with more values than these is no category.
MOST_VALUES = 1_000_000
#: Rows of the sample; cells bound it for wide tables.
SAMPLE_ROWS, SAMPLE_CELLS = 1 << 16, 1 << 22


@dataclass
class Moments:
    """Count, mean and sum of squared deviations of the present values, merged as Chan et al. (1979) do."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    @classmethod
    def of(cls, values: Floats) -> "Moments":
        present = values[~np.isnan(values)]
        if not len(present):
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):  # Fit refuses what is not finite, where it is needed
            mean = float(present.mean())
            return cls(len(present), mean, float(np.square(present - mean).sum()))

    def merge(self, other: "Moments") -> None:
        total = self.count + other.count
        if not total:
            return
        step = other.mean - self.mean
        self.squares += other.squares + step * step * (self.count * other.count / total)
        self.mean += step * (other.count / total)
        self.count = total

    @property
    def deviation(self) -> float:
        """The standard deviation of the population, as scikit-learn's StandardScaler takes it."""
        return float(np.sqrt(self.squares / self.count)) if self.count else 0.0


@dataclass
class Counts:
    """How often each text occurs, and how many rows lack one."""

    texts: Counter[str] = field(default_factory=Counter)
    absent: int = 0

    @classmethod
    def of(cls, column: Texts, rows: "np.ndarray[tuple[int], np.dtype[np.intp]]") -> "Counts":
        counts = cls()
        for value, count in zip(
            column.values, np.bincount(column.codes[rows], minlength=len(column.values)), strict=True
        ):
            if value is None:
                counts.absent += int(count)
            elif count:
                counts.texts[value] += int(count)
        return counts

    def merge(self, other: "Counts", name: str) -> None:
        """Raises InputError when the texts are too many for categories."""
        self.texts.update(other.texts)
        self.absent += other.absent
        if len(self.texts) > MOST_VALUES:
            raise InputError(f"The column {name!r} has more than {MOST_VALUES:,} distinct texts; name it in drop.")

    def ranked(self) -> list[str]:
        """The texts, the most frequent first, ties by text."""
        return [text for text, _ in sorted(self.texts.items(), key=lambda item: (-item[1], item[0]))]


class Sample:
    """The rows of the smallest hashes: a random sample that depends on nothing but the rows. All rows when they fit."""

    def __init__(self, width: int) -> None:
        self.size = max(1 << 12, min(SAMPLE_ROWS, SAMPLE_CELLS // max(1, width)))
        self._hashes = np.empty(0, dtype=np.uint64)
        self._cells = np.empty((0, width))
        self._waiting: list[tuple[Hashes, Floats]] = []
        self._limit = np.uint64(2**64 - 1)

    def chosen(self, hashes: Hashes) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
        """The rows that may still enter."""
        return np.flatnonzero(hashes <= self._limit)

    def add(self, hashes: Hashes, cells: Floats) -> None:
        """`cells` is (rows, width), NaN where missing."""
        self._waiting.append((hashes, cells))
        if sum(len(waiting) for waiting, _ in self._waiting) > self.size:
            self._settle()

    @property
    def cells(self) -> Floats:
        """The sample as (rows, width), in the order of the hashes."""
        self._settle()
        return self._cells

    def _settle(self) -> None:
        hashes = np.concatenate([self._hashes, *(waiting for waiting, _ in self._waiting)])
        order = np.argsort(hashes, kind="stable")[: self.size]
        self._cells = np.concatenate([self._cells, *(cells for _, cells in self._waiting)])[order]
        self._hashes, self._waiting = hashes[order], []
        if len(order) == self.size:
            self._limit = self._hashes[-1]
