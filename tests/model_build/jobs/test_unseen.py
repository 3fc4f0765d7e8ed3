"""The sealed split of a champion tells which rows it has not seen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.errors import InputError
from contract.preprocessor import Preprocessor
from model_build.jobs.unseen import difference, unseen
from preprocessing.settings import Settings
from tests.preprocessing.tables import COLUMNS, Built, build, sample

SPLIT = {"train": 0.5, "validation": 0.1, "test": 0.4}


def built(folder: Path, rows: int, task: str = "binary", **split: object) -> Built:
    folder.mkdir()
    sample(rows).to_csv(folder / "data.csv", index=False)
    columns = COLUMNS | {"task": task} | ({"positive": None} if task == "regression" else {})
    settings = Settings.from_document({"columns": columns, "split": SPLIT | split})
    return build(folder / "data.csv", settings, folder / "out")


@pytest.mark.parametrize("by", ["random", "stratified", "time"])
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_its_own_test_rows_and_no_others(tmp_path: Path, by: str, task: str) -> None:
    one = built(tmp_path / "one", 400, task, by=by)
    mine = tmp_path / "one" / "out" / "test_raw"
    assert unseen(one.fitted.preprocessor, mine).all()
    other = built(tmp_path / "two", 400, task, by="random", seed=7)
    theirs = tmp_path / "two" / "out" / "test_raw"
    known = set(one.raw["t"])
    assert unseen(one.fitted.preprocessor, theirs).tolist() == [time in known for time in other.raw["t"]]


def test_time_goes_on(tmp_path: Path) -> None:
    """With newer rows the cut is later, and the champion has seen nothing behind it; the other way round it has."""
    early, late = (built(tmp_path / str(rows), rows, by="time") for rows in (300, 400))
    assert unseen(early.fitted.preprocessor, tmp_path / "400" / "out" / "test_raw").all()
    assert not unseen(late.fitted.preprocessor, tmp_path / "300" / "out" / "test_raw").all()
    assert difference(late.fitted.preprocessor, early.fitted.preprocessor) == (
        "its test rows begin at 2024-01-11 00:00:00, here at 2024-01-08 12:00:00"
    )


def test_a_table_that_grows(tmp_path: Path) -> None:
    before, after = (built(tmp_path / str(rows), rows) for rows in (300, 400))
    share = np.mean(unseen(before.fitted.preprocessor, tmp_path / "400" / "out" / "test_raw"))
    assert share > 0.9
    assert difference(before.fitted.preprocessor, after.fitted.preprocessor) == "it was split at other cuts"


def test_the_difference_in_words(tmp_path: Path) -> None:
    one = built(tmp_path / "one", 100).fitted.preprocessor

    def said(**split: object) -> str:
        return difference(one, replace(one, split=replace(one.split, **split)))  # type: ignore[arg-type]

    assert said(by="random") == "it was split by stratified, here by random"
    assert said(seed=43) == "it was split with seed 0, here 43"
    assert said(key=("key",)) == "it was split by whole rows, here by key"
    wider = replace(one, columns=replace(one.columns, drop=("key", "more")))
    assert difference(one, wider).startswith("it was split by other columns")


def test_where_nobody_knows(tmp_path: Path) -> None:
    one = built(tmp_path / "one", 100)
    for split, said in (
        ({"hashing": 1}, "It was split by an earlier rule, so nobody knows which of the test rows it has seen"),
        ({"key": ("gone",)}, "It was split by the column 'gone', which is gone"),
    ):
        sealed = one.fitted.preprocessor
        with pytest.raises(InputError, match=said):
            unseen(replace(sealed, split=replace(sealed.split, **split)), tmp_path / "one" / "out" / "test_raw")  # type: ignore[arg-type]


def test_documents_before_the_rule_was_named() -> None:
    """Their hashes are of the first rule, whatever this one is."""
    document = {"version": 1, "columns": {"label": "y", "task": "binary"}, "features": [], "classes": ["0", "1"]}
    split = {"by": "random", "key": [], "seed": 1, "thresholds": {"": [0.5, 0.7]}}
    assert Preprocessor.from_document(document | {"split": split}).split.hashing == 1
