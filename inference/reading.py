"""Bodies of requests → records, one by one: slow and exact. `tables` does the same for many at once."""

import csv
import gc
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from contract.columns import Columns
from contract.documents import kind_of
from contract.errors import InputError
from inference.formats import CSV, JSON, JSON_LINES
from inference.refusal import too_many

#: Raw values by column, or by position in the order of `Columns.raw_features`; an InputError says why it is neither.
Record = Mapping[str, object] | Sequence[object] | InputError

#: Bytes of a line of CSV or JSON Lines.
LONGEST = 1 << 20

BOM = b"\xef\xbb\xbf"

#: How a JSON array of records begins, and what stands between two of them.
_ARRAY = re.compile(r'\s*(?:\{\s*"instances"\s*:\s*)?\[\s*')
_COMMA = re.compile(r"\s*,\s*")


def read(body: bytes, content_type: str, columns: Columns, most: int | None, tolerant: bool) -> list[Record]:
    """The records of a request.

    content_type  a key of `READERS`
    most          records at most; None: any number
    tolerant      a line that is no record stands for itself as an InputError, and is not raised

    Raises InputError, with the line or record where that can be said, for what is no such body or holds no record.
    """
    lines = _lines if tolerant else _whole
    if content_type in (CSV, JSON_LINES):
        limit(body.count(b"\n"), most)
        _check_lines(body)
    elif most is not None and body.count(b"{") + body.count(b"[") > most + 2 and _has_more(body, most):
        raise too_many(f"The request has more than {most:,} records")
    records = READERS[content_type](body.removeprefix(BOM), columns, lines)
    if not records:
        raise InputError("The body holds no record.")
    limit(len(records), most)
    if not tolerant and (broken := next((record for record in records if isinstance(record, InputError)), None)):
        raise broken
    return records


def limit(records: int, most: int | None) -> None:
    """Raises RefusedError when there are more records than one request may have."""
    if most is not None and records > most:
        raise too_many(f"The request has {records:,} records, at most {most:,} are answered at once")


def _has_more(body: bytes, most: int) -> bool:
    """Whether a JSON array has more than `most` records: without parsing the millions that it may have.

    False as well for what is no such array; the reader says so.
    """
    text = body.decode("utf-8", "replace").removeprefix("\ufeff")
    one = json.JSONDecoder().raw_decode
    between = _ARRAY.match(text)
    try:
        for _ in range(most + 1):
            if between is None:
                return False
            between = _COMMA.match(text, one(text, between.end())[1])
    except (ValueError, RecursionError):
        return False
    return True


def _check_lines(body: bytes) -> None:
    """Raises InputError for a line that is longer than any record: it would only be taken apart to be refused."""
    if len(body) <= LONGEST:
        return
    for number, line in enumerate(body.split(b"\n"), start=1):
        if len(line) > LONGEST:
            raise InputError(f"Line {number} has {len(line):,} bytes, a record has at most {LONGEST:,}.")


def decode(body: bytes) -> str:
    """The text of a body. Raises InputError with the byte that is not UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise InputError(f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}.") from None


def header(row: list[str], columns: Columns, tolerant: bool) -> list[str] | None:
    """The names in a first line whose cells are mostly names of columns; None for any other line.

    A transform job (`tolerant`) hands over a file in parts, of which the first alone has the header: there it must
    name just the features in their order. Raises InputError when a name stands there twice, or a feature is missing.
    """
    cells = [cell.strip() for cell in row]
    names = {*columns.raw_features, *columns.drop, columns.label, columns.event_time}
    if 2 * sum(cell in names for cell in cells) <= len(cells):
        return None
    _check_distinct(cells, "The header")
    present = set(cells)
    if lacking := [name for name in columns.raw_features if name not in present]:
        raise InputError(f"The header lacks the column {lacking[0]!r}.")
    if tolerant and cells != list(columns.raw_features):
        raise InputError(
            "The header names other columns than the features in their order, and later parts of the file, which come "
            "without it, would be misread: leave the header and all other columns out."
        )
    return cells


def _check_distinct(names: list[str], place: str) -> None:
    if len(set(names)) < len(names):
        name, count = Counter(names).most_common(1)[0]
        raise InputError(f"{place} has the column {name!r:.100} {'twice' if count == 2 else f'{count} times'}.")


Lines = Callable[[bytes], Iterator["str | InputError"]]


def _whole(body: bytes) -> Iterator[str | InputError]:
    yield decode(body)


def _lines(body: bytes) -> Iterator[str | InputError]:
    """Each line by itself, as a transform job splits its input: the damage of a broken one ends with it."""
    for line in body.split(b"\n"):
        try:
            yield decode(line)
        except InputError:
            yield InputError("The line is not UTF-8.")


def _csv(body: bytes, columns: Columns, lines: Lines) -> list[Record]:
    rows = [row for text in lines(body) for row in _rows(text)]
    first = rows[0] if rows else None
    names = header(first, columns, lines is _lines) if isinstance(first, list) else None
    if names is None:
        return list(rows)
    return [_named(row, names, number) for number, row in enumerate(rows[1:], start=1)]


def _named(row: list[str] | InputError, names: list[str], number: int) -> Record:
    if isinstance(row, InputError):
        return row
    if len(row) != len(names):
        return InputError(f"Record {number} has {len(row)} values under a header of {len(names)} names.")
    return dict(zip(names, row, strict=True))


def _rows(text: str | InputError) -> Iterator[list[str] | InputError]:
    if isinstance(text, InputError):
        yield text
        return
    try:
        yield from (row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row)
    except csv.Error as error:
        yield InputError(f"The body is not CSV: {error}.")


def _json(body: bytes, _columns: Columns, _lines: Lines) -> list[Record]:
    """An object or array is one record, an array of them many.

    `{"instances": […]}` wraps either, `{"columns": […], "data": [[…]]}` names what stands by position.
    """
    text = decode(body)
    # Millions of small arrays would be looked through for cycles again and again while they are made.
    collecting = gc.isenabled()
    gc.disable()
    try:
        document = _parsed(text, "The body")
    finally:
        if collecting:
            gc.enable()
    if isinstance(document, dict):
        if isinstance(instances := document.get("instances"), list):
            return list(instances)
        if document.keys() == {"columns", "data"} and isinstance(document["data"], list):
            return _split(document["columns"], document["data"])
        return [document]
    if isinstance(document, list) and document and not isinstance(document[0], list | dict):
        return [document]
    if isinstance(document, list):
        return document
    raise InputError(f"The body is a JSON {kind_of(document)}; an object or an array of records is needed.")


def _split(names: Any, rows: list[Any]) -> list[Record]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError("`columns` must be an array of names.")
    _check_distinct(names, "`columns`")
    return [_named(row, names, number) if isinstance(row, list) else row for number, row in enumerate(rows, start=1)]


def _json_lines(body: bytes, _columns: Columns, lines: Lines) -> list[Record]:
    found: list[Record] = []
    number = 0
    for text in lines(body):
        for line in [text] if isinstance(text, InputError) else text.split("\n"):
            number += 1
            if isinstance(line, InputError):
                found.append(line)
            elif line.strip():
                try:
                    found.append(_parsed(line, f"Line {number}"))
                except InputError as error:
                    if lines is _whole:
                        raise
                    found.append(error)
    return found


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        said = error.msg.removesuffix(" at").removesuffix(" starting")
        raise InputError(f"{place} is not JSON: {said} at character {error.pos}.") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place} is not JSON that can be read: {str(error)[:100]}.") from None


def _refuse(constant: str) -> None:
    """NaN and the infinities are no JSON, though Python reads them."""
    raise ValueError(f"{constant} is no JSON number, null says that a value is missing")


READERS: dict[str, Callable[[bytes, Columns, Lines], list[Record]]] = {CSV: _csv, JSON: _json, JSON_LINES: _json_lines}
