"""Under SAGEMAKER_BATCH=true, one bad record costs one error row, of the same shape, at its place."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contract.columns import Task
from inference.model import load
from inference.serving import Serving
from tests.inference.conftest import Client

BAD_CSV = [b"61,x,Bern", b"61,1", b"1,2,3,4", b"nan,inf,Bern", b"61,1,\xff\xfe", b'61,1,"Bern', b"1e999,1,Bern"]
BAD_LINES = [
    b'{"age": 1}', b"{", b"[1, 2]", b"7", b'{"age": [1], "income": 2, "city": 3}', b"\xff", b"[" * 5000,
    b'{"age": 1, "income": 2, "city": 3}{}', b'{"age": NaN, "income": 2, "city": 3}',
]  # fmt: skip


@pytest.fixture
def batch(client: Client) -> Client:
    return replace(client, serving=Serving(batch=True, records=None, version=7))


@pytest.mark.parametrize("times", [1, 30])
@pytest.mark.parametrize("bad", BAD_CSV)
def test_a_bad_line_of_csv_costs_one_row(batch: Client, bad: bytes, times: int) -> None:
    good = [b"61,1200.5,Bern", b'20,,"Basel, BS"', b"?,3,nowhere"]
    status, _, clean = batch.invoke(b"\n".join(good * times))
    assert status == 200
    body = b"\n".join([*good[:2], bad, *good[2:]] * times)
    status, kind, content = batch.invoke(body)
    assert (status, kind) == (200, "text/csv")
    rows = content.decode().split("\n")
    assert len(rows) == 4 * times + 1
    for row in rows[2:-1:4]:
        assert row.removeprefix('"').startswith("ERROR: Record ")
        assert row.endswith(",,7")
    del rows[2::4]
    assert "\n".join(rows) == clean.decode()


@pytest.mark.parametrize("times", [1, 40])
def test_a_line_break_within_a_cell_costs_its_two_lines(batch: Client, times: int) -> None:
    status, _, content = batch.invoke(b'61,1200.5,Bern\n20,1,"Ba\nsel"\n' * times)
    assert status == 200
    rows = content.decode().removesuffix("\n").split("\n")
    assert len(rows) == 3 * times
    assert [row.removeprefix('"').startswith("ERROR: ") for row in rows] == [False, True, True] * times


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_bad_line_of_json_costs_one_answer(batch: Client, bad: bytes) -> None:
    good = json.dumps({"age": 61, "income": 1, "city": "Bern"}).encode()
    status, _, content = batch.invoke(b"\n".join([good, bad, good]), "application/jsonlines")
    assert status == 200
    first, second, third = (json.loads(line) for line in content.splitlines())
    assert first == third
    assert second.keys() == first.keys() | {"error"}
    assert (second["decision"], second["score"], second["model_version"]) == (None, None, 7)
    assert "2" in second["error"]


@pytest.mark.parametrize(("task", "width"), [("binary", 2), ("multiclass", 4), ("regression", 1)])
def test_an_error_row_is_as_wide_as_the_others(artefact: Callable[[Task], Path], task: Task, width: int) -> None:
    client = Client(load(artefact(task)), Serving(batch=True, reasons=2))
    for body in (b"61,x,Bern\n61,1,Bern\n", b"61,x,Bern\n" * 3):
        status, _, content = client.invoke(body)
        assert status == 200
        rows = list(csv.reader(io.StringIO(content.decode())))
        assert [len(row) for row in rows] == [width + 4] * len(rows)


def test_a_header_leaves_no_row_and_must_name_what_the_other_parts_hold(batch: Client) -> None:
    line = b"61,1200.5,Bern\n"
    assert batch.invoke(b"age,income,city\n" + line) == batch.invoke(line)
    assert batch.invoke(b"age,income,city\n" + line * 99) == batch.invoke(line * 99)
    for header in (b"income,age,city\n", b"id,age,income,city\n"):
        for times in (1, 99):
            status, _, content = batch.invoke(header + line * times)
            assert status == 400
            assert "The header names other columns" in json.loads(content)["error"]


def test_what_is_no_record_at_all_is_still_refused(batch: Client) -> None:
    for body, kind in (
        (b"", "text/csv"),
        (b"{", "application/json"),
        (b"1", "image/png"),
        (b"x", "application/parquet"),
    ):
        assert batch.invoke(body, kind)[0] in (400, 415)


def test_a_list_of_json_costs_one_answer_too(batch: Client) -> None:
    records: list[Any] = [[61, 1, "Bern"], [61, "x", "Bern"], 7, {"age": 61, "income": 1, "city": "Bern"}]
    first, second, third, fourth = batch.predictions(records)
    assert first == fourth
    assert "the field 'income' holds 'x'" in second["error"]
    assert third["error"].startswith("Record 3 is 7;")
