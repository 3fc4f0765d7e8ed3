"""Golden records: raw test rows that cover what can go wrong, with the decisions of training time."""

import csv
import datetime
import decimal
import gzip
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from contract import package
from contract.errors import InputError
from contract.package import Golden
from contract.preprocessor import Categorical, Preprocessor
from inference.model import Model
from preprocessing.values import as_text

Record = dict[str, Any]
Indices = NDArray[np.int64]

#: Rows looked at for what they cover; beyond that a larger test split brings nothing new.
CANDIDATES = 20_000
PAYLOAD_RECORDS = 5

#: Stands for every category that training did not see.
UNKNOWN = object()


class RawRows:
    """Raw test rows in the order of the encoded ones: files by name, rows as they stand."""

    def __init__(self, files: Sequence[Path], columns: Sequence[str]) -> None:
        self._files, self._columns = files, list(columns)
        for path in files:
            if missing := set(columns) - set(pq.read_schema(path).names):
                raise InputError(f"{path.name} of the raw test rows lacks the columns {', '.join(sorted(missing))}.")
        self.rows = sum(pq.read_metadata(path).num_rows for path in files)

    def at(self, indices: Indices) -> list[Record]:
        """The rows of `indices`, which rise, as records: raw column → text, number or None."""
        records: list[Record] = []
        for offset, batch in self._batches():
            inside = indices[(indices >= offset) & (indices < offset + len(batch))] - offset
            records += [
                {name: _plain(value) for name, value in row.items()} for row in batch.take(pa.array(inside)).to_pylist()
            ]
        return records

    def _batches(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        offset = 0
        for path in self._files:
            with pq.ParquetFile(path, pre_buffer=False) as file:
                for batch in file.iter_batches(columns=self._columns):
                    yield offset, batch
                    offset += len(batch)


def chosen(
    folder: Path, labels: NDArray[np.generic], preprocessor: Preprocessor, count: int, seed: int
) -> tuple[Indices, list[Record]]:
    """The raw test rows of `folder` that become golden records, and their places among `labels`. Raises InputError."""
    files = sorted(path for path in folder.rglob("*.parquet") if path.is_file())
    raw = RawRows(files, preprocessor.columns.raw_features)
    if raw.rows != len(labels):
        raise InputError(f"{raw.rows} raw test rows stand against {len(labels)} encoded ones: run Encode again.")
    places = choose(raw, labels, preprocessor, count, seed)
    return places, raw.at(places)


def choose(raw: RawRows, labels: NDArray[np.generic], preprocessor: Preprocessor, count: int, seed: int) -> Indices:
    """Rising indices of `count` test rows, or of all when there are fewer.

    In a random order by `seed`, rows that show something new come first (a class, a category, an unknown category, a
    missing value, each by column), then the next ones.
    """
    pool = np.sort(np.random.default_rng(seed).permutation(raw.rows)[: max(CANDIDATES, count)])
    records = raw.at(pool)
    order = np.random.default_rng(seed).permutation(len(pool))
    regression = preprocessor.columns.task == "regression"
    seen: set[tuple[str, object]] = set()
    fresh: list[int] = []
    for place in order:
        facts = set(_facts(records[place], preprocessor))
        if not regression:
            facts.add(("", int(labels[pool[place]])))
        if not facts <= seen:
            seen |= facts
            fresh.append(int(place))
    first = list(dict.fromkeys([*fresh, *order.tolist()]))[:count]
    return np.sort(pool[first])


def _facts(record: Record, preprocessor: Preprocessor) -> Iterator[tuple[str, object]]:
    """What a record shows, by column: a category, an unknown one, a missing value; a plain number shows nothing."""
    missing = frozenset(preprocessor.columns.missing)
    for feature in preprocessor.features:
        if feature.column not in record:
            continue
        text = as_text(record[feature.column], missing)
        if text is None:
            yield feature.column, None
        elif isinstance(feature, Categorical):
            yield feature.column, text if text in feature.categories else UNKNOWN


def decide(model: Model, records: Sequence[Record]) -> list[Golden]:
    """Each record on its own through the endpoint's path, with score and decision."""
    return [_golden(model, record) for record in records]


def _golden(model: Model, record: Record) -> Golden:
    scores = model.predict(model.encoder.encode(record)[np.newaxis])
    score = [float(share) for share in scores[0]] if scores.ndim == 2 else float(scores[0])
    return Golden(record, score, model.decide(scores)[0])


def check(golden: Sequence[Golden], batch: NDArray[np.floating]) -> None:
    """Raises InputError unless the scores equal those of the batch, to the last bit."""
    for place, (one, row) in enumerate(zip(golden, batch.tolist(), strict=True)):
        if one.score != row:
            raise InputError(
                f"Golden record {place} scores {one.score} alone and {row} in a batch: "
                "a row's score must depend on this row alone; look at features.py and predictor.py."
            )


def write(output: Path, golden: Sequence[Golden]) -> None:
    """golden.jsonl, one JSON object a line with record, score and decision, and payload.tar.gz of the first records."""
    lines = (
        json.dumps(
            {"record": one.record, "score": one.score, "decision": one.decision}, ensure_ascii=False, allow_nan=False
        )
        for one in golden
    )
    (output / package.GOLDEN).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _write_payload(output / package.PAYLOAD, [one.record for one in golden[:PAYLOAD_RECORDS]])


def _write_payload(path: Path, records: Sequence[Record]) -> None:
    """Sample requests for the registry: payload.csv and payload.json in an archive without times."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        ["" if value is None else value for value in record.values()] for record in records
    )
    contents = {"payload.csv": text.getvalue(), "payload.json": json.dumps({"instances": records}, ensure_ascii=False)}
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name, content in contents.items():
            body = content.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))


def _plain(value: Any) -> Any:
    """A Parquet cell as JSON has it."""
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    return value.decode() if isinstance(value, bytes) else value
