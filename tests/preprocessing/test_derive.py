"""The pipeline's own features: the same in Fit, Encode and one by one; and the sentence for each way to fail."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.errors import InputError
from preprocessing.fit import fit
from preprocessing.record import RecordEncoder
from tests.preprocessing.tables import build, sample, settings

DERIVED = {"derived_numeric": ["ratio"], "derived_categorical": ["pair"]}


def features(columns: Mapping[str, Any]) -> dict[str, Any]:
    pair = [f"{c}-{d[:2]}" if c and d else None for c, d in zip(columns["c"], columns["d"], strict=True)]
    return {"ratio": columns["n"] / (1 + columns["m"]), "pair": np.array(pair, dtype=object)}


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("encoding", ["ordinal", "one_hot"])
def test_derived_columns_are_features_in_batches_and_one_by_one(tmp_path: Path, encoding: str, form: str) -> None:
    frame = sample(800)
    path = tmp_path / f"data.{form}"
    frame.to_csv(path, index=False) if form == "csv" else frame.to_parquet(path)
    chosen = settings(columns=DERIVED, encoding=encoding, scale="standard", min_count=5)
    built = build(path, chosen, tmp_path / "out", features)
    names = built.fitted.preprocessor.feature_names
    assert "ratio" in names
    assert any(name.startswith("pair") for name in names)
    encoder = RecordEncoder(built.fitted.preprocessor, features)
    one_by_one = np.array([encoder.encode(record) for record in built.raw.to_dict("records")])
    in_batches = built.encoded["test"][list(names)].to_numpy()
    assert np.array_equal(one_by_one.view(np.uint32), in_batches.view(np.uint32))


def without(_: Mapping[str, Any]) -> dict[str, Any]:
    return {"ratio": np.zeros(100)}


def short(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {**features(columns), "ratio": np.zeros(3)}


def texts(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {**features(columns), "ratio": columns["c"]}


def infinite(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {**features(columns), "ratio": np.full(len(columns["n"]), np.inf)}


def lists(columns: Mapping[str, Any]) -> dict[str, Any]:
    objects = np.empty(len(columns["n"]), dtype=object)
    objects[:] = [[1]] * len(objects)
    return {**features(columns), "pair": objects}


def raising(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {"ratio": columns["speed"]}


def changing(columns: Mapping[str, Any]) -> dict[str, Any]:
    columns["n"][:] = 0
    return features(columns)


def nothing(_: Mapping[str, Any]) -> Any:
    return None


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (without, "without did not return the column 'pair'"),
        (short, r"short returned 'ratio' of shape \(3,\) for 100 rows"),
        (texts, "texts returned 'ratio' as object; a derived_numeric column must hold numbers"),
        (infinite, "infinite returned an infinite number in 'ratio'"),
        (lists, r"lists returned '\[1\]' in 'pair'; a text or None is needed"),
        (raising, "raising failed with KeyError: 'speed'"),
        (changing, "changing failed with ValueError: assignment destination is read-only"),
        (nothing, "nothing returned a NoneType; it must return columns by name"),
    ],
)
def test_what_it_may_not_do(tmp_path: Path, function: Any, said: str) -> None:
    sample(100).to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError, match=said):
        fit(tmp_path, settings(columns=DERIVED), function)
