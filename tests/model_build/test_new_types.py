"""`mlops new` on Parquet: types that are neither number nor text, infinite numbers, and files that are cut off."""

import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from contract.errors import InputError
from model_build import config, new

ROWS = 60
Y = pa.array([index % 2 for index in range(ROWS)])
SIZES = pa.array([index % 7 / 4 for index in range(ROWS)])


def written(folder: Path, **columns: Any) -> Path:
    path = folder / "shop.parquet"
    pyarrow.parquet.write_table(pa.table({"size": SIZES, **columns, "y": Y}), path)
    return path


def columns_of(path: Path, **wishes: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = tomllib.loads(new.describe(path, new.Wishes("y", **wishes)))["columns"]
    return parsed


def test_a_file_that_is_cut_off(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"shop\.parquet cannot be read as Parquet: .*; write the file anew"):
        new.describe(path, new.Wishes("y"))


def test_half_floats_are_numbers_and_views_are_texts(tmp_path: Path) -> None:
    half = pa.array(np.arange(ROWS, dtype=np.float16) % 5 / 2)
    view = pa.array(["a", "b", "c"] * 20, pa.string_view())
    found = columns_of(written(tmp_path, half=half, view=view))
    assert found["numeric"] == ["size", "half"]
    assert found["categorical"] == ["view"]


@pytest.mark.parametrize("value", [time(8, 30), timedelta(seconds=3), b"\x00\xff"])
def test_what_is_neither_number_nor_text_is_dropped(tmp_path: Path, value: object) -> None:
    path = written(tmp_path, x=pa.array([value] * ROWS))
    assert columns_of(path)["drop"] == ["x"]
    assert columns_of(path, drop=("x",))["drop"] == ["x"]
    assert "neither a number nor a text" in new.describe(path, new.Wishes("y"))
    with pytest.raises(InputError, match="which has no text"):
        new.describe(path, new.Wishes("x"))


def test_an_infinite_number_is_refused_with_its_row_unless_it_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, x=pa.array([1.0, float("inf"), 2.0] * 20))
    with pytest.raises(InputError, match=r"shop\.parquet, row 2: the column 'x' holds an infinite number"):
        new.describe(path, new.Wishes("y"))
    assert columns_of(path, drop=("x",))["drop"] == ["x"]


def test_a_feature_called_label_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path / "pipelines"))
    path = written(tmp_path, label=SIZES)
    with pytest.raises(InputError, match="may not be called 'label'"):
        new.write("shop", path, "y")
    assert config.load(new.write("shop", path, "y", drop=("label",)).parent).columns.drop == ("label",)
    assert config.load(new.write("named", path, "label").parent).columns.label == "label"


def test_names_that_repeat_are_told_before_the_label_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--names holds 'a' twice"):
        new.describe(written(tmp_path), new.Wishes("y", names=("a", "a", "b")))
