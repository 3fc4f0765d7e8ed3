"""The training channels of SageMaker's Random Cut Forest: folders of CSV without header, `text/csv;label_size=0|1`.

With `ShardedByS3Key` a host finds its own share of the files in its folder and nothing else.
"""

from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest.matrix import Matrix, rows_of_csv


@dataclass(frozen=True, eq=False)
class Channel:
    """rows  (n, features) float64;  labels  (n,) 0 or 1, where 1 is an anomaly; None when the channel has none"""

    rows: Matrix
    labels: NDArray[np.int64] | None = None


def read(folder: Path, content_type: str) -> Channel:
    """All files of a channel in the order of their names, but for those that other programs keep for themselves.

    Without `label_size` the first column is the label, as everywhere in SageMaker's CSV. Raises InputError, with file
    and line, for what is no number, rows of different length, no rows, a label other than 0 and 1, another type.
    """
    size = label_size(content_type)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and _is_data(path.relative_to(folder)))
    tables = [table for path in files if len(table := rows_of_csv(path, str(path)))]
    if not tables:
        raise InputError(f"{folder} holds no rows in {len(files)} files.")
    if len({table.shape[1] for table in tables}) > 1:
        raise InputError(f"The files in {folder} differ in their number of columns.")
    table = np.concatenate(tables)
    if not size:
        return Channel(table)
    if table.shape[1] < 2:
        raise InputError(f"The files in {folder} have one column, a label and features are needed: set label_size=0.")
    labels = table[:, 0]
    if not np.isin(labels, (0, 1)).all():
        raise InputError(f"The first column in {folder} is no label (0 or 1): without labels set label_size=0.")
    return Channel(table[:, 1:], labels.astype(np.int64))


def _is_data(path: Path) -> bool:
    """Not `_SUCCESS`, `_temporary/…`, `.part.csv.crc`."""
    return not any(part.startswith((".", "_")) for part in path.parts)


def label_size(content_type: str) -> int:
    """0 or 1 out of a content type such as `text/csv;label_size=0`. Raises InputError for another type."""
    message = Message()
    message["Content-Type"] = content_type
    if message.get_content_type() != "text/csv":
        raise InputError(f"The channel has the content type {content_type!r}, only text/csv is supported.")
    size = message.get_param("label_size", "1")
    if size not in ("0", "1"):
        raise InputError(f"label_size in {content_type!r} is neither 0 nor 1.")
    return int(size)
