"""Thresholds on anomaly scores, chosen on the validation split by a stated rule.

Rules that weigh hits against false alarms (best F1 and others) need both classes and serve any binary score: they are
in `analysis.threshold`. Here are those that come from anomaly detection.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest.metrics import three_sigma
from random_cut_forest.trees import Floats

Labels = NDArray[Any] | None


def choose(rule: str, scores: Floats, labels: Labels = None) -> tuple[float, str]:
    """The threshold by `rule` and the rule in words. A row is an anomaly from the threshold on.

    rule    "known_errors_median": half of the known errors lie above
            "quantile:Q": a share of 1 - Q of all rows lies above
            "three_sigma": what lies above mean + 3 standard deviations
    scores  (n,) anomaly scores;  labels  (n,) 1 for a known anomaly, needed by "known_errors_median" alone

    The rules speak of scores strictly above a value: the threshold is the next number after it. Raises InputError for
    an unknown rule, no scores, and a rule that needs anomalies where none is known.
    """
    name, argument = parse(rule)
    if not len(scores):
        raise InputError("The validation split has no rows to choose a threshold on.")
    choice, words = RULES[name]
    return float(np.nextafter(choice(scores, labels, argument), np.inf)), words.format(argument)


def parse(rule: str) -> tuple[str, float]:
    """Name and argument of a rule; the argument is NaN where the rule has none. Raises InputError."""
    name, colon, text = rule.partition(":")
    if name in ("known_errors_median", "three_sigma") and not colon:
        return name, float("nan")
    if name == "quantile" and colon:
        try:
            share = float(text)
        except ValueError:
            share = float("nan")
        if 0 < share < 1:
            return name, share
    known = "known_errors_median, quantile:Q (0 < Q < 1), three_sigma"
    raise InputError(f"The threshold rule {rule!r} is none of {known}.")


def _median(scores: Floats, labels: Labels, _argument: float) -> float:
    anomalies = scores[np.asarray(labels) == 1] if labels is not None else scores[:0]
    if not len(anomalies):
        raise InputError("The threshold rule 'known_errors_median' needs known errors, the validation split has none.")
    return float(np.median(anomalies))


def _quantile(scores: Floats, _labels: Labels, share: float) -> float:
    return float(np.quantile(scores, share))


def _three_sigma(scores: Floats, _labels: Labels, _argument: float) -> float:
    return three_sigma(scores)


RULES: dict[str, tuple[Callable[[Floats, Labels, float], float], str]] = {
    "known_errors_median": (_median, "median score of the known errors of the validation split"),
    "quantile": (_quantile, "quantile {:g} of the scores of the validation split"),
    "three_sigma": (_three_sigma, "mean plus three standard deviations of the scores of the validation split"),
}
