"""Whatever the body: many at once, one alone, and the slow and exact way say the same, byte for byte."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inference import scoring, tables
from inference.model import Model
from inference.serving import Serving
from tests.inference.conftest import Client

BOUNDED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])

CELL = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        ["", "?", " 7 ", "+1", "1_0", "nan", "NaN", "NAN", "inf", "-Infinity", "1e999", "-1e-400", "0x1p3"]
    ),
    st.sampled_from(["Bern", " Bern\t", '"Basel, BS"', "Zürich", "age", "income", "city", "id", '"a""b"', "\x1c3"]),
    st.text("19.e-+ \t\"'\r\n\0é\x85\u2028", max_size=6),
)
ROW = st.lists(CELL, min_size=3, max_size=3).map(",".join)
NUMBER = st.one_of(st.floats(0, 1e6).map(repr), st.integers(-99, 99).map(str), st.sampled_from(["", "?", "1e300"]))
GOOD = st.tuples(NUMBER, NUMBER, st.sampled_from(["Bern", '"Basel, BS"', '"a""b"', "", "Zürich"])).map(",".join)
CSV = st.builds(
    lambda head, rows, end: head + end.join(rows) + end,
    st.sampled_from(
        ["", "\ufeff", "age,income,city\n", "city,id,age,income\n", '\n"age","income","city"\r\n', "age,age,city\n"]
    ),
    st.one_of(st.lists(GOOD, min_size=1, max_size=6), st.lists(st.one_of(GOOD, ROW), min_size=1, max_size=6)),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
JSON_VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(0, 1e9), st.integers(2**52, 2**70), st.text(max_size=4),
    st.sampled_from([" 7 ", "?", "Bern", "nan", [], {}, 1e300, "\ud800"]),
)  # fmt: skip
JSON_ROWS = st.one_of(
    *(
        st.lists(st.fixed_dictionaries({"age": kind, "income": st.floats(0, 9), "city": kind}), min_size=1, max_size=5)
        for kind in (
            st.integers(),
            st.text(max_size=3),
            st.booleans(),
            st.floats(),
            st.none() | st.integers(),
            JSON_VALUE,
        )
    ),
    st.lists(st.lists(JSON_VALUE, min_size=3, max_size=3), min_size=1, max_size=4),
)


def said(model: Model, body: str | bytes, kind: str, batch: bool) -> tuple[int, str, bytes]:
    return Client(model, Serving(batch=batch)).invoke(body, kind)


def both_ways(monkeypatch: pytest.MonkeyPatch, *arguments: Any) -> tuple[int, str, bytes]:
    with monkeypatch.context() as patch:
        patch.setattr(scoring, "MANY", 0)
        many = said(*arguments)
        patch.setattr(scoring, "MANY", 1 << 40)
        exact = said(*arguments)
    assert many == exact
    return exact


@BOUNDED
@example(body='1,2,"Bern\n1,2,"Bern\n', batch=True)
@example(body='1,2,"Bern\n1,2,"\n', batch=True)
@example(body='1,2,a"b"\n', batch=False)
@example(body='1,2,""a"\n1,"2",x\n', batch=False)
@given(body=CSV, batch=st.booleans())
def test_csv(client: Client, monkeypatch: pytest.MonkeyPatch, body: str, batch: bool) -> None:
    assert both_ways(monkeypatch, client.model, body, "text/csv", batch)[0] in (200, 400)


@BOUNDED
@given(rows=JSON_ROWS, lines=st.booleans(), batch=st.booleans())
def test_json(client: Client, monkeypatch: pytest.MonkeyPatch, rows: list[Any], lines: bool, batch: bool) -> None:
    body = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    kind = "application/jsonlines" if lines else "application/json"
    assert both_ways(monkeypatch, client.model, body, kind, batch)[0] in (200, 400)


@BOUNDED
@given(rows=st.lists(st.one_of(GOOD, ROW), min_size=1, max_size=4))
def test_one_alone_is_as_among_many(client: Client, rows: list[str]) -> None:
    """The way of a single line against the general one."""
    for row in rows:
        alone = said(client.model, row, "text/csv", False)
        assert said(client.model, row + "\n\n", "text/csv", False) == alone  # the blank line keeps the short way out


def test_good_rows_really_take_the_fast_way(client: Client) -> None:
    """Else the tests above would compare the slow way with itself."""
    columns = client.model.preprocessor.columns
    encoder = scoring.Scorer(client.model, Serving())._batches
    body = b'61,1200.5,Bern\n?,,"Basel, BS"\n 7 ,-3,Z\xc3\xbcrich\n'
    assert tables.csv_features(body, columns, encoder, False).shape == (3, 3)
    assert tables.csv_features(b"x,city,income,age\n" + b"1,Bern,2,+3\n" * 9, columns, encoder, False).shape == (9, 3)
    records = [{"age": 1, "income": None, "city": "Bern"}, {"age": 2.5, "income": 3, "city": None}]
    assert tables.json_features(records, columns, encoder).shape == (2, 3)
    assert tables.json_features([[1, "2", 3], [None, "?", 4]], columns, encoder).shape == (2, 3)
