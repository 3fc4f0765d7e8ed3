"""Threshold rules against a search over all thresholds by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from analysis.threshold import choose
from contract.errors import InputError

Metric = Callable[[np.ndarray, np.ndarray], float]

ROWS = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=4, max_size=60).filter(
    lambda pairs: 0 < sum(label for label, _ in pairs) < len(pairs)
)


def arrays(pairs: list[tuple[bool, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([float(label) for label, _ in pairs]), np.array([score / 20 for _, score in pairs], np.float32)


def youden(labels: np.ndarray, predicted: np.ndarray) -> float:
    return sk.recall_score(labels, predicted) + sk.recall_score(1 - labels, ~predicted) - 1


@pytest.mark.parametrize(("rule", "metric"), [("f1", sk.f1_score), ("youden", youden)])
@settings(max_examples=40)
@given(pairs=ROWS)
def test_no_threshold_is_better(rule: str, metric: Metric, pairs: list[tuple[bool, int]]) -> None:
    labels, scores = arrays(pairs)
    threshold, words = choose(rule, labels, scores)
    best = max(metric(labels, scores >= cut) for cut in np.unique(scores))
    assert metric(labels, scores >= threshold) == pytest.approx(best)
    assert "validation" in words


@settings(max_examples=40)
@given(pairs=ROWS, share=st.sampled_from([0.3, 0.5, 0.9, 1.0]))
def test_recall_is_reached_by_the_highest_threshold(pairs: list[tuple[bool, int]], share: float) -> None:
    labels, scores = arrays(pairs)
    threshold, _ = choose(f"recall:{share}", labels, scores)
    enough = [cut for cut in np.unique(scores) if sk.recall_score(labels, scores >= cut) >= share]
    assert threshold == max(enough)


@settings(max_examples=40)
@given(pairs=ROWS, share=st.sampled_from([0.2, 0.5, 0.9]))
def test_precision_is_reached_with_the_highest_recall(pairs: list[tuple[bool, int]], share: float) -> None:
    labels, scores = arrays(pairs)
    enough = [cut for cut in np.unique(scores) if sk.precision_score(labels, scores >= cut) >= share]
    if not enough:
        with pytest.raises(InputError, match="the best is"):
            choose(f"precision:{share}", labels, scores)
        return
    threshold, _ = choose(f"precision:{share}", labels, scores)
    assert threshold == min(enough)


@pytest.mark.parametrize(
    ("rule", "labels", "expected"),
    [
        ("f1", [1, 0, 0, 1], 0.9),  # 2 / 3 at the first and at the last score
        ("youden", [1, 0, 1, 0], 0.9),  # 1 / 2 at the first and at the third
        ("recall:0.5", [1, 0, 0, 1], 0.9),
        ("precision:0.5", [1, 0, 0, 1], 0.6),  # at the first, second and last; the last has the highest recall
    ],
)
def test_of_equally_good_thresholds_the_highest(rule: str, labels: list[int], expected: float) -> None:
    assert choose(rule, np.array(labels), np.array([0.9, 0.8, 0.7, 0.6]))[0] == expected


def test_fixed_needs_no_rows() -> None:
    assert choose("fixed:0.25", np.zeros(0), np.zeros(0)) == (0.25, "fixed at 0.25")


@pytest.mark.parametrize("rule", ["best", "f1:3", "precision", "recall:2", "fixed:x", "fixed:nan", ""])
def test_an_unknown_rule_is_refused(rule: str) -> None:
    with pytest.raises(InputError, match="is none of f1"):
        choose(rule, np.array([0, 1]), np.array([0.1, 0.9]))


def test_one_class_is_refused() -> None:
    with pytest.raises(InputError, match="one class only"):
        choose("f1", np.ones(3), np.array([0.1, 0.2, 0.3]))


def test_the_best_precision_is_told_with_the_digits_that_it_lacks() -> None:
    labels = np.arange(100_000) < 89_999
    with pytest.raises(InputError, match=r"the best is 0\.89999\."):
        choose("precision:0.9", labels, np.full(100_000, 0.5))
