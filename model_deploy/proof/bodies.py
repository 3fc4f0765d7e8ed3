"""Bodies of requests: good ones out of golden records, and ones that an endpoint must refuse."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.documents import Document

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"

Record = dict[str, Any]

#: Whole numbers may stand for categories: beyond so many different ones in the golden records they do not.
MOST_CODES = 20


def csv_lines(records: Iterable[Record]) -> bytes:
    """Records by position, without a header; a missing value is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(["" if value is None else value for value in record.values()] for record in records)
    return text.getvalue().encode()


def json_lines(records: Iterable[Record]) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


#: Content type → how records are written in it.
WRITERS: Mapping[str, Callable[[Iterable[Record]], bytes]] = {CSV: csv_lines, JSON_LINES: json_lines}


def answers(body: bytes) -> list[Document]:
    """The answers in a body of JSON Lines. Raises json.JSONDecodeError for what is none."""
    return [json.loads(line) for line in body.decode().splitlines() if line.strip()]


@dataclass(frozen=True)
class Malformed:
    """A request that must be refused with a 4xx and a reason."""

    name: str
    content_type: str
    body: bytes


def malformed(records: Sequence[Record]) -> list[Malformed]:
    """What can go wrong with a request, made out of the first of good records."""
    record = records[0]
    first = next(iter(record))
    found = [
        Malformed("an unknown content type", "application/x-unknown", csv_lines([record])),
        Malformed("broken JSON", JSON, b'{"' + first.encode() + b'": '),
        Malformed("broken UTF-8", CSV, b"\xff\xfe" + csv_lines([record])),
        Malformed("a record of the wrong length", CSV, csv_lines([{**record, "\0": 0, "\1": 0}])),
        Malformed("a field that is missing", JSON, _json({key: record[key] for key in record if key != first})),
    ]
    if numbers := _numbers(records):
        found.append(Malformed("text where a number belongs", JSON, _json(record | dict.fromkeys(numbers, "twelve"))))
    return found


def _numbers(records: Sequence[Record]) -> list[str]:
    """Columns that surely hold numbers: nothing else, and more different ones than a code for categories would have."""
    return [name for name in records[0] if _are_numbers({one[name] for one in records} - {None, ""})]


def _are_numbers(values: set[Any]) -> bool:
    try:
        return len({float(value) for value in values}) > MOST_CODES
    except (TypeError, ValueError):
        return False


def _json(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode()
