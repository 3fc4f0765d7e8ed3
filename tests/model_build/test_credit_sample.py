"""The generator of the credit sample: deterministic, with what it promises inside."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from model_build.catalogue import load
from tests.model_build.conftest import CREDIT


@pytest.fixture(scope="module")
def sample() -> Any:
    return load(CREDIT / "sample.py")


def test_equal_arguments_give_equal_bytes(sample: Any, tmp_path: Path) -> None:
    for suffix in (".csv", ".parquet"):
        files = [tmp_path / f"{name}{suffix}" for name in "abc"]
        for file, seed in zip(files, (1, 1, 2), strict=True):
            sample.write(file, rows=500, seed=seed)
        one, same, other = (file.read_bytes() for file in files)
        assert one == same != other
    assert pyarrow.csv.read_csv(tmp_path / "a.csv").num_rows == 500
    assert pyarrow.parquet.read_table(tmp_path / "a.parquet").equals(sample.table(500, 1))


def test_the_bayes_limit(sample: Any) -> None:
    """Ten million rows gave the constants; the standard error of one million is .0004."""
    probability, label = sample.probabilities(1_000_000, seed=123)
    assert roc_auc_score(label, probability) == pytest.approx(sample.BAYES_AUC, abs=0.0015)
    assert log_loss(label, probability) == pytest.approx(sample.BAYES_LOG_LOSS, abs=0.0015)
    assert probability.mean() == pytest.approx(label.mean(), abs=0.0015), "the probabilities are calibrated"


def test_what_it_contains_on_purpose(sample: Any) -> None:
    frame = sample.table(200_000).to_pandas()
    assert frame["application_id"].is_unique
    assert frame["income"].isna().mean() == pytest.approx(0.06, abs=0.005)
    assert frame["employment_years"].isna().mean() == pytest.approx(0.04, abs=0.005)
    assert frame["housing"].isna().mean() == pytest.approx(0.03, abs=0.005)
    shares = frame["purpose"].value_counts(normalize=True)
    assert 0.0005 < shares["wedding"] < 0.0015
    defaulted = frame["default"] == "yes"
    by_sex = defaulted.groupby(frame["sex"]).mean()
    assert by_sex["female"] - by_sex["male"] > 0.02, "the protected attribute differs through income"
    assert 0.2 < defaulted.mean() < 0.3


def test_a_hundred_thousand_rows_take_no_time(sample: Any, tmp_path: Path) -> None:
    begun = time.process_time()
    sample.write(tmp_path / "credit.csv", rows=100_000)
    assert time.process_time() - begun < 1
    assert np.isclose((tmp_path / "credit.csv").stat().st_size, 8.5e6, rtol=0.2)
