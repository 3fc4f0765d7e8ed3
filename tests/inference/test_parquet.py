"""Parquet in: by name, in its own types, as CSV says it; bombs are refused before they are decoded."""

import io
import json
import time
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference import parquet
from inference.serving import Serving
from tests.inference.conftest import Client

ROWS: dict[str, list[Any]] = {
    "age": [61, None, 20],
    "income": [1200.5, None, -3.0],
    "city": ["Bern", None, "Basel, BS"],
}
CSV = '61,1200.5,Bern\n,,\n20,-3,"Basel, BS"\n'


def written(table: pa.Table, **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


def refused(client: Client, body: bytes, status: int = 400) -> str:
    start = time.process_time()
    answered, _, content = client.invoke(body, "application/x-parquet")
    assert time.process_time() - start < 5
    assert answered == status, content
    return json.loads(content)["error"]


def test_it_says_what_csv_says(client: Client) -> None:
    expected = client.invoke(CSV)
    orders = [pa.table(ROWS), pa.table({"id": [1, 2, 3], **dict(reversed(ROWS.items()))})]
    texts = pa.table({**ROWS, "age": ["61", "?", " 20"]})
    for table in (*orders, texts, orders[0].set_column(2, "city", orders[0]["city"].dictionary_encode())):
        assert client.invoke(written(table), "application/x-parquet") == expected


def test_many_row_groups(client: Client) -> None:
    table = pa.concat_tables([pa.table(ROWS)] * 500)
    assert client.invoke(written(table, row_group_size=7), "application/x-parquet") == client.invoke(CSV * 500)


def test_bad_values_name_record_and_column(client: Client) -> None:
    table = pa.table({**ROWS, "income": ["1", "2", "old"]})
    words = "Record 3: the field 'income' holds 'old'"
    assert words in refused(client, written(table))
    batch = replace(client, serving=Serving(batch=True))
    status, _, content = batch.invoke(written(table), "application/x-parquet", "application/jsonlines")
    answers = [json.loads(line) for line in content.splitlines()]
    assert (status, ["error" in answer for answer in answers]) == (200, [False, False, True])
    assert words in answers[2]["error"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pa.table({"age": [1], "income": [2.0]}), "lacks the column 'city'"),
        (pa.table([[1], [1], [2.0], ["x"]], names=["age", "age", "income", "city"]), "has twice the column 'age'"),
        (pa.table({**ROWS, "age": [[1], [2], [3]]}), "column 'age' is nested"),
        (pa.table({**ROWS, "city": [b"a", b"b", b"c"]}), "city"),
        (pa.table({**ROWS, "age": [1.0, float("inf"), 2]}), "'age' holds 'inf'"),
        (pa.table(ROWS).slice(0, 0), "no record"),
    ],
)
def test_other_columns_are_refused(client: Client, table: pa.Table, words: str) -> None:
    assert words in refused(client, written(table))


def test_bombs_are_refused_before_they_are_decoded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 3_000_000
    table = pa.table({name: pa.repeat(pa.scalar(0.0), rows) for name in ROWS})
    body = written(table, compression="zstd")
    assert len(body) < 100_000
    assert f"{rows:,} records" in refused(client, body, 413)
    batch = replace(client, serving=Serving(batch=True, records=None))
    monkeypatch.setattr(parquet, "CELLS", 8_000_000)
    assert "3,000,000 rows of 3 columns" in refused(batch, body, 413)
    monkeypatch.setattr(parquet, "UNPACKED", 1 << 20)
    long = written(pa.table({**ROWS, "city": ["x" * (2 << 20)] * 3}), compression="zstd", use_dictionary=False)
    assert "unpacks to" in refused(client, long, 413)


def test_a_text_that_is_not_utf_8_is_refused(client: Client) -> None:
    broken = pa.array([b"Bern", b"\x80", b"x"]).cast(pa.string(), safe=False)
    assert "UTF8" in refused(client, written(pa.table({**ROWS, "city": broken})))


BODY = written(pa.table(ROWS))


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, len(BODY) - 1), change=st.binary(min_size=1, max_size=4), cut=st.integers(0, 20))
def test_a_damaged_file_brings_nothing_down(client: Client, at: int, change: bytes, cut: int) -> None:
    body = BODY[:at] + change + BODY[at + len(change) : len(BODY) - cut]
    assert client.invoke(body, "application/x-parquet")[0] in (200, 400, 413)
