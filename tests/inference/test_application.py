"""Requests and responses: every format in and out says the same; what cannot be answered is a 4xx with a reason."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.columns import Columns, Task
from inference import formats, reading
from inference.application import Application
from inference.model import load
from tests.inference.conftest import Client

RECORDS: list[dict[str, Any]] = [
    {"age": 61, "income": 1200.5, "city": "Bern"},
    {"age": 20, "income": None, "city": "Basel, BS"},
    {"age": None, "income": -3, "city": "nowhere"},
    {"age": 70, "income": 1e3, "city": None},
]
CSV = '61,1200.5,Bern\n20,,"Basel, BS"\n?,-3,nowhere\n70,1e3,\n'
#: With a mark at the start, a column that is no feature, and the label.
OTHER_ORDER = """\ufeffid,city,bought,income,age
1,Bern,,1200.5,61
2,"Basel, BS",,,20
3,nowhere,,-3,
4,,,1e3,70
"""
TEXTS = [{name: value if value is None else str(value) for name, value in record.items()} for record in RECORDS]


def lines(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.splitlines()]


@pytest.fixture
def expected(client: Client) -> list[dict[str, Any]]:
    answers = client.predictions(RECORDS)
    assert [answer["decision"] for answer in answers] == ["yes", "no", "no", "yes"]
    return answers


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (CSV, "text/csv"),
        (CSV.replace("\n", "\r\n"), "Text/CSV; charset=utf-8"),
        ("age,income,city\n" + CSV, "text/csv"),
        (OTHER_ORDER, "text/csv"),
        (json.dumps({"instances": RECORDS}), "application/json"),
        (json.dumps([[*record.values()] for record in RECORDS]), "application/json"),
        ("".join(json.dumps(record) + "\n" for record in RECORDS), "application/jsonlines"),
        ("\n\n".join(json.dumps([*record.values()]) for record in RECORDS), "application/x-jsonlines"),
        (json.dumps(TEXTS), "application/json"),
    ],
)
def test_every_format_in_says_the_same(
    client: Client, expected: list[dict[str, Any]], body: str, content_type: str
) -> None:
    status, kind, content = client.invoke(body, content_type, "application/jsonlines")
    assert (status, kind) == (200, "application/jsonlines")
    assert lines(content) == expected


def test_every_format_out_says_the_same(client: Client, expected: list[dict[str, Any]]) -> None:
    status, kind, content = client.invoke(CSV)
    assert (status, kind) == (200, "text/csv")
    rows = [line.split(",") for line in content.decode().splitlines()]
    assert [{"decision": row[0], "score": float(row[1])} for row in rows] == expected
    _, kind, content = client.invoke(CSV, accept="text/html, application/json;q=0.9")
    assert kind == "application/json"
    assert json.loads(content)["predictions"] == expected


def test_a_single_object_is_one_record(client: Client, expected: list[dict[str, Any]]) -> None:
    assert client.predictions(RECORDS[0]) == expected[:1]
    assert client.predictions([61, 1200.5, "Bern"]) == expected[:1]


def test_one_record_alone_is_the_same_as_among_many(client: Client, expected: list[dict[str, Any]]) -> None:
    assert [client.predictions(record)[0] for record in RECORDS] == expected


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_the_other_tasks(artefact: Callable[[Task], Path], task: Task) -> None:
    client = Client(load(artefact(task)))
    answers = client.predictions(RECORDS)
    _, _, content = client.invoke(CSV)
    rows = [line.split(",") for line in content.decode().splitlines()]
    if task == "regression":
        assert [float(row[0]) for row in rows] == [answer["score"] for answer in answers]
        assert all(answer["decision"] == answer["score"] for answer in answers)
    else:
        assert [row[0] for row in rows] == [answer["decision"] for answer in answers]
        assert [[float(cell) for cell in row[1:]] for row in rows] == [answer["score"] for answer in answers]
        for answer in answers:
            assert answer["decision"] == ("low", "middle", "high")[answer["score"].index(max(answer["score"]))]


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        ("", "text/csv", "no record"),
        ("age,income,city\n", "text/csv", "no record"),
        ("61,1200.5\n", "text/csv", "Record 1: the record has 2 values where 3 are needed"),
        ("61,1,Bern\n1,old,Bern\n", "text/csv", "Record 2: the field 'income' holds 'old'"),
        ("age,income,city\n61,1\n", "text/csv", "Record 1 has 2 values under a header of 3 names"),
        ('61,1,"Bern\n', "text/csv", "not CSV"),
        (b"61,1,Z\xfcrich\n", "text/csv", "not UTF-8: byte 6 is 0xfc"),
        ('{"age": 1, "income": 2}', "application/json", "Record 1: the record lacks the field 'city'"),
        ('{"age": 1, "income": NaN, "city": "Bern"}', "application/json", "NaN"),
        ('{"age": "inf", "income": 1, "city": "Bern"}', "application/json", "'age'"),
        ('{"age": [1], "income": 1, "city": "Bern"}', "application/json", "'age' holds a JSON array"),
        ('{"age": 1', "application/json", "not JSON"),
        ("3", "application/json", "object or an array"),
        ("[]", "application/json", "no record"),
        ('[{"age": 1, "income": 2, "city": "Bern"}, 7]', "application/json", "Record 2"),
        ('{"age": 1, "income": 2, "city": "Bern"}\n{oops}', "application/jsonlines", "Line 2"),
        ('{"age": 1, "income": 2, "city": "Bern"}\n\n \n{oops}', "application/jsonlines", "Line 4"),
        ("[" * 100_000, "application/json", "not JSON"),
    ],
)
def test_bad_bodies_are_400_with_a_reason(client: Client, body: str | bytes, content_type: str, words: str) -> None:
    status, kind, content = client.invoke(body, content_type)
    assert (status, kind) == (400, "application/json")
    assert words in json.loads(content)["error"]


def test_a_first_line_is_a_header_when_more_than_half_of_it_are_names() -> None:
    columns = Columns(label="bought", task="binary", numeric=("age",), categorical=("city",))

    def read(body: bytes) -> list[reading.Record]:
        return reading.read(body, formats.CSV, columns, most=None, tolerant=False)

    assert read(b"61,age\n") == [["61", "age"]]
    assert read(b"city,age\nBern,61\n") == [{"city": "Bern", "age": "61"}]
    assert read(b"city,age,other\nBern,61,x\n") == [{"city": "Bern", "age": "61", "other": "x"}]


def test_a_body_in_chunks_has_no_length(client: Client, expected: list[dict[str, Any]]) -> None:
    """As gunicorn hands it over: decoded, with an end, and without a Content-Length."""
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/invocations", "CONTENT_TYPE": "text/csv",
        "HTTP_ACCEPT": "application/json", "wsgi.input": io.BytesIO(CSV.encode()), "wsgi.input_terminated": True,
    }  # fmt: skip
    answer = b"".join(Application(client.model)(environ, lambda *_: None))
    assert json.loads(answer)["predictions"] == expected


def test_the_rest_of_the_contract(client: Client) -> None:
    assert client("GET", "/ping")[0] == 200
    status, _, content = client("GET", "/execution-parameters")
    assert status == 200
    assert json.loads(content)["BatchStrategy"] == "MULTI_RECORD"
    assert client("GET", "/nowhere")[0] == 404
    assert client("GET", "/invocations")[0] == 405
    assert client.invoke("x", "image/png")[0] == 415
    assert client.invoke(CSV, accept="image/png")[0] == 406


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=80), kind=st.sampled_from(["text/csv", "application/json", "application/jsonlines"]))
def test_no_body_brings_it_down(client: Client, body: bytes, kind: str) -> None:
    assert client.invoke(body, kind)[0] in (200, 400)
