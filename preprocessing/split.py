"""Which side a row stands on: train, validation or test, and the cuts that decide it.

`random` and `stratified` compare a hash of the row's content (or of its key columns) with two cuts, so equal rows stay
together and a row keeps its side from run to run. `stratified` chooses the cuts for each class from the ranks of the
hashes within it; the classes of a regression are bins of its label, so that each side has its share of the extremes.
With a key the cuts are common to all classes, since one key may carry several. `time` compares the event time: the
oldest rows train.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from contract.columns import Columns
from contract.errors import InputError
from contract.preprocessor import Split
from preprocessing.cell_hashes import Hashes
from preprocessing.clean import Floats, Texts
from preprocessing.read import Batch
from preprocessing.rows import reseed, row_hashes
from preprocessing.settings import Settings, SplitSettings
from preprocessing.times import times_of

SIDES = ("train", "validation", "test")
Sides = npt.NDArray[np.int8]
Cuts = tuple[float, float]

#: Of the histogram that stands for the ranks: with fewer rows in a class than bins, a cut errs by about one row.
BINS = 1 << 14
#: Strata of a regression at most, and the rows that each needs on average: with fewer, new rows would move the cuts.
LABEL_BINS, LEAST_BIN_ROWS = 20, 50
#: The one stratum of a split without classes.
POOLED = ""


@dataclass
class Ranks:
    """The ranks of the hashes within each stratum, in constant memory: a histogram of the first bits of the hash."""

    counts: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict)

    def add(self, hashes: Hashes, strata: Texts) -> None:
        bins = (hashes >> np.uint64(50)).astype(np.int64)
        for code, stratum in enumerate(strata.values):
            if stratum is not None:
                found = np.bincount(bins[strata.codes == code], minlength=BINS)
                self.counts[stratum] = self.counts.get(stratum, 0) + found

    def merge(self, other: "Ranks") -> None:
        for stratum, counts in other.counts.items():
            self.counts[stratum] = self.counts.get(stratum, 0) + counts

    def cuts(self, split: SplitSettings) -> dict[str, Cuts]:
        """For each stratum the shares of the hash's range below which a row trains, or validates."""
        return {stratum: _cuts_of(counts, split) for stratum, counts in sorted(self.counts.items())}


def _cuts_of(counts: npt.NDArray[np.int64], split: SplitSettings) -> Cuts:
    below = np.concatenate([[0], np.cumsum(counts)])
    wanted = (round(split.train * below[-1]), round((split.train + split.validation) * below[-1]))
    first, second = (int(np.argmin(np.abs(below - rows))) / BINS for rows in wanted)
    return first, 1.0 if split.test == 0 else second


def label_cuts(labels: Floats, places: Floats, split: SplitSettings) -> dict[str, Cuts]:
    """For each bin of a regression's label, named by its lower edge, the places from which rows validate, or test.

    The bins hold about as many rows each, equal labels stay together, and the rounding errors of the bins cancel.
    """
    bins = min(LABEL_BINS, max(1, len(labels) // LEAST_BIN_ROWS))
    inner = np.unique(np.quantile(labels, np.arange(1, bins) / bins, method="lower"))
    edges = np.append(-np.inf, inner[inner > labels.min()])
    codes = np.searchsorted(edges, labels, side="right") - 1
    ends = np.cumsum(np.bincount(codes, minlength=len(edges)))
    shares = (split.train, 1.0 if split.test == 0 else split.train + split.validation)
    wanted = [np.diff(np.round(share * ends).astype(np.int64), prepend=0) for share in shares]
    cuts = {}
    for code, edge in enumerate(edges):
        ordered = np.append(np.sort(places[codes == code]), 1.0)
        cuts[repr(float(edge))] = (float(ordered[wanted[0][code]]), float(ordered[wanted[1][code]]))
    return cuts


def label_bins(labels: Floats, split: Split) -> Texts | None:
    """The stratum of each row of a regression, by the name that `label_cuts` gave it; None when there is but one."""
    if POOLED in split.thresholds:
        return None
    names = tuple(sorted(split.thresholds, key=float))
    return Texts(np.searchsorted([float(name) for name in names], labels, side="right") - 1, names)


def has_label_bins(settings: Settings) -> bool:
    """Whether the strata are bins of the label."""
    return settings.columns.task == "regression" and settings.split.by == "stratified" and not settings.split.key


def time_cuts(times: Floats, split: SplitSettings) -> Cuts:
    """The event times from which on rows validate, or test; equal times stay together."""
    ordered = np.append(np.sort(times), np.inf)
    first, second = (round(share * len(times)) for share in (split.train, split.train + split.validation))
    return float(ordered[first]), float(ordered[second])


def strata_of(settings: Settings, label: Texts | None, rows: int) -> Texts:
    """The stratum of each row: its class where classes have cuts of their own, else one for all."""
    by_class = settings.split.by == "stratified" and not settings.split.key
    return label if by_class and label is not None else one_stratum(rows)


def one_stratum(rows: int) -> Texts:
    return Texts(np.zeros(rows, dtype=np.int64), (POOLED,))


def place_hashes(split: Split | SplitSettings, batch: Batch, content: Hashes) -> Hashes:
    """The hashes that place the rows: of the key when there is one, else of the content; others for each seed."""
    return reseed(row_hashes(batch.data, split.key) if split.key else content, split.seed)


def places(hashes: Hashes) -> Floats:
    """The hashes as shares of their range, from 0 to below 1."""
    return np.asarray((hashes >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def sides_of(split: Split, columns: Columns, batch: Batch, content: Hashes, label: Texts | None) -> Sides:
    """For each row the index of its side in SIDES; `label` is the class, or the bin of a regression's label.

    Raises InputError for a label that Fit did not see.
    """
    pooled = one_stratum(len(content))
    if split.by == "time":
        values: Floats = times_of(batch, columns.event_time or "", columns.missing)
        strata = pooled
    else:
        values = places(place_hashes(split, batch, content))
        strata = label if label is not None and POOLED not in split.thresholds else pooled
    unseen = {value for value in strata.values if value not in split.thresholds}
    if unseen & {strata.values[code] for code in np.flatnonzero(np.bincount(strata.codes))}:
        raise InputError(f"{batch.file.name} holds the label {unseen.pop()!r}, which Fit did not see; run Fit again.")
    cuts = np.array([split.thresholds.get(value or POOLED, (0.0, 0.0)) for value in strata.values])
    lower, upper = cuts[strata.codes, 0], cuts[strata.codes, 1]
    return np.asarray(np.add(values >= lower, values >= upper, dtype=np.int8))
