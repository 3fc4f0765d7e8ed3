"""Hyperparameters as SageMaker takes them."""

import json
from typing import Any

import pytest

from contract.errors import InputError
from random_cut_forest.hyperparameters import METRICS, Hyperparameters


def test_defaults_and_texts() -> None:
    assert Hyperparameters.parse({"feature_dim": "3"}) == Hyperparameters(3, 100, 256, METRICS)
    given = {"feature_dim": "2", "num_trees": "50", "num_samples_per_tree": "2048", "eval_metrics": '["accuracy"]'}
    assert Hyperparameters.parse(given) == Hyperparameters(2, 50, 2048, ("accuracy",))
    assert Hyperparameters.parse({"feature_dim": 2, "num_trees": 1000}).num_trees == 1000


def test_what_the_sdk_sends_along_does_no_harm() -> None:
    given = {"feature_dim": "3", "mini_batch_size": "1000", "_tuning_objective_metric": "test:f1"}
    assert Hyperparameters.parse(given) == Hyperparameters(3)


@pytest.mark.parametrize("metrics", [json.dumps(METRICS), ",".join(METRICS), " accuracy , precision_recall_fscore"])
def test_metrics_in_each_spelling(metrics: str) -> None:
    assert Hyperparameters.parse({"feature_dim": 1, "eval_metrics": metrics}).eval_metrics == METRICS


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "feature_dim is missing"),
        ({"feature_dim": "0"}, "feature_dim is 0, Random Cut Forest takes 1 to 10000"),
        ({"feature_dim": "10001"}, "takes 1 to 10000"),
        ({"feature_dim": 3, "num_trees": "49"}, "num_trees is 49, Random Cut Forest takes 50 to 1000"),
        ({"feature_dim": 3, "num_trees": "1001"}, "takes 50 to 1000"),
        ({"feature_dim": 3, "num_samples_per_tree": 0}, "takes 1 to 2048"),
        ({"feature_dim": 3, "num_samples_per_tree": 2049}, "takes 1 to 2048"),
        ({"feature_dim": "three"}, "feature_dim is 'three', a whole number is needed"),
        ({"feature_dim": 3.5}, "a whole number is needed"),
        ({"feature_dim": True}, "a whole number is needed"),
        (
            {"feature_dim": 3, "trees": "50"},
            "has no hyperparameter trees; it has feature_dim, num_trees, num_samples_per_tree, eval_metrics.",
        ),
        ({"feature_dim": 3, "eval_metrics": '["auc"]'}, "eval_metrics has auc"),
        ({"feature_dim": 3, "eval_metrics": "{}"}, "a list of names is needed"),
        pytest.param({"feature_dim": 3, "eval_metrics": "[" * 100_000}, "eval_metrics has [[", id="deep"),
        pytest.param({"feature_dim": 3, "eval_metrics": "9" * 5000}, "eval_metrics has 99", id="digits"),
        pytest.param({"feature_dim": "9" * 5000}, "a whole number is needed", id="digits_of_a_number"),
    ],
)
def test_refuses(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as raised:
        Hyperparameters.parse(given)
    assert sentence in str(raised.value)
