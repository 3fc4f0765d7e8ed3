"""What the split makes of the shares that were asked for, said with its cause where it is something else."""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contract.errors import InputError
from preprocessing.fit import fit
from preprocessing.shares import faults
from preprocessing.split import SIDES
from tests.conftest import SHARED as DATA
from tests.preprocessing.tables import sample, settings

SHARES = {"train": 0.6, "validation": 0.1, "test": 0.3}


def warned(folder: Path, frame: pd.DataFrame, split: dict[str, Any], **choice: Any) -> list[str]:
    """What Fit says about the split, with the sentence of a refusal as the only one."""
    frame.to_csv(folder / "data.csv", index=False)
    try:
        return list(fit(folder / "data.csv", settings(split={**SHARES, **split}, **choice)).findings["split"])
    except InputError as refused:
        return [str(refused)]


def copied(rows: int, copies: int, label: int | None = None) -> pd.DataFrame:
    """The sample, with one row (of the label) as often again as said."""
    frame = sample(rows)
    one = frame[frame["y"] == label].iloc[[0]] if label is not None else frame.iloc[[0]]
    return pd.concat([frame, *[one] * copies])


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_a_share_that_identical_rows_shift_is_told_with_cause_and_mending(tmp_path: Path, by: str) -> None:
    frame = copied(1000, 600)
    told = [warned(tmp_path, frame, {"by": by, "seed": seed}) for seed in range(4)]
    assert any(told)
    for sentence in chain.from_iterable(told):
        assert sentence.startswith("The split gives ")
        assert "600 of these rows repeat an earlier one" in sentence
        for mending in ("[preprocess] deduplicate = true", "another split.seed", "split.key"):
            assert mending in sentence
    for seed in range(4):
        assert warned(tmp_path, frame, {"by": by, "seed": seed}, deduplicate=True) == []


def test_the_shares_of_a_class_count_too(tmp_path: Path) -> None:
    frame = copied(3000, 400, label=1)
    told = [sentence for seed in range(6) for sentence in warned(tmp_path, frame, {"seed": seed})]
    assert any("rows with the label '1', " in sentence and "400 of these rows repeat" in sentence for sentence in told)


@pytest.mark.parametrize("by", ["random", "stratified", "time"])
@pytest.mark.parametrize("rows", [60, 300, 2000])
def test_what_chance_explains_is_not_told(tmp_path: Path, by: str, rows: int) -> None:
    assert warned(tmp_path, sample(rows), {"by": by}) == []


def test_groups_of_a_key_and_equal_times_are_other_causes(tmp_path: Path) -> None:
    frame = sample(2000)
    frame["key"] = np.where(np.arange(2000) < 1500, "large", frame["key"])
    [by_key, *_] = [
        sentence for seed in range(4) for sentence in warned(tmp_path, frame, {"key": ["key"], "seed": seed})
    ]
    assert "'key' keep together" in by_key
    assert "deduplicate" not in by_key
    frame["t"] = frame["t"].where(np.arange(2000) < 500, "2030-01-01")
    told = warned(tmp_path, frame[["n", "m", "c", "d", "key", "t", "y"]].drop_duplicates(), {"by": "time"})
    assert "'t' keep together" in told[0]


@pytest.mark.parametrize("side", ["train", "validation", "test"])
@pytest.mark.parametrize("label", [0, 1])
def test_a_side_without_a_class_of_two_is_refused(side: str, label: int) -> None:
    rows = np.array([[600, 60], [100, 10], [300, 30]])
    rows[SIDES.index(side), label] = 0
    first = faults(rows, settings(split=SHARES), ("0", "1"))[0]
    assert first.refused
    assert first.words.startswith(f"No {'training' if side == 'train' else side} row has")
    assert f"the label '{label}' ({rows[:, label].sum():,} rows have it)" in first.words
    left_out = settings(split={**SHARES, side: 0.0, "train": 0.6 + SHARES[side]} if side != "train" else SHARES)
    assert any(fault.refused for fault in faults(rows, left_out, ("0", "1"))) is (side == "train")


def test_identical_rows_are_named_as_the_cause_of_a_refusal(tmp_path: Path) -> None:
    frame = sample(600).assign(y=0)
    rare = [frame.iloc[[row]].assign(y=1) for row in range(20)]
    [refused] = warned(tmp_path, pd.concat([frame, *rare, *rare[:1] * 80]), {})
    assert "row has the label '1' (100 rows have it): " in refused
    assert "80 of these rows repeat an earlier one; [preprocess] deduplicate = true, another" in refused


def test_copies_of_fewer_rows_than_sides_are_not_mended_by_leaving_them_out(tmp_path: Path) -> None:
    frame = sample(600).assign(y=0)
    rare = [frame.iloc[[row]].assign(y=1) for row in (0, 1)]
    [refused] = warned(tmp_path, pd.concat([frame, *rare * 50]), {})
    assert "row has the label '1' (100 rows have it): " in refused
    assert "copies of 2; more rows that differ" in refused
    assert "deduplicate" not in refused


def test_a_split_without_a_class_that_is_merely_rare_speaks_of_no_copies(tmp_path: Path) -> None:
    sample(600).assign(y=[1, 1, 1] + [0] * 597).to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=r"^No validation row has the label '1' \(3 rows have it\)") as refused:
        fit(tmp_path / "data.csv", settings(split=SHARES))
    assert str(refused.value).endswith(": other shares or more rows would mend it.")


def test_of_many_classes_a_rare_one_may_be_absent_and_is_told(tmp_path: Path) -> None:
    frame = sample(600).assign(y=["rare"] * 3 + ["one", "other", "third"] * 199)
    told = warned(tmp_path, frame, {}, columns={"task": "multiclass", "positive": None})
    assert [sentence for sentence in told if sentence.startswith("No validation row has the label 'rare' (3 rows")]


def test_real_rows_of_which_a_third_are_identical(tmp_path: Path) -> None:
    path = DATA / "adbench/23_mammography.npz"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    stored = np.load(path)
    numeric = [f"x{column}" for column in range(stored["X"].shape[1])]
    frame = pd.DataFrame(stored["X"], columns=numeric).assign(y=stored["y"])
    columns = {"numeric": numeric, "categorical": [], "drop": [], "event_time": None}
    [sentence] = warned(tmp_path, frame, {"seed": 2}, columns=columns)
    assert sentence.startswith("The split gives validation 265 of 11,183 rows, 2.4 % where 10 % was asked: ")
    assert "3,334 of these rows repeat an earlier one" in sentence
    assert warned(tmp_path, frame, {"seed": 42}, columns=columns) == []
