"""What ends a request: limits, headers, broken bodies, a model that fails. A 4xx or a 500 with its reason, then on."""

import io
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.columns import Task
from contract.errors import InputError
from inference import engine, formats
from inference.application import Application
from inference.model import load
from inference.refusal import RefusedError
from inference.serving import MEGABYTE, REAL_TIME_BYTES, REAL_TIME_RECORDS, Serving, from_environment
from tests.inference.conftest import Client

GOOD = "61,1200.5,Bern\n"
LINES, CSV, JSON, PARQUET = formats.JSON_LINES, formats.CSV, formats.JSON, formats.PARQUET

#: Name → body, content type, status, words of the reason.
HOSTILE: dict[str, tuple[bytes, str, int, str]] = {
    "the limit and a byte": (b"1" * (REAL_TIME_BYTES + 1), CSV, 413, "at most 26,214,400"),
    "a million rows": (b"1,2,Bern\n" * 1_000_000, CSV, 413, "1,000,000 records"),
    "a million rows as JSON": (b"[" + b"[1,2,3]," * 999_999 + b"[1,2,3]]", JSON, 413, "more than 100,000 records"),
    "a million rows as instances": (b'{"instances": [' + b"{} , " * 999_999 + b"{}]}", JSON, 413, "more than 100,000"),
    "line feeds": (b"\n" * REAL_TIME_BYTES, LINES, 413, "records"),
    "a line of commas": (b"," * REAL_TIME_BYTES, CSV, 400, "Line 1 has 26,214,400 bytes"),
    "quotation marks": (b'"' * 99_999, CSV, 400, "not CSV"),
    "deep JSON": (b"[" * REAL_TIME_BYTES, JSON, 400, "not JSON that can be read"),
    "deep objects": (b'{"a":' * 4_000_000, JSON, 400, "not JSON that can be read"),
    "a number of a million digits": (b'{"age": ' + b"9" * MEGABYTE + b"}", JSON, 400, "4300 digits"),
    "a number beyond float64": (b'{"age": 1e999, "income": 1, "city": null}', JSON, 400, "'age'"),
    "an integer beyond float64": (b"[" + b"9" * 400 + b", 1, null]", JSON, 400, "'age'"),
    "NUL bytes": (b"\0" * 1000, CSV, 400, "1 values where 3"),
    "UTF-16": ("61,1,Bern".encode("utf-16"), CSV, 400, "not UTF-8"),
    "a header with a name twice": (b"age,age,income,city\n1,1,2,x\n", CSV, 400, "column 'age' twice"),
    "a header of a million names": (b"age," * 250_000, CSV, 400, "'age' 250000 times"),
    "a header that lacks a column": (b"age,city\n1,Bern\n", CSV, 400, "lacks the column 'income'"),
    "names twice": (b'{"columns": ["age", "age", "city"], "data": [[1, 2, 3]]}', JSON, 400, "column 'age' twice"),
    "names that are none": (b'{"columns": 3, "data": [[1, 2, 3]]}', JSON, 400, "array of names"),
    "broken lines": (b"{\n" * 99_999, LINES, 400, "Line 1 is not JSON"),
    "no Parquet": (b"PAR1" + b"x" * 100 + b"PAR1", PARQUET, 400, "Parquet"),
    "text that does not end": (b'{"age": "6', JSON, 400, "Unterminated string at character 8."),
    "a line break in text": (b'{"age": "6\n"}', JSON, 400, "Invalid control character at character 10."),
    "null": (b"null", JSON, 400, "The body is a JSON null; an object"),
    "a boolean": (b"true", JSON, 400, "The body is a JSON boolean; an object"),
    "half a surrogate pair": (b'{"\\ud800": 1, "age": 1, "income": 1}', JSON, 400, "Record 1"),
    "nothing": (b"", CSV, 400, "no record"),
    "another charset": (GOOD.encode(), "text/csv; charset=latin-1", 415, "latin-1"),
    "another type": (GOOD.encode(), "image/png", 415, "'image/png' is none of text/csv"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_requests_are_refused_soon(client: Client, name: str) -> None:
    body, kind, status, words = HOSTILE[name]
    start = time.process_time()
    answered, form, content = client.invoke(body, kind)
    # A second of this process's own time is the promise, and as much again for a machine that is busy with others.
    assert time.process_time() - start < 5
    assert (answered, form) == (status, "application/json")
    assert words in json.loads(content)["error"]
    assert client.invoke(GOOD)[0] == 200


@pytest.mark.parametrize(
    ("length", "words"), [("12x", "'12x'"), ("-1", "'-1'"), ("1e3", "'1e3'"), ("99", "ends after 15 of 99 bytes")]
)
def test_a_wrong_content_length_is_refused(client: Client, length: str, words: str) -> None:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/invocations", "CONTENT_LENGTH": length,
        "wsgi.input": io.BytesIO(GOOD.encode()),
    }  # fmt: skip
    statuses: list[str] = []
    content = b"".join(Application(client.model)(environ, lambda status, _: statuses.append(status)))
    assert statuses == ["400 Bad Request"]
    assert words in json.loads(content)["error"]


@pytest.mark.parametrize("length", ["9" * 30, str(10**12)])
def test_a_huge_length_is_refused_unread(client: Client, length: str) -> None:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/invocations", "CONTENT_LENGTH": length, "wsgi.input": io.BytesIO(b"1")
    }  # fmt: skip
    statuses: list[str] = []
    list(Application(client.model)(environ, lambda status, _: statuses.append(status)))
    assert statuses == ["413 Request Entity Too Large"]


def test_chunks_have_the_same_limit(client: Client) -> None:
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/invocations", "wsgi.input": io.BytesIO(b"1" * 20),
        "wsgi.input_terminated": True,
    }  # fmt: skip
    statuses: list[str] = []
    list(Application(client.model, Serving(largest=10))(environ, lambda status, _: statuses.append(status)))
    assert statuses == ["413 Request Entity Too Large"]


def test_the_settings_of_the_container() -> None:
    assert from_environment({}) == Serving(False, 25 * MEGABYTE, REAL_TIME_RECORDS, None, 0)
    assert from_environment({"SAGEMAKER_BATCH": "true", "MODEL_VERSION": "7"}) == Serving(
        True, 100 * MEGABYTE, None, 7, 0
    )
    serverless = from_environment({"MAX_CONTENT_LENGTH": str(4 * MEGABYTE), "MODEL_VERSION": "v7", "REASONS": "2"})
    assert serverless == Serving(False, 4 * MEGABYTE, REAL_TIME_RECORDS, "v7", 2)
    assert from_environment({"MAX_CONTENT_LENGTH": str(1024 * MEGABYTE)}).records is None
    with pytest.raises(InputError, match="REASONS is 'three'"):
        from_environment({"REASONS": "three"})


@pytest.mark.parametrize(
    ("accept", "written"),
    [
        (None, CSV),
        ("*/*", CSV),
        ("application/json", JSON),
        ("application/jsonl", LINES),
        ("text/html, application/json;q=0.9", JSON),
        ("application/json;q=0.5, text/csv;q=0.6", CSV),
        ("text/csv;q=0, */*;q=0.1", CSV),
        ("application/*", JSON),
        ("text/*;q=0.2, application/jsonlines;q=0.1", CSV),
        ("application/json;q=x, text/csv;q=0.1", CSV),
        ("text/html", None),
        ("image/*", None),
        ("text/csv;q=0", None),
        ("application/x-parquet", None),
    ],
)
def test_accept(accept: str | None, written: str | None) -> None:
    if written is None:
        with pytest.raises(RefusedError, match="asks for none of") as caught:
            formats.negotiate(CSV, accept)
        assert caught.value.status == 406
    else:
        assert formats.negotiate(CSV, accept) == (CSV, written)


def test_without_a_wish_the_answer_has_the_format_of_the_request() -> None:
    assert formats.negotiate(None, None) == (CSV, CSV)
    assert formats.negotiate("application/x-ndjson", "*/*") == (LINES, LINES)
    assert formats.negotiate("application/vnd.apache.parquet", None) == (PARQUET, CSV)


def fails(_matrix: Any) -> Any:
    raise ZeroDivisionError("of the model")


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        (fails, "ZeroDivisionError: of the model"),
        (lambda matrix: np.full(len(matrix), np.nan), "no finite number"),
        (lambda matrix: np.full((len(matrix), 2), 0.5), "of shape"),
        (lambda matrix: ["a"] * len(matrix), "where numbers"),
    ],
)
@pytest.mark.parametrize("rows", [1, 2, 99])
@pytest.mark.parametrize("batch", [False, True])
def test_a_model_that_fails_is_a_500_with_a_line_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, predict: Callable[[Any], Any], words: str, rows: int, batch: bool
) -> None:
    broken = replace(client.model, engine=engine.of_batches(predict))
    status, kind, content = Client(broken, Serving(batch=batch)).invoke(GOOD * rows)
    assert (status, kind) == (500, "application/json")
    assert "the log says how" in json.loads(content)["error"]
    assert words in caplog.text


def test_the_version_is_told_last(artefact: Callable[[Task], Path]) -> None:
    for task, width in (("binary", 2), ("multiclass", 4), ("regression", 1)):
        client = Client(load(artefact(task)), Serving(version=7))  # type: ignore[arg-type]
        for body in (GOOD, GOOD * 99):
            _, _, content = client.invoke(body)
            rows = [line.split(",") for line in content.decode().splitlines()]
            assert all(len(row) == width + 1 and row[-1] == "7" for row in rows)
            _, _, content = client.invoke(body, accept=JSON)
            assert all(answer["model_version"] == 7 for answer in json.loads(content)["predictions"])
