"""Hyperparameters as texts of a command line."""

import pytest

from contract.errors import InputError
from model_build.jobs.hyperparameters import parse


@pytest.mark.parametrize(
    ("text", "metrics"),
    [
        ("auc,logloss", ("auc", "logloss")),
        (" auc , logloss", ("auc", "logloss")),
        ('["auc", "logloss"]', ("auc", "logloss")),
        ("error@0.7,error@.5,ndcg@5-", ("error@0.7", "error@.5", "ndcg@5-")),
        ("tweedie-nloglik@1.5", ("tweedie-nloglik@1.5",)),
    ],
)
def test_metrics_in_each_spelling(text: str, metrics: tuple[str, ...]) -> None:
    assert parse(["--eval_metric", text], "regression", 0).eval_metrics == metrics


NO_METRICS = {
    "nothing": "",
    "empty_array": "[]",
    "half_an_array": "[1",
    "numbers": "[1]",
    "null": "[null]",
    "nested": '[["auc"]]',
    "a_gap": "auc,,logloss",
    "no_number": "auc@foo",
    "object": '{"auc": 1}',
    "deep": "[" * 100_000,
    "thousands_of_digits": f"[{'9' * 5000}]",
}


@pytest.mark.parametrize("name", NO_METRICS)
def test_what_are_no_metrics_is_a_sentence(name: str) -> None:
    with pytest.raises(InputError, match="names such as auc,logloss") as raised:
        parse(["--eval_metric", NO_METRICS[name]], "binary", 2)
    assert len(str(raised.value)) < 250


@pytest.mark.parametrize("name", ["num_round", "early_stopping_rounds", "seed", "max_bin"])
@pytest.mark.parametrize("text", ["x", "", "-1", "1e2", "2.0", "\u00b2", "9" * 19], ids=ascii)
def test_whole_numbers(name: str, text: str) -> None:
    with pytest.raises(InputError, match=f"hyperparameter {name} is .*, a whole number"):
        parse([f"--{name}", text], "binary", 2)


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e400"])
def test_numbers_are_finite(text: str) -> None:
    for name in ("eta", "gamma", "lambda", "base_score"):
        with pytest.raises(InputError, match=f"hyperparameter {name} is '{text}', a finite number"):
            parse([f"--{name}", text], "binary", 2)
