"""Requests and responses of the endpoint."""

import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import InputError
from random_cut_forest.serving import parse, respond

ROWS = [[1.0, -2.5], [3.0, 4e10]]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"1,-2.5\n3,4e10\n", "text/csv"),
        (b"1, -2.5\r\n3,4e10", "text/csv; charset=utf-8"),
        (b'{"instances": [{"features": [1, -2.5]}, {"features": [3.0, 4e10]}]}', "application/json"),
        (
            b'{"instances": [{"data": {"features": {"values": [1, -2.5]}}}, {"features": [3, 4e10]}]}',
            "application/json",
        ),
        (b'{"features": [1, -2.5]}\n\n{"features": [3, 4e10]}', "application/jsonlines"),
        (b'{"data": {"features": {"values": [1, -2.5]}}}\n{"features": [3, 4e10]}\n', "application/jsonlines"),
    ],
)
def test_every_format_gives_the_same_rows(body: bytes, content_type: str) -> None:
    rows = parse(body, content_type)
    assert rows.tolist() == ROWS


@given(st.lists(st.floats(-1e300, 1e300).map(lambda value: [value]), min_size=1, max_size=5))
def test_numbers_arrive_as_they_were_sent(rows: list[list[float]]) -> None:
    csv = "\n".join(",".join(map(repr, row)) for row in rows).encode()
    document = json.dumps({"instances": [{"features": row} for row in rows]}).encode()
    assert np.array_equal(parse(csv, "text/csv"), rows)
    assert np.array_equal(parse(document, "application/json"), rows)


@pytest.mark.parametrize(
    ("body", "content_type", "sentence"),
    [
        (b"", "text/csv", "The body is empty"),
        (b" \n", "application/jsonlines", "The body is empty"),
        (b"a,b\n", "text/csv", "could not convert string 'a'"),
        (b"1,2\n3\n", "text/csv", "number of columns changed"),
        (b"1,nan\n", "text/csv", "holds nan in row 0, column 1"),
        (b"\xff", "text/csv", "is not UTF-8"),
        (b"{}", "application/json", "is not of the form"),
        (b"[1]", "application/json", "is not of the form"),
        (b'{"instances": []}', "application/json", "a matrix of rows"),
        (b'{"instances": [[1, 2]]}', "application/json", "instance 0 is not of the form"),
        (
            b'{"instances": [{"features": [1, "2"]}]}',
            "application/json",
            "features of instance 0 are no list of numbers",
        ),
        (b'{"instances": [{"features": [1]}, {"features": [1, 2]}]}', "application/json", "differ in length"),
        (b'{"instances": [{"features": [NaN]}]}', "application/json", "holds nan"),
        (b'{"features": [1]}\n{"features"', "application/jsonlines", "line 2 is not JSON"),
        (b'{"data": {"features": {"keys": [1], "shape": [9], "values": [1]}}}', "application/jsonlines", "sparse"),
        (b"\x0a", "application/x-recordio-protobuf", "is not supported; these are: text/csv"),
    ],
)
def test_refuses(body: bytes, content_type: str, sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(body, content_type)
    assert sentence in str(raised.value)


def instances(value: bytes) -> bytes:
    return b'{"instances": [{"features": [%s]}]}' % value


#: Name → body, words of the refusal.
HOSTILE = {
    "beyond_float64": (instances(b"9" * 400 + b", 1, 1"), "too large"),
    "beyond_float64_among_fractions": (instances(b"1.5, " + b"9" * 400), "too large"),
    "thousands_of_digits": (instances(b"9" * 5000), "The body is not JSON: Exceeds the limit"),
    "rounded_to_infinity": (instances(b"1e999"), "holds inf"),
    "deep_arrays": (b"[" * 100_000, "The body is not JSON: "),
    "deep_objects": (b'{"a":' * 100_000, "The body is not JSON: "),
    "deep_features": (instances(b"[" * 500 + b"]" * 500), "are no list of numbers"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_refuses_hostile_json(name: str) -> None:
    """As JSON Lines as well."""
    body, words = HOSTILE[name]
    line = body.removeprefix(b'{"instances": [').removesuffix(b"]}") if b"instances" in body else body
    for content, content_type in ((body, "application/json"), (line, "application/jsonlines")):
        with pytest.raises(InputError) as raised:
            parse(content, content_type)
        assert words.removeprefix("The body") in str(raised.value)
        assert len(str(raised.value)) < 500


@given(st.binary(max_size=60) | st.text('{}[]",:01.e-\n aefinstur', max_size=60).map(str.encode))
def test_no_body_brings_it_down(body: bytes) -> None:
    for content_type in ("text/csv", "application/json", "application/jsonlines"):
        with contextlib.suppress(InputError):
            assert parse(body, content_type).ndim == 2


@pytest.mark.parametrize("separator", ["\u2028", "\u0085", "\u001e"], ids=["line", "next_line", "record"])
def test_a_line_ends_with_a_line_feed_alone(separator: str) -> None:
    """What else Unicode calls an end of line may stand within a JSON text, or is no JSON."""
    text = json.dumps({"features": [1, 2], "note": f"a{separator}b"}, ensure_ascii=separator < " ")
    assert parse(f"{text}\r\n{text}\n".encode(), "application/jsonlines").tolist() == [[1, 2], [1, 2]]


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json", "text/html, application/json;q=0.9"])
def test_answers_json(accept: str | None) -> None:
    body, content_type = respond(np.array([0.5, 2.25]), accept)
    assert content_type == "application/json"
    assert json.loads(body) == {"scores": [{"score": 0.5}, {"score": 2.25}]}


def test_answers_json_lines() -> None:
    body, content_type = respond(np.array([0.1, 2.25]), "application/jsonlines")
    assert content_type == "application/jsonlines"
    assert body == b'{"score": 0.1}\n{"score": 2.25}\n'


def test_refuses_other_answers() -> None:
    with pytest.raises(InputError, match="Accept is 'text/csv'"):
        respond(np.array([0.1]), "text/csv")
