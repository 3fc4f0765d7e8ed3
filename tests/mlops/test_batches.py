"""What of a file goes to a batch."""

import csv
from pathlib import Path

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


cells = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=6)


@given(st.lists(st.tuples(cells, cells, cells), max_size=5))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    file, out = folder / "a.csv", folder / "out"
    with file.open("w", newline="", encoding="utf-8") as text:
        csv.writer(text).writerows([("purpose", "other", "age"), *rows])
    batches.selected(file, COLUMNS, out)
    assert read(out) == [[age, purpose] for purpose, _, age in rows]
