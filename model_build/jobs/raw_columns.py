"""Raw columns of the test rows, cleaned as Encode cleans them, in the order of the encoded rows."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.columns import Columns
from contract.errors import InputError
from preprocessing.clean import numbers_of, texts_of
from preprocessing.read import batches, files

Column = NDArray[Any]


def read(folder: Path, columns: Columns, names: Collection[str]) -> Mapping[str, Column]:
    """Name → (rows,): float64 with NaN for a numeric column, objects with None for any other. The label is text.

    Raises InputError when the folder has no rows or a cell cannot be read.
    """
    parts: dict[str, list[Column]] = {name: [] for name in names}
    # What Encode wrote is Parquet and brings its header.
    for batch in batches(files(folder), replace(columns, names=()), names):
        for name, found in parts.items():
            if name in columns.numeric:
                found.append(numbers_of(batch, name, columns.missing))
            else:
                found.append(texts_of(batch, name, columns.missing).objects())
    if not all(parts.values()):
        raise InputError(f"{folder} holds no raw test rows: run Encode again.")
    return {name: np.concatenate(found) for name, found in parts.items()}
