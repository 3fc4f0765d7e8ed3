"""`mlops new` and `mlops run` on real data that the project has never seen, as a user would call them."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Commands

ADULT = (
    "age,workclass,fnlwgt,education,education_num,marital_status,occupation,relationship,race,sex,"
    "capital_gain,capital_loss,hours_per_week,native_country,income"
)
SEEDS = (1, 2, 3, 4, 5)

Source = Callable[[Path, Path], Path]


def as_it_is(name: str) -> Source:
    return lambda data, _: data / name


def churn(data: Path, folder: Path) -> Path:
    """The set comes in two files, of which only one has a header."""
    first = pd.read_csv(data / "sagemaker_churn/training-dataset-with-header.csv")
    second = pd.read_csv(data / "sagemaker_churn/validation.csv", header=None, names=first.columns)
    pd.concat([first, second]).to_csv(folder / "churn.csv", index=False)
    return folder / "churn.csv"


def fraud(data: Path, folder: Path) -> Path:
    """Claims joined with customers."""
    claims = pd.read_csv(data / "aws_auto_fraud/claims.csv", keep_default_na=False)
    customers = pd.read_csv(data / "aws_auto_fraud/customers.csv", keep_default_na=False)
    claims.merge(customers, on="policy_id").to_csv(folder / "fraud.csv", index=False)
    return folder / "fraud.csv"


CASES: dict[str, tuple[Source, list[str], str, Callable[[float], bool]]] = {
    "adult": (
        as_it_is("adult/adult.data"),
        ["--label", "income", "--positive", ">50K", "--names", ADULT],
        "auc",
        lambda auc: auc >= 0.92,
    ),
    "telco": (
        as_it_is("telco_churn/Telco-Customer-Churn.csv"),
        ["--label", "Churn", "--positive", "Yes"],
        "auc",
        lambda auc: auc >= 0.83,
    ),
    "german": (as_it_is("german_credit/german.csv"), ["--label", "credit"], "auc", lambda auc: auc >= 0.75),
    "churn": (churn, ["--label", "Churn"], "auc", lambda auc: auc >= 0.90),
    "fraud": (fraud, ["--label", "fraud", "--positive", "1"], "auc", lambda auc: auc >= 0.76),
    "abalone": (as_it_is("abalone/abalone.csv"), ["--label", "Class_number_of_rings"], "mse", lambda mse: mse <= 5.0),
}


#: One process for the five runs, since importing the SDK takes longer than a run.
FIVE_RUNS = """
import json, pathlib, sys
from mlops.main import run_app
name, file, *configs = json.loads(sys.stdin.read())
for config in configs:
    pathlib.Path("model_build/pipelines", name, "config.toml").write_text(config)
    sys.argv = ["mlops", "run", name, "--data", file, "--json"]
    code = run_app()
    if code:
        sys.exit(code)
    print("\\x1e", flush=True)
"""


@pytest.mark.long
@pytest.mark.parametrize("name", CASES)
def test_mean_over_five_splits(name: str, data: Path, mlops: Commands, tmp_path: Path) -> None:
    source, arguments, metric, good = CASES[name]
    file = source(data, tmp_path)
    done = mlops("new", name, "--data", str(file), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    written = (mlops.folder / "model_build/pipelines" / name / "config.toml").read_text()
    configs = [with_seed(written, seed) for seed in SEEDS]
    done = mlops.python(FIVE_RUNS, stdin=json.dumps([name, str(file), *configs]))
    assert done.returncode == 0, done.stdout + done.stderr
    reports = [json.loads(text) for text in done.stdout.split("\x1e") if text.strip()]
    values = [report["Metrics"][metric] for report in reports]
    assert len(set(values)) == len(SEEDS), "the seed of the split changes nothing"
    mean = sum(values) / len(values)
    assert good(mean), f"{metric} {mean:.4f} over {values}"


def with_seed(config: str, seed: int) -> str:
    head, section, rest = config.partition("[split]\n")
    assert section, "mlops new wrote no [split]"
    lines = [line for line in rest.splitlines() if not line.startswith("seed")]
    return "\n".join([head + "[split]", f"seed = {seed}", *lines]) + "\n"
