"""Sides: their shares, and that a row keeps its side whatever happens around it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contract.errors import InputError
from preprocessing.fit import fit
from tests.preprocessing.tables import build, sample, settings


def sides(folder: Path, frame: pd.DataFrame, **choice: Any) -> pd.DataFrame:
    """The frame's test rows, as raw rows."""
    folder.mkdir(exist_ok=True)
    frame.to_csv(folder / "data.csv", index=False)
    return build(folder / "data.csv", settings(**choice), folder / "out").raw


def test_stratified_shares_are_exact_within_each_class(tmp_path: Path) -> None:
    frame = sample(2000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    built = build(
        tmp_path / "data.csv", settings(split={"train": 0.6, "validation": 0.2, "test": 0.2}), tmp_path / "out"
    )
    for label, rows in frame.groupby("y").size().items():
        for side, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
            assert abs((built.encoded[side]["label"] == label).sum() - share * rows) <= 2, (label, side)


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_a_row_keeps_its_side_when_the_order_changes_and_most_when_rows_are_added(tmp_path: Path, by: str) -> None:
    frame = sample(1500)
    first = set(sides(tmp_path / "1", frame, split={"by": by})["t"])
    shuffled = set(sides(tmp_path / "2", frame.sample(frac=1, random_state=1), split={"by": by})["t"])
    assert shuffled == first
    grown = set(sides(tmp_path / "3", pd.concat([frame, sample(1800).iloc[1500:]]), split={"by": by})["t"])
    moved = first - grown
    assert len(moved) <= (0 if by == "random" else 0.05 * len(first))


def test_another_seed_is_another_split_of_the_same_size(tmp_path: Path) -> None:
    first, second = (set(sides(tmp_path / str(seed), sample(1500), split={"seed": seed})["t"]) for seed in (1, 2))
    assert len(first & second) < 0.3 * len(first)
    assert abs(len(first) - len(second)) <= 4


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_a_key_stands_on_one_side_only(tmp_path: Path, by: str) -> None:
    frame = sample(3000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    built = build(tmp_path / "data.csv", settings(split={"by": by, "key": ["key"]}), tmp_path / "out")
    test_keys = set(built.raw["key"])
    assert len(built.raw) == frame["key"].isin(test_keys).sum()
    assert 0.1 * len(frame) < len(built.raw) < 0.2 * len(frame)


def test_equal_rows_stand_on_one_side(tmp_path: Path) -> None:
    frame = sample(1000)
    raw = sides(tmp_path, pd.concat([frame, frame, frame]))
    assert raw.groupby("t").size().eq(3).all()


@pytest.mark.parametrize("form", ["iso", "epoch", "milliseconds", "zoned", "timestamp"])
def test_time_trains_on_the_oldest_rows(tmp_path: Path, form: str) -> None:
    frame = sample(1000).sample(frac=1, random_state=3)
    moments = pd.to_datetime(frame["t"])
    forms = {
        "iso": moments.dt.strftime("%Y-%m-%d %H:%M:%S"),
        "epoch": moments.astype("int64") // 10**9,
        "milliseconds": moments.astype("int64") // 10**6,
        "zoned": moments.dt.strftime("%Y-%m-%dT%H:%M:%S+02:00"),
        "timestamp": moments,
    }
    frame["t"] = forms[form]
    path = tmp_path / "data.parquet"
    frame.to_parquet(path)
    built = build(path, settings(split={"by": "time"}), tmp_path / "out")
    assert {side: len(rows) for side, rows in built.encoded.items()} == {"train": 700, "validation": 150, "test": 150}
    assert set(built.raw["t"]) == set(frame["t"].sort_values().iloc[-150:])


def test_a_time_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    frame = sample(100)
    frame.loc[6, "t"] = "last Tuesday"
    frame.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=r"data.csv, line 8: the event time 't' holds 'last Tuesday'"):
        fit(tmp_path / "data.csv", settings(split={"by": "time"}))


def test_a_side_without_rows_is_refused(tmp_path: Path) -> None:
    sample(8).assign(y=[0, 1] * 4).to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match="leaves no rows for"):
        fit(tmp_path / "data.csv", settings(split={"train": 0.98, "validation": 0.01, "test": 0.01}))


def test_shares_of_nought_leave_sides_out(tmp_path: Path) -> None:
    sample(300).to_csv(tmp_path / "data.csv", index=False)
    built = build(tmp_path / "data.csv", settings(split={"train": 0.8, "validation": 0.2, "test": 0}), tmp_path / "out")
    assert (len(built.encoded["train"]), len(built.encoded["validation"]), len(built.encoded["test"])) == (240, 60, 0)
    assert np.isclose(len(built.raw), 0)
