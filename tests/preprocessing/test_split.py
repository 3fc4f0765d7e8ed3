"""Sides: their shares, and that a row keeps its side whatever happens around it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.columns import Columns
from contract.errors import InputError
from contract.preprocessor import Split
from preprocessing.fit import fit
from preprocessing.read import batches, files
from preprocessing.settings import SplitSettings
from preprocessing.split import label_bins, label_cuts
from preprocessing.times import times_of
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


REGRESSION = {"label": "x", "task": "regression", "positive": None, "drop": ["key", "y"]}


def skewed(rows: int, seed: int = 0) -> pd.DataFrame:
    """The sample with a label `x` of a long tail, many equal values among it."""
    return sample(rows, seed).assign(x=np.random.default_rng(seed).lognormal(0, 1.5, rows).round(1))


def test_a_regression_is_stratified_by_bins_of_its_label(tmp_path: Path) -> None:
    frame = skewed(2000)
    frame.to_csv(tmp_path / "data.csv", index=False)
    shares = {"train": 0.6, "validation": 0.1, "test": 0.3}
    built = build(tmp_path / "data.csv", settings(columns=REGRESSION, split=shares), tmp_path / "out")
    for side, share in shares.items():
        labels = built.encoded[side]["label"]
        assert abs(len(labels) - share * len(frame)) <= 1
        for quantile in (0.25, 0.5, 0.75, 0.95):
            above = (frame["x"].astype("float32") >= np.float32(frame["x"].quantile(quantile))).sum()
            found = (labels >= np.float32(frame["x"].quantile(quantile))).sum()
            assert abs(found - share * above) < 12, (side, quantile)


def test_a_regression_keeps_most_sides_when_rows_are_added_and_equal_rows_together(tmp_path: Path) -> None:
    choice: dict[str, Any] = {"columns": REGRESSION, "split": {"train": 0.6, "validation": 0.1, "test": 0.3}}
    frame = skewed(1500)
    first = set(sides(tmp_path / "1", frame, **choice)["t"])
    assert set(sides(tmp_path / "2", frame.sample(frac=1, random_state=1), **choice)["t"]) == first
    more = skewed(1800, seed=1).iloc[1500:]
    grown = set(sides(tmp_path / "3", pd.concat([frame, more]), **choice)["t"])
    assert len(first - grown) <= 0.1 * len(first)
    assert sides(tmp_path / "4", pd.concat([frame, frame]), **choice).groupby("t").size().eq(2).all()


@given(
    labels=st.lists(st.sampled_from([-1e300, -2.5, 0.0, 1.0, 1.1, 7e5]) | st.floats(-9, 9), min_size=1, max_size=400),
    test=st.sampled_from([0.0, 0.2, 0.3]),
)
def test_bins_of_a_label_cover_all_rows_with_exact_shares(labels: list[float], test: float) -> None:
    values, places = np.array(labels), np.random.default_rng(0).random(len(labels))
    cuts = label_cuts(values, places, SplitSettings(train=0.7, validation=0.3 - test, test=test))
    strata = label_bins(values, Split("stratified", (), 0, cuts))
    assert strata is not None
    lower, upper = np.array([cuts[name or ""] for name in strata.values])[strata.codes].T
    assert (lower <= upper).all()
    assert abs((places < lower).sum() - 0.7 * len(labels)) <= 0.5
    assert abs((places >= upper).sum() - test * len(labels)) <= 0.5
    if test == 0:
        assert (upper == 1).all()


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_a_row_keeps_its_side_when_the_order_changes_and_most_when_rows_are_added(tmp_path: Path, by: str) -> None:
    frame = sample(1500)
    first = set(sides(tmp_path / "1", frame, split={"by": by})["t"])
    shuffled = set(sides(tmp_path / "2", frame.sample(frac=1, random_state=1), split={"by": by})["t"])
    assert shuffled == first
    grown = set(sides(tmp_path / "3", pd.concat([frame, sample(1800).iloc[1500:]]), split={"by": by})["t"])
    moved = first - grown
    assert len(moved) <= (0 if by == "random" else 0.1 * len(first))


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


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (["2024-01-01T00:00:00", "2024-01-01T00:00:00Z", "2024-01-01"], [1704067200] * 3),
        (["2024-01-01T02:00:00+02:00", "2023-12-31T19:00:00-05:00"], [1704067200] * 2),
        (["2024-01-01T00:00:00.25+00:30"], [1704065400.25]),
        (["1704067200", "1704067200.5"], [1704067200, 1704067200.5]),
        (["1704067200250", "1704067200250000", "1704067200250000000"], [1704067200.25] * 3),
    ],
)
def test_event_times_are_seconds_since_1970_whatever_the_zone_and_the_unit(
    tmp_path: Path, texts: list[str], seconds: list[float]
) -> None:
    (tmp_path / "data.csv").write_text("n,t,y\n" + "".join(f"1,{text},0\n" for text in texts))
    columns = Columns(label="y", task="binary", numeric=("n",), event_time="t")
    (batch,) = batches(files(tmp_path), columns)
    assert times_of(batch, "t", columns.missing) == pytest.approx(seconds, rel=0, abs=1e-5)


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_columns_of_epochs_are_seconds_too(tmp_path: Path, unit: int) -> None:
    pq.write_table(
        pa.table({"n": [1.0, 2], "t": [1704067200 * unit, 1704067201 * unit], "y": [0, 1]}), tmp_path / "x.parquet"
    )
    columns = Columns(label="y", task="binary", numeric=("n",), event_time="t")
    (batch,) = batches(files(tmp_path), columns)
    assert times_of(batch, "t", columns.missing).tolist() == [1704067200, 1704067201]


@pytest.mark.parametrize("form", ["iso", "epoch", "milliseconds", "zoned", "timestamp"])
def test_time_trains_on_the_oldest_rows(tmp_path: Path, form: str) -> None:
    frame = sample(1000).sample(frac=1, random_state=3)
    moments = pd.to_datetime(frame["t"])
    forms = {
        "iso": moments.dt.strftime("%Y-%m-%d %H:%M:%S"),
        "epoch": moments.astype("int64") // 10**9,
        "milliseconds": moments.astype("int64") // 10**6,
        # The hour of the wall clock says nothing about the order: the zones differ by 20 hours.
        "zoned": pd.Series(
            [
                moment.tz_localize("UTC").tz_convert(f"{-10 + 20 * (row % 2):+03}:00").isoformat()
                for row, moment in enumerate(moments)
            ],
            index=frame.index,
        ),
        "timestamp": moments,
    }
    frame["t"] = forms[form]
    path = tmp_path / "data.parquet"
    frame.to_parquet(path)
    built = build(path, settings(split={"by": "time"}), tmp_path / "out")
    assert {side: len(rows) for side, rows in built.encoded.items()} == {"train": 700, "validation": 150, "test": 150}
    assert set(built.raw["t"]) == set(frame["t"].loc[moments.sort_values().index[-150:]])


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
