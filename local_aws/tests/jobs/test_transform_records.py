"""Splitting, JSONPath, filters and joins of transform jobs, without a job."""

import csv
import io
import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.jobs.transform import paths, records
from local_aws.jobs.transform.records import FORMATS, Processing, RecordError
from local_aws.jobs.transform.splitting import SPLITS, PayloadError

CSV, JSON, LINES = FORMATS["text/csv"], FORMATS["application/json"], FORMATS["application/jsonlines"]


def path(text: str) -> paths.Path:
    return paths.parse(text)


@given(st.lists(st.binary(max_size=9).map(lambda part: part.replace(b"\n", b""))), st.booleans(), st.integers(10, 40))
def test_bodies_of_many_lines_are_the_file_in_whole_lines(lines: list[bytes], ended: bool, limit: int) -> None:
    content = b"\n".join(lines) + (b"\n" if ended else b"")
    bodies = list(SPLITS["Line", "MultiRecord"](io.BytesIO(content), limit))
    assert b"".join(bodies) == content
    assert all(0 < len(body) <= limit for body in bodies)
    assert all(body.endswith(b"\n") for body in bodies[:-1])
    for first, second in itertools.pairwise(bodies):
        assert len(first) + (second.find(b"\n") + 1 or len(second)) > limit  # not one line more would have fitted


def test_single_lines_are_bodies_and_empty_lines_are_none() -> None:
    split = SPLITS["Line", "SingleRecord"]
    assert list(split(io.BytesIO(b"1,2\n\n3,4\r\n5,6"), 100)) == [b"1,2\n", b"3,4\r\n", b"5,6"]


@pytest.mark.parametrize("key", SPLITS)
def test_a_body_that_is_too_large_is_an_error(key: tuple[str, str]) -> None:
    with pytest.raises(PayloadError, match="MaxPayloadInMB"):
        list(SPLITS[key](io.BytesIO(b"1,2\n" + b"x" * 20 + b"\n"), 10))


@pytest.mark.parametrize("key", [("None", "MultiRecord"), ("Line", "MultiRecord")])
def test_a_limit_of_0_is_none(key: tuple[str, str]) -> None:
    assert list(SPLITS[key](io.BytesIO(b"1\n2\n"), 0)) == [b"1\n2\n"]
    assert list(SPLITS[key](io.BytesIO(b""), 0)) == []


ROW = ["a", "b", "c", "d", "e", "f"]
DOCUMENT = {"id": 7, "x": {"y": [1, 2, 3], "z": "w"}, "SageMakerOutput": {"score": 0.5}}


@pytest.mark.parametrize(
    ("text", "value", "found"),
    [
        ("$", ROW, ROW),
        ("$[1]", ROW, "b"),
        ("$[-1]", ROW, "f"),
        ("$[1,3,5]", ROW, ["b", "d", "f"]),
        ("$[0,-1]", ROW, ["a", "f"]),
        ("$[1:4]", ROW, ["b", "c", "d", "e"]),  # "the second through fifth columns"
        ("$[5:]", ROW, ["f"]),
        ("$[:5]", ROW, ROW),  # "the first column through the sixth column"
        ("$[-2:]", ROW, ["e", "f"]),
        ("$[0,4:]", ROW, ["a", "e", "f"]),
        ("$[*]", ROW, ROW),
        ("$.id", DOCUMENT, 7),
        ("$['id']", DOCUMENT, 7),
        ("$.x.y[0]", DOCUMENT, 1),
        ("$.x.y[1:]", DOCUMENT, [2, 3]),
        ("$.x.*", DOCUMENT, [[1, 2, 3], "w"]),
        ("$['id','SageMakerOutput']", DOCUMENT, {"id": 7, "SageMakerOutput": {"score": 0.5}}),
        ("$.x.['y','z']", DOCUMENT, {"y": [1, 2, 3], "z": "w"}),
        ("$.x['z']", DOCUMENT, "w"),
    ],
)
def test_paths_find_what_the_guide_says(text: str, value: Any, found: Any) -> None:
    assert paths.select(path(text), value) == found


@pytest.mark.parametrize(
    "text", ["", "id", "$..id", "$[?(@.x)]", "$[]", "$[1:2:3]", "$['a','b'].c", "$.", "$[a]", "$.length()", "$[1"]
)
def test_what_filters_do_not_know_is_refused(text: str) -> None:
    with pytest.raises(paths.PathError):
        path(text)


@pytest.mark.parametrize(("text", "value"), [("$[6]", ROW), ("$.no", DOCUMENT), ("$.id[0]", DOCUMENT), ("$.a", ROW)])
def test_what_is_not_there_is_an_error(text: str, value: Any) -> None:
    with pytest.raises(paths.PathError):
        paths.select(path(text), value)


rows = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=5), min_size=2, max_size=4)


def written(table: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(table)
    return text.getvalue().encode()


@given(st.lists(rows, min_size=1, max_size=5))
def test_csv_is_joined_row_by_row(table: list[list[str]]) -> None:
    body, answer = written(table), written([[str(number), "y,es"] for number, _ in enumerate(table)])
    got = CSV.results(body, answer, Processing(join=True))
    expected = [[*row, str(number), "y,es"] for number, row in enumerate(table)]
    assert list(csv.reader(got.decode().split("\n"))) == expected
    some = CSV.results(body, answer, Processing(join=True, output_filter=path("$[0,-1]")))
    assert list(csv.reader(some.decode().split("\n"))) == [[row[0], "y,es"] for row in table]
    assert list(csv.reader(CSV.select(body, Processing(path("$[1:]"))).decode().split("\n")[:-1])) == [
        row[1:] for row in table
    ]


def test_lines_ended_by_windows_and_empty_lines_are_joined_as_well() -> None:
    assert CSV.results(b"1,2\r\n\r\n3,4\r\n", b"x\ny\n", Processing(join=True)) == b"1,2,x\n3,4,y"


def test_a_missing_result_is_an_error_and_never_a_shift() -> None:
    with pytest.raises(RecordError, match="2 records have 1 result"):
        CSV.results(b"1\n2\n", b"x\n", Processing(join=True))
    with pytest.raises(RecordError, match="2 records have 1 result"):
        LINES.results(b"1\n2\n", b"3\n", Processing(join=True))


def test_csv_has_no_names() -> None:
    with pytest.raises(RecordError, match="positions only"):
        CSV.select(b"1,2\n", Processing(path("$.id")))
    with pytest.raises(RecordError, match="no element 5"):
        CSV.select(b"1,2\n", Processing(path("$[5]")))


def test_json_lines_are_joined_under_the_reserved_attribute() -> None:
    body, answer = b'{"id":1,"f":[1]}\n{"id":2,"f":[2]}\n', b'{"s":0.5}\n{"s":0.25}'
    assert LINES.select(body, Processing(path("$.f"))) == b"[1]\n[2]\n"
    joined = LINES.results(body, answer, Processing(join=True, output_filter=path("$['id','SageMakerOutput']")))
    assert joined == b'{"id":1,"SageMakerOutput":{"s":0.5}}\n{"id":2,"SageMakerOutput":{"s":0.25}}'


def test_json_that_is_no_object_is_put_into_one() -> None:
    got = JSON.results(b"[1, 2]", b'{\n "s": 1\n}', Processing(join=True, by_line=False))
    assert json.loads(got) == {"SageMakerInput": [1, 2], "SageMakerOutput": {"s": 1}}


def test_a_file_of_json_is_one_record() -> None:
    body = b'{\n "key": 1\n}'
    assert json.loads(JSON.results(body, b'{"label": 1}', Processing(join=True, by_line=False))) == {
        "key": 1,
        "SageMakerOutput": {"label": 1},
    }
    with pytest.raises(RecordError, match="not JSON"):
        JSON.results(body, b"oops", Processing(join=True, by_line=False))


def stamps(count: int) -> list[tuple[str, str]]:
    return [(f"id{number}", "2022-08-30T00:49:15Z") for number in range(count)]


def test_inference_ids_are_the_last_columns_or_two_attributes() -> None:
    got = CSV.results(b"1\n2\n", b"x\ny\n", Processing(stamps=stamps))
    assert got == b"x,id0,2022-08-30T00:49:15Z\ny,id1,2022-08-30T00:49:15Z"
    got = LINES.results(b"1\n", b'{"output":0}', Processing(stamps=stamps))
    assert json.loads(got) == {
        "output": 0,
        "SageMakerInferenceId": "id0",
        "SageMakerInferenceTime": "2022-08-30T00:49:15Z",
    }


def test_types_are_found_without_their_parameters() -> None:
    assert records.format_of("Text/CSV; charset=utf-8") is CSV
    assert records.format_of("application/x-recordio-protobuf") is None
