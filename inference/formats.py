"""Bodies of requests → records, answers → bodies of responses: one row of a table for each content type."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.columns import Columns
from contract.errors import InputError

#: Raw values by column, or by position in the order of `Columns.raw_features`.
Record = Mapping[str, object] | Sequence[object]


@dataclass(frozen=True)
class Answer:
    """What is said about one record; see `contract.package.Golden`."""

    decision: str | float
    score: float | list[float]


CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"

#: Other names of the same formats.
ALIASES = {"application/jsonl": JSON_LINES, "application/x-jsonlines": JSON_LINES, "application/csv": CSV}


def name_of(content_type: str) -> str:
    """`Text/CSV; charset=utf-8` → `text/csv`; an alias becomes the name of the tables below."""
    plain = content_type.partition(";")[0].strip().lower()
    return ALIASES.get(plain, plain)


def read(body: bytes, content_type: str, columns: Columns) -> list[Record]:
    """The records of a request.

    content_type  a key of `READERS`, as `name_of` gives it

    Raises InputError, with the line or record where that can be said, for what is no such body or holds no record.
    """
    try:
        records = READERS[content_type](body.decode("utf-8-sig"), columns)
    except UnicodeDecodeError as error:
        raise InputError(f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}.") from None
    if not records:
        raise InputError("The body holds no record.")
    return records


def write(answers: Sequence[Answer], content_type: str) -> bytes:
    """The body of a response; `content_type` is a key of `WRITERS`."""
    return WRITERS[content_type](answers).encode()


def _csv(text: str, columns: Columns) -> list[Record]:
    """A first line whose cells are mostly names of columns is a header; without one, records go by position."""
    try:
        rows: list[list[str]] = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise InputError(f"The body is not CSV: {error}.") from None
    if not rows or not _is_header(rows[0], columns):
        return list(rows)
    header = [cell.strip() for cell in rows[0]]
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise InputError(f"Record {number} has {len(row)} values under a header of {len(header)} names.")
    return [dict(zip(header, row, strict=True)) for row in rows[1:]]


def _is_header(row: list[str], columns: Columns) -> bool:
    names = {*columns.raw_features, *columns.drop, columns.label, columns.event_time}
    return 2 * sum(cell.strip() in names for cell in row) > len(row)


def _json(text: str, _columns: Columns) -> list[Record]:
    """An object or array is one record, an array of them many; SageMaker's `{"instances": […]}` wraps either."""
    document = _parsed(text, "The body")
    if isinstance(document, dict) and isinstance(instances := document.get("instances"), list):
        return list(instances)
    if isinstance(document, list) and document and not isinstance(document[0], list | dict):
        return [document]
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        return [document]
    raise InputError(f"The body is a JSON {type(document).__name__}; an object or an array of records is needed.")


def _json_lines(text: str, _columns: Columns) -> list[Record]:
    return [_parsed(line, f"Line {number}") for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise InputError(f"{place} is not JSON: {error.msg} at character {error.pos}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON that can be read: {str(error)[:100]}.") from None


def _refuse(constant: str) -> None:
    """NaN and the infinities are no JSON, though Python reads them."""
    raise ValueError(f"{constant} is no JSON number, null says that a value is missing")


def _csv_text(answers: Sequence[Answer]) -> str:
    """Decision, then the score or the scores by class; a regression has its value alone."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for answer in answers:
        scores = answer.score if isinstance(answer.score, list) else [answer.score]
        writer.writerow([answer.decision, *scores] if isinstance(answer.decision, str) else scores)
    return text.getvalue()


def _json_text(answers: Sequence[Answer]) -> str:
    return json.dumps({"predictions": [_document(answer) for answer in answers]}, ensure_ascii=False)


def _json_lines_text(answers: Sequence[Answer]) -> str:
    return "".join(json.dumps(_document(answer), ensure_ascii=False) + "\n" for answer in answers)


def _document(answer: Answer) -> dict[str, Any]:
    return {"decision": answer.decision, "score": answer.score}


READERS: dict[str, Callable[[str, Columns], list[Record]]] = {CSV: _csv, JSON: _json, JSON_LINES: _json_lines}
WRITERS: dict[str, Callable[[Sequence[Answer]], str]] = {
    CSV: _csv_text,
    JSON: _json_text,
    JSON_LINES: _json_lines_text,
}
