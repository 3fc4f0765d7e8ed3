"""The real data sets, as (path of the data, description of the columns); a copy of nothing is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.conftest import SHARED as DATA

ADULT = [
    "age",
    "workclass",
    "fnlwgt",
    "education",
    "education-num",
    "marital-status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "capital-gain",
    "capital-loss",
    "hours-per-week",
    "native-country",
    "income",
]


def describe(frame: pd.DataFrame, label: str, drop: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    features = [name for name in frame if name not in (label, *drop)]
    numeric = [name for name in features if pd.api.types.is_numeric_dtype(frame[name])]
    categorical = [name for name in features if name not in numeric]
    return {"label": label, "numeric": numeric, "categorical": categorical, "drop": list(drop), **more}


def _adult(_: Path) -> tuple[Path, dict[str, Any]]:
    path = DATA / "adult/adult.data"
    frame = pd.read_csv(path, names=ADULT)
    return path, describe(frame, "income", task="binary", positive=">50K", names=ADULT)


def _german(_: Path) -> tuple[Path, dict[str, Any]]:
    path = DATA / "german_credit/german.csv"
    return path, describe(pd.read_csv(path), "credit", task="binary", positive="2")


def _telco(_: Path) -> tuple[Path, dict[str, Any]]:
    path = DATA / "telco_churn/Telco-Customer-Churn.csv"
    frame = pd.read_csv(path, na_values=" ")
    return path, describe(frame, "Churn", ("customerID",), task="binary", positive="Yes")


def _churn(_: Path) -> tuple[Path, dict[str, Any]]:
    path = DATA / "sagemaker_churn/training-dataset-with-header.csv"
    return path, describe(pd.read_csv(path), "Churn", task="binary", positive="1")


def _fraud(folder: Path) -> tuple[Path, dict[str, Any]]:
    parts = [
        pd.read_csv(DATA / "aws_auto_fraud" / name, dtype=str, keep_default_na=False)
        for name in ("claims.csv", "customers.csv")
    ]
    path = folder / "fraud.csv"
    parts[0].merge(parts[1], on="policy_id").to_csv(path, index=False)
    frame = pd.read_csv(path, keep_default_na=False)
    # "None" and "NA" are values here: nobody was called, nothing collided.
    return path, describe(frame, "fraud", ("policy_id",), task="binary", positive="1", missing=[""])


def _abalone(_: Path) -> tuple[Path, dict[str, Any]]:
    path = DATA / "abalone/abalone.csv"
    return path, describe(pd.read_csv(path), "Class_number_of_rings", task="regression")


SETS: dict[str, Callable[[Path], tuple[Path, dict[str, Any]]]] = {
    "adult": _adult,
    "german": _german,
    "telco": _telco,
    "churn": _churn,
    "fraud": _fraud,
    "abalone": _abalone,
}


@pytest.fixture(params=sorted(SETS))
def real_set(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    if not DATA.is_dir():
        pytest.skip(f"the real data sets are not at {DATA}")
    return SETS[request.param](tmp_path)
