"""Bodies of requests: good ones out of golden records, and ones that an endpoint must refuse."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from contract.documents import Document

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"

Record = dict[str, Any]

#: Whole numbers may stand for categories: beyond so many different ones in the golden records they do not.
MOST_CODES = 20


def cells(record: Record) -> list[str]:
    """The values of a record by position; a missing one is empty."""
    return ["" if value is None else str(value) for value in record.values()]


def csv_line(row: Sequence[str]) -> str:
    """A line of CSV without its end, in which any line break of a value stands in quotation marks."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue().removesuffix("\r\n")


def csv_lines(records: Iterable[Record]) -> bytes:
    """Records by position, without a header; a missing value is an empty cell."""
    return "".join(f"{csv_line(cells(record))}\n" for record in records).encode()


def json_line(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)


def json_lines(records: Iterable[Record]) -> bytes:
    return "".join(f"{json_line(record)}\n" for record in records).encode()


def lines(text: str) -> list[str]:
    """The lines that are not empty. Only a line feed ends one: a category may hold Unicode's other line ends."""
    return [line for line in text.split("\n") if line.strip()]


def answers(body: bytes) -> list[Document]:
    """The answers in a body of JSON Lines. Raises json.JSONDecodeError for what is none."""
    return [json.loads(line) for line in lines(body.decode())]


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
        Malformed("a field that is missing", JSON, json_line(without_first(record)).encode()),
    ]
    if numbers(records):
        found.append(Malformed("text where a number belongs", JSON, json_line(without_numbers(records)).encode()))
    return found


def without_first(record: Record) -> Record:
    """The record without its first field."""
    return dict(list(record.items())[1:])


def without_numbers(records: Sequence[Record]) -> Record:
    """The first record with text where surely numbers belong."""
    return records[0] | dict.fromkeys(numbers(records), "twelve")


def numbers(records: Sequence[Record]) -> list[str]:
    """Columns that surely hold numbers: nothing else, and more different ones than a code for categories would have."""
    return [name for name in records[0] if _are_numbers({one[name] for one in records} - {None, ""})]


def _are_numbers(values: set[Any]) -> bool:
    try:
        return len({float(value) for value in values}) > MOST_CODES
    except (TypeError, ValueError):
        return False
