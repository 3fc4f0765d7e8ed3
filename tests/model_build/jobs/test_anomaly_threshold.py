"""Rules for the threshold on anomaly scores."""

import numpy as np
import pytest

from contract.errors import InputError
from model_build.jobs import anomaly_threshold

SCORES = np.array([0.5, 0.6, 0.7, 0.8, 1.0, 2.0, 3.0])
LABELS = np.array([0, 0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(
    ("rule", "called", "words"),
    [
        ("known_errors_median", 1, "median score of the known errors"),
        ("quantile:0.5", 3, "quantile 0.5"),
        ("three_sigma", 0, "three standard deviations"),
        ("f1", 3, "best F1"),
        ("recall:1", 3, "recall"),
        ("fixed:1.5", 2, "fixed at 1.5"),
    ],
)
def test_rules(rule: str, called: int, words: str) -> None:
    cut, said = anomaly_threshold.choose(rule, LABELS, SCORES)
    assert (cut <= SCORES).sum() == called
    assert words in said


@pytest.mark.parametrize("rule", ["median", "quantile", "quantile:2", "fixed:0", "fixed:nan", "fixed:x", "best", ""])
def test_unknown_rules(rule: str) -> None:
    with pytest.raises(InputError, match="is none of known_errors_median"):
        anomaly_threshold.parse(rule)


@pytest.mark.parametrize(("rule", "words"), [("known_errors_median", "needs known errors"), ("f1", "needs both")])
def test_rules_that_need_labels(rule: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        anomaly_threshold.check(rule, np.zeros(7))
    anomaly_threshold.check("three_sigma", np.zeros(7))
