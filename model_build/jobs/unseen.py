"""Which test rows the champion cannot have learnt from: those that its own split, as it was sealed, tests on."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract.errors import InputError
from contract.preprocessor import HASHING, Preprocessor, Split
from preprocessing.label import label_numbers, label_texts
from preprocessing.read import Batch, in_memory
from preprocessing.rows import row_hashes
from preprocessing.settings import roles
from preprocessing.split import POOLED, SIDES, label_bins, sides_of

#: Records that are held at a time.
ROWS = 1 << 16


def unseen(preprocessor: Preprocessor, rows: Path) -> NDArray[np.bool_]:
    """For each raw test row below `rows`, in order, whether it stands on the test side of the champion's split.

    Raises InputError when nobody can tell: for columns that are gone, and for hashes of another rule.
    """
    split = preprocessor.split
    if split.by != "time" and split.hashing != HASHING:
        raise InputError("It was split by an earlier rule, so nobody knows which of the test rows it has seen")
    found = [np.zeros(0, dtype=bool)]
    for path in sorted(rows.rglob("*.parquet")):
        with pq.ParquetFile(path, pre_buffer=False) as file:
            found += [_unseen(preprocessor, in_memory(batch)) for batch in file.iter_batches(ROWS)]
    return np.concatenate(found)


def _unseen(preprocessor: Preprocessor, batch: Batch) -> NDArray[np.bool_]:
    columns, split = preprocessor.columns, preprocessor.split
    placing = list(roles(columns))
    if split.by == "time" or split.key:
        placing = [columns.event_time or ""] if split.by == "time" else list(split.key)
    for name in (*placing, columns.label):
        if name not in batch.data.schema.names:
            raise InputError(
                f"It was split by the column {name!r}, which is gone, so nobody knows which rows it has seen"
            )
    strata = None
    if POOLED not in split.thresholds:
        regression = columns.task == "regression"
        strata = label_bins(label_numbers(batch, columns), split) if regression else label_texts(batch, columns)
    content = row_hashes(batch.data, placing, columns.missing)
    return np.asarray(sides_of(split, columns, batch, content, strata) == SIDES.index("test"))


def difference(champion: Preprocessor, candidate: Preprocessor) -> str:
    """How the champion was split otherwise, in words; "" when no setting that is known differs."""
    one, other = champion.split, candidate.split
    if one.by == other.by == "time":
        return f"its test rows begin at {_first(one)}, here at {_first(other)}"
    if one.by != other.by:
        return f"it was split by {one.by}, here by {other.by}"
    if one.seed != other.seed:
        return f"it was split with seed {one.seed}, here {other.seed}"
    if one.key != other.key:
        return f"it was split by {_listed(one.key)}, here by {_listed(other.key)}"
    if not one.key and set(roles(champion.columns)) != set(roles(candidate.columns)):
        return "it was split by other columns, since whole rows are what places them"
    return "it was split at other cuts"


def _first(split: Split) -> str:
    return datetime.fromtimestamp(split.thresholds[POOLED][1], UTC).strftime("%Y-%m-%d %H:%M:%S")


def _listed(key: tuple[str, ...]) -> str:
    return " and ".join(key) or "whole rows"
