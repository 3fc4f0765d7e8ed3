"""The table of images says what the images have, and this environment can stand in for them."""

import importlib.util
from pathlib import Path

import pytest

from local_aws.processes.images import Image, Images
from local_aws.processes.packages import settings_of

TABLE = Path(__file__).parents[2] / "containers/images.toml"
REGISTRY = "683313688378.dkr.ecr.us-east-1.amazonaws.com"

XGBOOST = f"{REGISTRY}/sagemaker-xgboost:3.2-0"
SCIKIT_LEARN = f"{REGISTRY}/sagemaker-scikit-learn:1.9-0-cpu-py3"

#: Neither image has these; jobs that want one bring a wheel.
ABSENT = ("pydantic", "polars", "shap", "awswrangler", "mlflow", "skops", "onnxruntime", "jsonschema", "sagemaker")


def image(uri: str) -> Image:
    return Images.read(TABLE).find(uri)


def modules(uri: str) -> set[str]:
    return set(settings_of(image(uri), uri)["modules"])


@pytest.mark.parametrize("uri", [XGBOOST, SCIKIT_LEARN])
def test_both_images(uri: str) -> None:
    have = modules(uri)
    assert {"numpy", "pandas", "pyarrow", "sklearn", "scipy", "boto3", "yaml", "joblib"} <= have
    assert not have & set(ABSENT)
    assert not have & {"local_aws", "model_build", "preprocessing", "analysis", "contract", "mlops", "typer", "rich"}


def test_what_only_one_of_them_has() -> None:
    assert {"xgboost", "matplotlib", "PIL"} <= modules(XGBOOST)
    assert not {"xgboost", "matplotlib", "PIL", "numba"} & modules(SCIKIT_LEARN)


@pytest.mark.parametrize("uri", [XGBOOST, SCIKIT_LEARN])
def test_what_is_loaded_ahead_is_there_and_is_no_room_of_the_project(uri: str) -> None:
    have = modules(uri)
    for name in image(uri).preload:
        assert importlib.util.find_spec(name) is not None
        assert name.partition(".")[0] in have


def test_the_metrics_of_xgboosts_log_lines() -> None:
    import re

    expression = re.compile(image(XGBOOST).metric)
    for line in (
        "[12]\ttrain-auc:0.91234\tvalidation-auc:0.80000\tvalidation-ndcg@5-:1e-3",
        "[12]#011train-auc:0.91234#011validation-auc:0.80000#011validation-ndcg@5-:1e-3",
        "[09:28:41] [12]\ttrain-auc:0.91234\tvalidation-auc:0.80000\tvalidation-ndcg@5-:1e-3",
    ):
        found = {f"{m['set']}:{m['name']}": float(m["value"]) for m in expression.finditer(line)}
        assert found == {"train:auc": 0.91234, "validation:auc": 0.8, "validation:ndcg@5-": 0.001}
    assert not expression.search("a constraint-auc:3 of something")
