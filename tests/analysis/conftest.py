"""Two real sets with a model each, analysed once for all tests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from analysis.analyze import Analysis, Rows, Settings, analyze
from analysis.bias.groups import Facet
from analysis.explanations.explain import Explainer, baseline
from contract.decision import Decision

ADULT = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship",
    "race", "sex", "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A model with its test rows: one ordinal feature a column."""

    rows: Rows
    model: Explainer
    decision: Decision

    def analyze(self, settings: Settings) -> Analysis:
        return analyze(self.rows, self.model, self.decision, settings)


def case(table: pd.DataFrame, label: str, classes: tuple[str, str]) -> Case:
    """The even rows train, the odd ones are looked at."""
    labels = (table.pop(label) == classes[1]).to_numpy(dtype=np.int64)
    raw = {name: _column(table[name]) for name in table}
    matrix = np.column_stack([_encoded(column) for column in raw.values()])
    model = xgb.train(
        {"objective": "binary:logistic", "max_depth": 4, "nthread": 1},
        xgb.DMatrix(matrix[::2], labels[::2], nthread=1),
        30,
    )
    texts = [name for name, column in raw.items() if column.dtype == object]
    train = {name: column[::2] for name, column in raw.items()}
    record = baseline({name: train[name] for name in raw if name not in texts}, {name: train[name] for name in texts})
    start = [_encoded(raw[name])[raw[name] == value][0] if name in texts else value for name, value in record.items()]
    explainer = Explainer(
        lambda rows: model.predict(xgb.DMatrix(rows, nthread=1)),
        {name: [index] for index, name in enumerate(raw)},
        np.array([start], dtype=np.float32),
        bytes(model.save_raw("json")),
    )
    test = {name: column[1::2] for name, column in raw.items()}
    decision = Decision("binary", classes, 0.4, "best F1 on the validation rows")
    return Case(Rows(test, matrix[1::2], label, labels[1::2]), explainer, decision)


def _column(series: "pd.Series[object]") -> np.ndarray:
    if series.dtype.kind in "if":
        return series.to_numpy(dtype=np.float64)
    return np.array([None if value in ("?", " ") else value for value in series], dtype=object)


def _encoded(column: np.ndarray) -> np.ndarray:
    if column.dtype.kind == "f":
        return column.astype(np.float32)
    return pd.Categorical(column).codes.astype(np.float32)


@pytest.fixture(scope="session")
def adult(data: Path) -> Case:
    table = pd.read_csv(data / "adult" / "adult.data", names=list(ADULT), skipinitialspace=True, nrows=8000)
    return case(table, "income", ("<=50K", ">50K"))


@pytest.fixture(scope="session")
def telco(data: Path) -> Case:
    table = pd.read_csv(data / "telco_churn" / "Telco-Customer-Churn.csv").drop(columns="customerID")
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce")
    return case(table, "Churn", ("No", "Yes"))


@pytest.fixture(scope="session")
def by_sex() -> Callable[[str], Settings]:
    return lambda column: Settings(facets=(Facet(column),), explain=300)
