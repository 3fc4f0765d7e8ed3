"""Exact de-duplication against pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from contract.errors import InputError
from preprocessing import duplicates, rows
from preprocessing.duplicates import Duplicates, find_duplicates
from preprocessing.read import files
from tests.preprocessing.tables import build, sample, settings


def repeated(rows: int) -> pd.DataFrame:
    frame = sample(rows)
    picked = frame.sample(n=rows // 3, replace=True, random_state=0)
    return pd.concat([frame, picked]).sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_first_of_equal_rows_stays_over_all_files(tmp_path: Path, form: str) -> None:
    frame = repeated(3000)
    source = tmp_path / "in"
    source.mkdir()
    for part, start in enumerate(range(0, len(frame), 700)):
        piece = frame.iloc[start : start + 700]
        if form == "csv":
            piece.to_csv(source / f"{part}.csv", index=False)
        else:
            piece.to_parquet(source / f"{part}.parquet", index=False)
    found = find_duplicates(files(source), settings().columns)
    expected = np.flatnonzero(frame.duplicated(keep="first"))
    here = sorted(700 * int(name.split(".")[0]) + row for name, rows in found.rows.items() for row in rows)
    assert here == expected.tolist()
    built = build(source, settings(deduplicate=True), tmp_path / "out")
    assert sum(map(len, built.encoded.values())) == len(frame) - len(expected)
    assert built.fitted.findings["rows"]["duplicates"] == len(expected)
    assert not built.raw.duplicated().any()


def test_types_that_differ_between_files_do_not_hide_a_duplicate(tmp_path: Path) -> None:
    columns = {"c": ["u", "v"], "d": ["w", "w"], "key": ["1", "2"], "t": ["0", "1"], "y": [0, 1], "n": [1.0, 2.0]}
    pq.write_table(pa.table({**columns, "m": pa.array([5, 6])}), tmp_path / "1.parquet")
    pq.write_table(pa.table({**columns, "m": pa.array([5.0, None])}), tmp_path / "2.parquet")
    pq.write_table(pa.table({**columns, "m": pa.array(["5", "7"])}), tmp_path / "3.parquet")
    found = find_duplicates(files(tmp_path), settings().columns)
    assert {name: list(rows) for name, rows in found.rows.items()} == {"2.parquet": [0], "3.parquet": [0]}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_white_space_at_the_ends_does_not_hide_a_duplicate(tmp_path: Path, form: str) -> None:
    frame = pd.DataFrame({"n": ["1", "1", "1", "1"], "m": "2", "c": ["u", " u\t", "v", "v "], "d": "w"})
    frame = frame.assign(key="k", t="0", y="1")
    if form == "csv":
        frame.to_csv(tmp_path / "data.csv", index=False)
    else:
        frame.to_parquet(tmp_path / "data.parquet", index=False)
    (found,) = find_duplicates(files(tmp_path), settings().columns).rows.values()
    assert found.tolist() == [1, 3]


def test_content_decides_where_hashes_collide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = repeated(300)
    frame.to_csv(tmp_path / "data.csv", index=False)
    monkeypatch.setattr(duplicates, "row_hashes", lambda *a: rows.row_hashes(*a) % np.uint64(3))
    found = find_duplicates(files(tmp_path), settings().columns)
    assert found.rows["data.csv"].tolist() == np.flatnonzero(frame.duplicated()).tolist()


def test_what_fit_wrote_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"rows.npz is missing; run Fit again"):
        Duplicates.read(tmp_path, [])
