"""Training channels: folders of CSV."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from contract.errors import InputError
from random_cut_forest.channels import label_size, read


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def test_all_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = write(tmp_path, b="3,4\n", a="1,2\r\n\r\n2,3", c__d="5,6e0\n", empty="")
    (folder / ".hidden").write_text("no numbers")
    channel = read(folder, "text/csv;label_size=0")
    assert np.array_equal(channel.rows, [[1, 2], [2, 3], [3, 4], [5, 6]])
    assert channel.labels is None


def test_labels_come_first(tmp_path: Path) -> None:
    channel = read(write(tmp_path, a="1,2,3\n0,4,5\n"), "text/csv;label_size=1")
    assert np.array_equal(channel.rows, [[2, 3], [4, 5]])
    assert channel.labels is not None
    assert channel.labels.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content_type", "size"),
    [("text/csv;label_size=0", 0), ("text/csv; label_size=1", 1), ("text/csv", 1), ("TEXT/CSV; charset=utf-8", 1)],
)
def test_label_size(content_type: str, size: int) -> None:
    assert label_size(content_type) == size


@pytest.mark.parametrize(
    ("content", "content_type", "sentence"),
    [
        ("a,b\n1,2\n", "text/csv;label_size=0", "could not convert string 'a' to float64 in row 1, column 1"),
        ("1,2\n3\n", "text/csv;label_size=0", "the number of columns changed from 2 to 1 at row 2"),
        ("1,2\n3,\n", "text/csv;label_size=0", "in row 2, column 2"),
        ("1,2\n3,nan\n", "text/csv;label_size=0", "holds nan in row 1, column 1"),
        ("", "text/csv;label_size=0", "holds no rows in 1 files"),
        (b"\xff\xfe1,2\n", "text/csv;label_size=0", "is not UTF-8"),
        ("1,2\n", "text/csv;label_size=2", "neither 0 nor 1"),
        ("1,2\n", "application/x-recordio-protobuf", "only text/csv is supported"),
        ("1\n0\n", "text/csv", "one column"),
        ("3,1\n", "text/csv", "is no label"),
    ],
)
def test_refuses(tmp_path: Path, content: str | bytes, content_type: str, sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        read(write(tmp_path, part=content), content_type)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)])
def test_packed_files_are_read_or_refused(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    """Whole ones are read; cut short and damaged ones are a sentence, and never other numbers."""
    rows = np.arange(30.0).reshape(10, 3)
    packed = pack("\n".join(",".join(map(str, row)) for row in rows.tolist()).encode())
    path = tmp_path / f"part.csv.{suffix}"
    path.write_bytes(packed)
    assert np.array_equal(read(tmp_path, "text/csv;label_size=0").rows, rows)
    damaged = [packed[:place] + bytes([packed[place] ^ 0x41]) + packed[place + 1 :] for place in range(len(packed))]
    refused = 0
    for content in (*damaged, packed[: len(packed) // 2], packed[:-1], b"1,2,3\n"):
        path.write_bytes(content)
        try:
            assert np.array_equal(read(tmp_path, "text/csv;label_size=0").rows, rows)
        except InputError as error:
            refused += "\n" not in str(error)
    assert refused > 0.7 * len(packed)


def test_what_other_programs_leave_beside_the_rows_is_passed_by(tmp_path: Path) -> None:
    """As in all other rooms: what begins with a dot or an underscore, at each level."""
    folder = write(tmp_path, a="1,2\n", _SUCCESS="done", _temporary__b="x", c__d="3,4\n")
    write(folder / ".cfg", x="y")
    write(folder / "c", _metadata="z")
    assert np.array_equal(read(folder, "text/csv;label_size=0").rows, [[1, 2], [3, 4]])


def test_files_of_different_width_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="differ in their number of columns"):
        read(write(tmp_path, a="1,2\n", b="1,2,3\n"), "text/csv;label_size=0")
