"""The four outputs of Encode: encoded train, validation and test rows, and the raw test rows, as Parquet."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contract.errors import InputError
from contract.preprocessor import Preprocessor
from preprocessing import arrays
from preprocessing.clean import clean
from preprocessing.derive import Features
from preprocessing.duplicates import Duplicates
from preprocessing.encode import BatchEncoder
from preprocessing.labelled import labelled
from preprocessing.outputs import Output, as_in_file
from preprocessing.read import Batch, batches, files
from preprocessing.settings import LABEL
from preprocessing.split import SIDES
from preprocessing.stream import mapped

RAW = "test_raw"


def encode_files(
    source: Path,
    preprocessor: Preprocessor,
    duplicates: Path,
    output: Path,
    host: str,
    features: Features | None = None,
) -> dict[str, int]:
    """Encode the data files at or below `source`; returns the rows written for each side.

    Below `output` stand train/, validation/, test/ (float32: `label` first, then the features) and test_raw/ (the raw
    columns of the test rows, in the same order), each with one file a host, in reading order. `duplicates` is the
    folder that Fit wrote. A host without files, or without rows for a side, writes none.
    Raises InputError with the place for what cannot be read or encoded.
    """
    found = files(source)
    removed = Duplicates.read(duplicates, found)
    side_of = partial(_sided, preprocessor=preprocessor, encoder=BatchEncoder(preprocessor, features))
    rows = dict.fromkeys(SIDES, 0)
    with ExitStack() as stack:
        coded = {name for feature in preprocessor.features if feature.kind == "categorical" for name in feature.names}
        coded |= {LABEL} if preprocessor.classes else set()
        writers = {name: stack.enter_context(Output(output / name, host, coded)) for name in (*SIDES, RAW)}
        stayed = (removed.leave_out(batch) for batch in batches(found, preprocessor.columns))
        for tables in mapped(side_of, stayed):
            for name, table in tables.items():
                writers[name].write(table)
                if name in rows:
                    rows[name] += table.num_rows
    return rows


def training_rows(
    source: Path, preprocessor: Preprocessor, duplicates: Path, as_read: Collection[str] = ()
) -> Iterator[tuple[dict[str, NDArray[Any]], Any]]:
    """The rows that Train will see, batch by batch: the raw features, numbers as float64 with NaN for what is missing
    and texts as objects with None, and beside them a table of the columns `as_read`, as they stand in the file.
    Other arguments and errors as of `encode_files`; derived columns are left out."""
    found = files(source)
    removed = Duplicates.read(duplicates, found)

    def kept(batch: Batch) -> tuple[dict[str, NDArray[Any]], Any]:
        sides = labelled(batch, preprocessor.columns, preprocessor.split, preprocessor.classes).sides
        rows = np.flatnonzero(sides == SIDES.index("train"))
        cells = clean(batch, preprocessor.columns)
        texts = {name: column.objects() for name, column in cells.texts.items()}
        table = pa.Table.from_batches([batch.data.select(list(as_read)).take(arrays.numbers(rows))])
        return {name: column[rows] for name, column in {**cells.numbers, **texts}.items()}, as_in_file(table)

    return mapped(kept, (removed.leave_out(batch) for batch in batches(found, preprocessor.columns)))


def _sided(batch: Batch, preprocessor: Preprocessor, encoder: BatchEncoder) -> dict[str, Any]:
    """The batch as one table for each output."""
    known = labelled(batch, preprocessor.columns, preprocessor.split, preprocessor.classes)
    with np.errstate(over="ignore"):
        target = known.labels.astype(np.float32)
    if np.isinf(target).any():
        row = int(np.flatnonzero(np.isinf(target))[0])
        raise InputError(
            f"{batch.where(row)}: the label {float(known.labels[row])!r} is beyond float32, in which models train."
        )
    encoded = [target, *encoder.encode(batch)]
    names = [LABEL, *preprocessor.feature_names]
    tables = {}
    for index, side in enumerate(SIDES):
        rows = np.flatnonzero(known.sides == index)
        tables[side] = pa.table([arrays.numbers(column[rows]) for column in encoded], names)
    # `rows` are those of the last side, the test rows.
    tables[RAW] = as_in_file(pa.Table.from_batches([batch.data.take(arrays.numbers(rows))]))
    return tables
