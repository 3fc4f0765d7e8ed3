"""Thresholds by rule."""

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest.threshold import choose

SCORES: NDArray[np.float64] = np.array([0.5, 0.6, 0.7, 0.8, 1.0, 2.0, 3.0])
LABELS = np.array([0, 0, 0, 0, 1, 1, 1])


def test_half_of_the_known_errors_lie_above_their_median() -> None:
    threshold, words = choose("known_errors_median", SCORES, LABELS)
    assert ((threshold <= SCORES) == (SCORES > 2.0)).all()
    assert "median score of the known errors" in words


def test_quantile() -> None:
    threshold, words = choose("quantile:0.5", SCORES)
    assert (threshold <= SCORES).sum() == 3
    assert "quantile 0.5" in words


def test_three_sigma_is_the_heuristic_of_the_test_metric() -> None:
    scores = np.append(np.zeros(99), 50.0)
    threshold, _ = choose("three_sigma", scores)
    assert threshold == np.nextafter(scores.mean() + 3 * scores.std(), np.inf)
    assert (scores >= threshold).sum() == 1


@pytest.mark.parametrize(
    ("rule", "scores", "labels", "sentence"),
    [
        ("known_errors_median", SCORES, None, "needs known errors"),
        ("known_errors_median", SCORES, np.zeros(7), "needs known errors"),
        ("known_errors_median", SCORES[:0], LABELS[:0], "no rows"),
        ("f1", SCORES, LABELS, "none of known_errors_median"),
        ("quantile", SCORES, None, "none of known_errors_median"),
        ("quantile:1", SCORES, None, "none of known_errors_median"),
        ("quantile:x", SCORES, None, "none of known_errors_median"),
        ("known_errors_median:2", SCORES, LABELS, "none of known_errors_median"),
    ],
)
def test_refuses(rule: str, scores: NDArray[np.float64], labels: NDArray[np.int64] | None, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        choose(rule, scores, labels)
