"""The first pass of Fit, over all rows: how many there are, their labels, and the cuts of the split."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from preprocessing.cell_hashes import Hashes
from preprocessing.clean import Floats
from preprocessing.label import label_numbers, label_texts
from preprocessing.read import Batch
from preprocessing.rows import row_hashes
from preprocessing.settings import Settings, roles
from preprocessing.split import (
    POOLED,
    Cuts,
    Ranks,
    has_label_bins,
    label_cuts,
    place_hashes,
    places,
    strata_of,
    time_cuts,
)
from preprocessing.statistics import Counts, Sample
from preprocessing.stream import mapped
from preprocessing.times import times_of


@dataclass
class Census:
    """What is known of all rows; `labels` is empty for a regression.

    `times` samples (event time,) for a split by time, `targets` (label, place) for a regression's strata.
    """

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    ranks: Ranks = field(default_factory=Ranks)
    times: Sample = field(default_factory=lambda: Sample(1))
    targets: Sample = field(default_factory=lambda: Sample(2))

    def thresholds(self, settings: Settings) -> dict[str, Cuts]:
        """The cuts of each stratum: see `contract.preprocessor.Split`."""
        split = settings.split
        if split.by == "time":
            return {POOLED: time_cuts(self.times.cells[:, 0], split)}
        if split.by == "random":
            return {POOLED: (split.train, 1.0 if split.test == 0 else split.train + split.validation)}
        if has_label_bins(settings):
            return label_cuts(self.targets.cells[:, 0], self.targets.cells[:, 1], split)
        return self.ranks.cuts(split)


def take_census(rows: Iterable[Batch], settings: Settings) -> Census:
    """Count the rows. Raises InputError, with the place, for a label or an event time that is missing or unreadable."""
    census = Census()
    sample = census.times if settings.split.by == "time" else census.targets
    for part, sampled in mapped(partial(_count, settings=settings), rows):
        census.rows += part.rows
        census.labels.update(part.labels)
        census.ranks.merge(part.ranks)
        if sampled is not None:
            sample.add(*sampled)
    return census


def _count(batch: Batch, settings: Settings) -> tuple[Census, tuple[Hashes, Floats] | None]:
    columns = settings.columns
    label = None if columns.task == "regression" else label_texts(batch, columns)
    part = Census(rows=batch.data.num_rows)
    if label is not None:
        part.labels = Counts.of(label, np.arange(part.rows)).texts
    content = row_hashes(batch.data, roles(columns), columns.missing)
    if settings.split.by == "time":
        return part, (content, times_of(batch, columns.event_time or "", columns.missing)[:, None])
    if has_label_bins(settings):
        # The sample goes by the content's hash, which says nothing about the place.
        target = [label_numbers(batch, columns), places(place_hashes(settings.split, batch, content))]
        return part, (content, np.column_stack(target))
    if settings.split.by == "stratified":
        part.ranks.add(place_hashes(settings.split, batch, content), strata_of(settings, label, part.rows))
    return part, None
