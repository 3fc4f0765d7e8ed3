"""Records of one request and their results, by content type: filtered before, joined and filtered after.

A row of `FORMATS` for each content type that DataProcessing takes
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataProcessing.html).
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from local_aws.jobs.transform import paths
from local_aws.jobs.transform.paths import Path, PathError

#: The attributes that a join adds.
OUTPUT, INPUT = "SageMakerOutput", "SageMakerInput"

#: What GenerateInferenceId adds to JSON
#: (https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-batch.html).
INFERENCE_ID, INFERENCE_TIME = "SageMakerInferenceId", "SageMakerInferenceTime"

#: Gives so many pairs of an inference id and a time.
Stamps = Callable[[int], list[tuple[str, str]]]


class RecordError(Exception):
    """Records cannot be filtered or joined; the text says why."""


@dataclass(frozen=True)
class Processing:
    """DataProcessing, and the stamps of GenerateInferenceId.

    by_line  whether a request's records are lines; otherwise it is one record
    """

    input_filter: Path = ()
    output_filter: Path = ()
    join: bool = False
    stamps: Stamps | None = None
    by_line: bool = True

    @property
    def changes_output(self) -> bool:
        return bool(self.join or self.output_filter or self.stamps)


class Format(ABC):
    """How the records of a content type are filtered and joined."""

    @abstractmethod
    def select(self, body: bytes, processing: Processing) -> bytes:
        """The body with what the input filter leaves of each record. Raises RecordError."""

    @abstractmethod
    def results(self, body: bytes, answer: bytes, processing: Processing) -> bytes:
        """What is written for a request: `body` is the unfiltered one. Without a line end. Raises RecordError."""


class Csv(Format):
    """Rows without line breaks in cells; a row counts as an array."""

    def select(self, body: bytes, processing: Processing) -> bytes:
        return _csv_columns(_lines(body), processing.input_filter) + b"\n"

    def results(self, body: bytes, answer: bytes, processing: Processing) -> bytes:
        lines: Sequence[bytes] = _lines(answer)
        if processing.join:
            lines = list(map(b",".join, _pairs(_lines(body), lines)))
        content = _csv_columns(lines, processing.output_filter) if processing.output_filter else b"\n".join(lines)
        if processing.stamps is None:
            return content
        rows = content.split(b"\n")
        stamps = [b"%b,%b" % (identity.encode(), time.encode()) for identity, time in processing.stamps(len(rows))]
        return b"\n".join(map(b",".join, zip(rows, stamps, strict=True)))


def _csv_columns(lines: Sequence[bytes], path: Path) -> bytes:
    @lru_cache
    def picker(width: int) -> Callable[[list[str]], Iterable[str]]:
        found = paths.columns(path, width)
        return itemgetter(*found) if len(found) > 1 else lambda row: [row[position] for position in found]

    text = io.StringIO()
    try:
        rows = csv.reader([line.decode() for line in lines], strict=True)
        csv.writer(text, lineterminator="\n").writerows(picker(len(row))(row) for row in rows)
    except (csv.Error, UnicodeDecodeError, PathError) as error:
        raise RecordError(f"The filter cannot be applied to CSV: {error}") from error
    return text.getvalue().encode()[:-1]


class Json(Format):
    """A document a record: one a request, or one a line."""

    def select(self, body: bytes, processing: Processing) -> bytes:
        found = [_select(processing.input_filter, record) for record in self._records(body, processing)]
        return b"".join(_dump(record) + b"\n" for record in found)

    def results(self, body: bytes, answer: bytes, processing: Processing) -> bytes:
        results: Sequence[Any] = list(self._answers(body, answer, processing))
        if processing.join:
            results = [_joined(*pair) for pair in _pairs(list(self._records(body, processing)), results)]
        results = [_select(processing.output_filter, result) for result in results]
        if processing.stamps is not None:
            stamps = processing.stamps(len(results))
            results = [_stamped(result, *stamp) for result, stamp in zip(results, stamps, strict=True)]
        return b"\n".join(map(_dump, results))

    def _records(self, body: bytes, processing: Processing) -> Iterator[Any]:
        return map(_load, _lines(body) if processing.by_line else [body])

    def _answers(self, body: bytes, answer: bytes, processing: Processing) -> Iterator[Any]:
        """One record has one answer, however it is laid out; many have a line each."""
        single = not processing.by_line or len(_lines(body)) == 1
        return map(_load, [answer] if single else _lines(answer))


class JsonLines(Json):
    """A document a line, also in what is one request by SplitType None."""

    def _records(self, body: bytes, processing: Processing) -> Iterator[Any]:  # noqa: ARG002  as its sibling
        return map(_load, _lines(body))

    def _answers(self, body: bytes, answer: bytes, processing: Processing) -> Iterator[Any]:  # noqa: ARG002
        return map(_load, _lines(answer))


FORMATS: Mapping[str, Format] = {
    "text/csv": Csv(),
    "application/json": Json(),
    "application/jsonlines": JsonLines(),
}


def format_of(content_type: str) -> Format | None:
    """The row for `Text/CSV; charset=utf-8`, None for types without records."""
    return FORMATS.get(content_type.partition(";")[0].strip().lower())


def _lines(body: bytes) -> list[bytes]:
    """The lines that are not empty, without their ends."""
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n")
    lines = body.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    return [line for line in lines if line.strip()] if b"" in lines else lines


def _pairs(records: Sequence[Any], results: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    if len(records) != len(results):
        raise RecordError(f"The input cannot be joined: {len(records)} records have {len(results)} results.")
    return zip(records, results, strict=True)


def _joined(record: Any, result: Any) -> dict[str, Any]:
    if isinstance(record, dict):
        return {**record, OUTPUT: result}
    return {INPUT: record, OUTPUT: result}


def _stamped(result: Any, identity: str, time: str) -> dict[str, Any]:
    held = result if isinstance(result, dict) else {OUTPUT: result}
    return {**held, INFERENCE_ID: identity, INFERENCE_TIME: time}


def _load(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"A record or its result is not JSON: {error}: {text[:80]!r}") from error


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _select(path: Path, value: Any) -> Any:
    try:
        return paths.select(path, value)
    except PathError as error:
        raise RecordError(f"The filter cannot be applied: {error}") from error
