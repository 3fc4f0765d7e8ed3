"""What of a file goes to a batch."""

import csv
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import InputError
from mlops import batches

COLUMNS = ["age", "purpose"]


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def test_the_models_columns_in_its_order_without_the_header(tmp_path: Path) -> None:
    file, out = tmp_path / "a.csv", tmp_path / "out"
    file.write_text('\ufeffid,purpose,age\n1,"car, used",40\n\n2,"a ""b""",\n', encoding="utf-8")
    assert batches.selected(file, COLUMNS, out) == ["id", "purpose", "age"]
    assert read(out) == [["40", "car, used"], ["", 'a "b"']]


@pytest.mark.parametrize("text", ["", "1,2\n3,4\n", "40,car\n"])
def test_a_file_without_header_stays(tmp_path: Path, text: str) -> None:
    file, out = tmp_path / "a.csv", tmp_path / "out"
    file.write_text(text)
    assert batches.selected(file, COLUMNS, out) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [("id,age\n1,2\n", "the header lacks purpose"), ("age,purpose\n1,2\n\n3\n", "line 4: 1 cells under 2 columns")],
)
def test_what_cannot_be_sent(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=said):
        batches.selected(file, COLUMNS, tmp_path / "out")


def test_results_that_are_there_are_kept(tmp_path: Path) -> None:
    batches.check_free(tmp_path / "none", Path("a.csv"))
    (tmp_path / "a.csv.out").write_text("mine")
    with pytest.raises(InputError, match="there already"):
        batches.check_free(tmp_path, Path("somewhere/a.csv"))


def test_error_rows_are_counted_with_their_reasons(tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv.out", tmp_path / "a.jsonl.out"
    table.write_text('40,"car\nused",no,0.2,1\n41,car,"ERROR: age is missing",,1\n\n', encoding="utf-8")
    assert batches.refused([table], "text/csv") == (2, ["age is missing"])
    documents: list[dict[str, Any]] = [
        {"score": 0.2},
        {"SageMakerOutput": {"error": "age is no number"}},
        {"error": "no"},
    ]
    lines.write_text("".join(f"{json.dumps(document)}\n" for document in documents))
    assert batches.refused([lines], "application/jsonlines") == (3, ["age is no number", "no"])
    assert batches.refused([], "text/csv") == (0, [])


def test_a_stream_is_read_once_and_keeps_its_name(tmp_path: Path) -> None:
    stream = tmp_path / "records.csv"
    os.mkfifo(stream)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(stream.write_text, "1,2\n")
        with batches._at_rest(stream) as copy:
            assert (copy.name, copy.read_text(), copy.read_text()) == ("records.csv", "1,2\n", "1,2\n")
        writing.result()


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=6)


@given(st.lists(st.tuples(cells, cells, cells), max_size=5))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    file, out = folder / "a.csv", folder / "out"
    with file.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([("purpose", "other", "age"), *rows])
    batches.selected(file, COLUMNS, out)
    assert read(out) == [[age, purpose] for purpose, _, age in rows]
