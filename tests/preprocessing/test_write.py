"""Encode on several hosts, in batches of any size: the same rows."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from contract.errors import InputError
from preprocessing import csv_text, outputs, read
from preprocessing.fit import fit
from preprocessing.write import encode_files
from tests.preprocessing.tables import COLUMNS, build, sample, settings
from tests.preprocessing.tables import read as rows_below


def shards(frame: pd.DataFrame, folder: Path, form: str) -> Path:
    folder.mkdir()
    for part in range(5):
        piece = frame.iloc[part * 300 : (part + 1) * 300]
        if form == "csv":
            piece.to_csv(folder / f"part-{part}.csv", index=False)
        else:
            piece.to_parquet(folder / f"part-{part}.parquet", index=False)
    return folder


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("hosts", [2, 3, 7])
def test_any_number_of_hosts_writes_the_same_rows(tmp_path: Path, form: str, hosts: int) -> None:
    frame = pd.concat([sample(1400), sample(100)])
    source = shards(frame, tmp_path / "in", form)
    one = build(source, settings(deduplicate=True), tmp_path / "one")
    for host in range(hosts):
        share = tmp_path / f"host-{host}"
        share.mkdir()
        for position, path in enumerate(sorted(source.iterdir())):
            if position % hosts == host:
                shutil.copy(path, share / path.name)
        encode_files(share, one.fitted.preprocessor, tmp_path / "one/duplicates", tmp_path / "many", f"algo-{host}")
    for side in one.encoded:
        assert sorted(map(bytes, one.encoded[side].to_numpy())) == sorted(
            map(bytes, rows_below(tmp_path / "many" / side).to_numpy())
        )
    raw, test = rows_below(tmp_path / "many" / "test_raw"), rows_below(tmp_path / "many" / "test")
    assert raw["y"].astype(float).tolist() == test["label"].tolist()
    assert raw["n"].astype("float32").tolist() == test["n"].tolist()
    assert len(list((tmp_path / "many" / "train").iterdir())) == min(hosts, 5)


def test_batches_of_any_size_give_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample(1200).to_parquet(tmp_path / "data.parquet")
    sample(1200).to_csv(tmp_path / "data.csv", index=False)
    for name in ("data.parquet", "data.csv"):
        whole = build(tmp_path / name, settings(), tmp_path / "whole" / name)
        with monkeypatch.context() as patch:
            patch.setattr(read, "BATCH_ROWS", 77)
            patch.setattr(csv_text, "LIMIT", 4096)
            patch.setattr(outputs, "GROUP_ROWS", 100)
            parts = build(tmp_path / name, settings(), tmp_path / "parts" / name)
        assert parts.fitted.preprocessor == whole.fitted.preprocessor
        for side in whole.encoded:
            pd.testing.assert_frame_equal(whole.encoded[side], parts.encoded[side])
        pd.testing.assert_frame_equal(whole.raw, parts.raw)


def test_csv_and_parquet_of_the_same_values_encode_alike(tmp_path: Path) -> None:
    frame = sample(1000).drop(columns="t")
    frame.to_parquet(tmp_path / "data.parquet")
    frame.to_csv(tmp_path / "data.csv", index=False)
    chosen = settings(columns={"event_time": None}, split={"key": ["key"]})
    csv, parquet = (build(tmp_path / name, chosen, tmp_path / "out" / name) for name in ("data.csv", "data.parquet"))
    assert csv.fitted.preprocessor == parquet.fitted.preprocessor
    for side in csv.encoded:
        pd.testing.assert_frame_equal(csv.encoded[side], parquet.encoded[side])


def test_encoded_files_are_float32_with_the_label_first_and_raw_rows_keep_their_types(tmp_path: Path) -> None:
    sample(500).to_parquet(tmp_path / "data.parquet")
    build(tmp_path / "data.parquet", settings(), tmp_path / "out")
    schema = pq.read_schema(tmp_path / "out/test/part-algo-1-00000.parquet")
    assert schema.names == ["label", "n", "m", "c", "d"]
    assert {str(field.type) for field in schema} == {"float"}
    raw = pq.read_schema(tmp_path / "out/test_raw/part-algo-1-00000.parquet")
    original = pq.read_schema(tmp_path / "data.parquet")
    assert {field.name: field.type for field in raw} == {field.name: field.type for field in original}


def test_a_file_whose_types_differ_gets_a_part_of_its_own(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    frame = sample(400)
    frame.iloc[:200].to_parquet(source / "1.parquet")
    frame.iloc[200:].fillna({"m": 0}).astype({"m": "int64"}).to_parquet(source / "2.parquet")
    built = build(source, settings(), tmp_path / "out")
    assert len(list((tmp_path / "out/test_raw").iterdir())) == 2
    assert len(built.raw) == len(built.encoded["test"]) > 50


def test_a_host_without_files_writes_nothing_and_succeeds(tmp_path: Path) -> None:
    sample(300).to_csv(tmp_path / "data.csv", index=False)
    fitted = fit(tmp_path / "data.csv", settings())
    fitted.duplicates.write(tmp_path / "duplicates")
    (tmp_path / "nothing").mkdir()
    rows = encode_files(tmp_path / "nothing", fitted.preprocessor, tmp_path / "duplicates", tmp_path / "out", "algo-2")
    assert rows == {"train": 0, "validation": 0, "test": 0}
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


def test_columns_that_are_dropped_are_in_the_raw_rows_alone(tmp_path: Path) -> None:
    sample(300).to_csv(tmp_path / "data.csv", index=False)
    built = build(tmp_path / "data.csv", settings(), tmp_path / "out")
    assert set(built.raw) == {*COLUMNS["numeric"], *COLUMNS["categorical"], "key", "t", "y"}
    assert "key" not in built.encoded["train"]


def test_a_class_that_fit_did_not_see_is_refused(tmp_path: Path) -> None:
    frame = sample(300)
    frame.to_csv(tmp_path / "data.csv", index=False)
    fitted = fit(tmp_path / "data.csv", settings())
    fitted.duplicates.write(tmp_path / "duplicates")
    frame.loc[6, "y"] = 7
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=r"data.csv, line 8: the label is '7'; the classes are 0, 1"):
        encode_files(tmp_path / "data.csv", fitted.preprocessor, tmp_path / "duplicates", tmp_path / "out", "algo-1")


@pytest.mark.parametrize("label", [1e39, -1e300])
def test_a_label_beyond_float32_is_refused(tmp_path: Path, label: float) -> None:
    frame = sample(300).assign(y=np.arange(300.0))
    frame.to_csv(tmp_path / "data.csv", index=False)
    fitted = fit(tmp_path / "data.csv", settings(columns={"task": "regression", "positive": None}))
    fitted.duplicates.write(tmp_path / "duplicates")
    frame.loc[6, "y"] = label
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=r"data.csv, line 8: the label .* is beyond float32"):
        encode_files(tmp_path / "data.csv", fitted.preprocessor, tmp_path / "duplicates", tmp_path / "out", "algo-1")
