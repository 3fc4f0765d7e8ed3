"""The threshold on anomaly scores: the rules of anomaly detection, and those that weigh hits against false alarms."""

import math

import numpy as np
from numpy.typing import NDArray

from analysis import threshold as weighing
from contract.errors import InputError
from random_cut_forest import threshold as unsupervised

KNOWN = "known_errors_median, quantile:Q, three_sigma, f1, youden, precision:P, recall:R and fixed:T"


def parse(rule: str) -> tuple[str, float]:
    """Name and argument of a rule. Raises InputError for an unknown one; `fixed` takes any score above 0."""
    name, _, text = rule.partition(":")
    try:
        if name in unsupervised.RULES:
            return unsupervised.parse(rule)
        return (name, _above_zero(text)) if name == "fixed" else weighing.parse(rule)
    except (InputError, ValueError):
        raise InputError(f"The threshold rule {rule!r} is none of {KNOWN} for anomaly scores.") from None


def check(rule: str, labels: NDArray[np.generic]) -> None:
    """Raises InputError for a rule that these labels (n,) of 0 and 1 cannot serve."""
    name, _ = parse(rule)
    if name == "known_errors_median" and not np.any(labels == 1):
        raise InputError(f"The threshold rule {name!r} needs known errors, the validation split has none.")
    if name not in unsupervised.RULES and name != "fixed":
        weighing.check(rule, labels)


def choose(rule: str, labels: NDArray[np.generic], scores: NDArray[np.float64]) -> tuple[float, str]:
    """The threshold by `rule` on the validation split, and the rule in words; a row is an error from there on.

    labels  (n,) 0 or 1;  scores  (n,) anomaly scores

    Raises InputError for an unknown rule and for rows that do not serve it.
    """
    name, argument = parse(rule)
    if name in unsupervised.RULES:
        return unsupervised.choose(rule, scores, labels)
    if name == "fixed":
        return argument, f"fixed at {argument:g}"
    return weighing.choose(rule, labels, scores)


def _above_zero(text: str) -> float:
    number = float(text)
    if not (math.isfinite(number) and number > 0):
        raise ValueError(text)
    return number
