"""What can be read, and the one sentence for what cannot."""

import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.columns import Columns
from contract.errors import InputError
from preprocessing import csv_text
from preprocessing.fit import fit
from preprocessing.read import batches, files
from preprocessing.settings import Settings

COLUMNS = Columns(label="y", task="binary", numeric=("a",), categorical=("c",))
GOOD = b"a,c,y\n1,u,0\n2,v,1\n"


def rows(folder: Path, columns: Columns = COLUMNS) -> list[dict[str, Any]]:
    return [row for batch in batches(files(folder), columns) for row in batch.data.to_pylist()]


def sentence(folder: Path, columns: Columns = COLUMNS) -> str:
    with pytest.raises(InputError) as raised:
        rows(folder, columns)
    return str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"1,u,0\n", b"\n1,u,0\n\n"),
        b"\n\r\n" + GOOD,
        b"\xef\xbb\xbf\n" + GOOD.replace(b"a,c,y", b'"a\n",c,y'),
        GOOD.rstrip(b"\n"),
        b"y,c,a\n0,u,1\n1,v,2\n",
        b'"a", c ,y\n"1",u,0\n2,"v",1\n',
    ],
    ids=[
        "plain",
        "bom",
        "crlf",
        "empty lines",
        "empty lines first",
        "bom, empty line and a name of two lines",
        "no last newline",
        "other order",
        "quoted",
    ],
)
def test_spellings_of_the_same_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    assert rows(tmp_path) == [{"y": "0", "a": "1", "c": "u"}, {"y": "1", "a": "2", "c": "v"}]


def test_files_in_folders_compressed_and_with_marks_of_other_tools(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "2.csv.gz").write_bytes(gzip.compress(b"a,c,y\n3,w,0\n"))
    (tmp_path / "1.csv").write_bytes(GOOD)
    for name in ("_SUCCESS", ".hidden", "1.csv.crc"):
        (tmp_path / name).write_bytes(b"no data")
    assert [file.name for file in files(tmp_path)] == ["1.csv", "b/2.csv.gz"]
    assert [row["a"] for row in rows(tmp_path)] == ["1", "2", "3"]


CUT_OFF = gzip.compress(GOOD * 1000, mtime=0)[:-20]


@pytest.mark.parametrize(
    "content", [GOOD * 1000, CUT_OFF, b"\x1f\x8b" + GOOD], ids=["none", "cut off", "only its first bytes"]
)
def test_a_file_called_gz_that_is_none_or_is_cut_off(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "data.csv.gz").write_bytes(content)
    words = sentence(tmp_path)
    assert words.startswith("data.csv.gz")
    assert "only if it is compressed" in words


def test_a_file_without_header_takes_the_configured_names(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"1,u,0\n2,v,1\n")
    columns = Columns(label="y", task="binary", numeric=("a",), categorical=("c",), names=("a", "c", "y"))
    assert [row["c"] for row in rows(tmp_path, columns)] == ["u", "v"]


def test_a_newline_within_quotes_is_part_of_the_cell_and_lines_are_still_counted(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b'a,c,y\n1,"u\nu",0\n\nx,v,1\n')
    [batch] = batches(files(tmp_path), COLUMNS)
    assert batch.data.column("c").to_pylist() == ["u\nu", "v"]
    assert batch.where(1) == "data.csv, line 5"


def test_parquet_keeps_its_types_and_knows_its_rows(tmp_path: Path) -> None:
    table = pa.table({"a": [1, None], "c": pa.array(["u", "v"]).dictionary_encode(), "y": [True, False]})
    pq.write_table(table, tmp_path / "data.parquet")
    [batch] = batches(files(tmp_path), COLUMNS)
    assert batch.data.to_pylist() == [{"a": 1, "c": "u", "y": True}, {"a": None, "c": "v", "y": False}]
    assert batch.where(1) == "data.parquet, row 2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "data.csv is empty"),
        (b"\n\n", "data.csv is empty"),
        (b"a,c,c,y\n1,u,u,0\n", "data.csv has the column 'c' twice"),
        (b"a,y\n1,0\n", "data.csv lacks the described column 'c' (role: categorical)"),
        (b"a,c\n1,u\n", "data.csv lacks the described column 'y' (role: label)"),
        (b"a,c,y,z\n1,u,0,9\n", "data.csv has the column 'z' that has no role"),
        (b"a;c;y\n1;u;0\n", "data.csv separates its columns by ';'"),
        (b"a\tc\ty\n1\tu\t0\n", r"data.csv separates its columns by '\t'"),
        (GOOD + b"3,w\n", "data.csv, line 4 has 2 cells where 3 are needed"),
        (b'a,c,y\n1,"u\nu",0\n3,w,1,9\n', "data.csv, line 4 has 4 cells where 3 are needed"),
        (GOOD + b"3,caf\xe9,1\n", "data.csv, line 4 is not UTF-8 (byte 0xe9)"),
        (b"a,caf\xe9,y\n", "data.csv, line 1 is not UTF-8"),
        (GOOD + b"3," + b"w" * (2 * csv_text.LIMIT) + b",1\n", "record that starts on line 4 is longer than 4 MiB"),
        (GOOD + b'3,"w,1\n' + b"4,x,0\n" * 800_000, "line 4 is longer than 4 MiB; perhaps a quotation mark"),
        (b"a" * (csv_text.LIMIT + 9), "record that starts on line 1 is longer than 4 MiB"),
    ],
)
def test_bad_csv_is_one_sentence_with_its_place(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "data.csv").write_bytes(content)
    assert said in sentence(tmp_path)


def test_missing_and_mixed_input(tmp_path: Path) -> None:
    assert "is missing" in sentence(tmp_path / "nowhere")
    pq.write_table(pa.table({"a": [1.0], "c": ["u"], "y": [0]}), tmp_path / "1.parquet")
    (tmp_path / "2.csv").write_bytes(GOOD)
    assert "1.parquet is Parquet and 2.csv is not" in sentence(tmp_path)


def test_bad_parquet(tmp_path: Path) -> None:
    (tmp_path / "1.parquet").write_bytes(GOOD)
    assert "1.parquet is not a Parquet file" in sentence(tmp_path)
    (tmp_path / "1.parquet").write_bytes(b"PAR1 and then nothing of the kind")
    assert "1.parquet cannot be read as Parquet" in sentence(tmp_path)
    pq.write_table(pa.table({"a": [[1.0]], "c": ["u"], "y": [0]}), tmp_path / "1.parquet")
    assert "'a' is nested (list<" in sentence(tmp_path)


def test_headers_that_differ_between_files(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes(GOOD)
    (tmp_path / "2.csv").write_bytes(b"a,d,y\n1,u,0\n")
    assert "2.csv lacks the described column 'c'" in sentence(tmp_path)


@pytest.mark.parametrize(
    ("content", "said"), [(b"a,c,y\n", "data.csv has a header and no rows"), (None, "no data files")]
)
def test_nothing_to_fit(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "data.csv").write_bytes(content)
    settings = Settings.from_document({"columns": COLUMNS.to_document()})
    with pytest.raises(InputError, match=said):
        fit(tmp_path, settings)


def test_messages_name_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes(b"a,c,y,surprise\n1,u,0,2\n")
    assert "has the column 'surprise' that has no role" in sentence(tmp_path)
    (tmp_path / "data.csv").write_bytes(GOOD.replace(b"\n", b"\r"))
    assert "data.csv, line 1 has a carriage return alone" in sentence(tmp_path)
    with pytest.raises(InputError, match="is neither a file nor a folder"):
        files(Path("/dev/null"))
