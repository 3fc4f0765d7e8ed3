"""From scores to decisions, by the sealed decision document."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contract.columns import Task
from contract.decision import Decision
from contract.errors import InputError

Scores = NDArray[np.floating]

#: Of one record: the probability of class 1, the probabilities by class, or the value.
Score = float | list[float]


def decide(decision: Decision, scores: Scores) -> Sequence[str | float]:
    """The class's text for each row, or the value of a regression.

    scores  (n,) probability of class 1, (n, classes) probabilities, or (n,) values
    """
    return RULES[decision.task](decision, scores)


def rule_of(decision: Decision) -> Callable[[Score], str | float]:
    """The same for one score at a time. Raises InputError when the decision document is incomplete."""
    return ONE[decision.task](decision)


def _binary(decision: Decision, scores: Scores) -> list[str]:
    negative, positive = decision.classes
    # In float64: the threshold may lie between two float32 values.
    return [positive if high else negative for high in (scores.astype(np.float64) >= _threshold(decision)).tolist()]


def _threshold(decision: Decision) -> float:
    if decision.threshold is None:
        raise InputError("The decision of a binary model has no threshold: its decision.json is incomplete.")
    return decision.threshold


def _multiclass(decision: Decision, scores: Scores) -> list[str]:
    return [decision.classes[index] for index in scores.argmax(axis=1)]


def _regression(_decision: Decision, scores: Scores) -> list[float]:
    return [float(score) for score in scores.tolist()]


def _one_binary(decision: Decision) -> Callable[[Score], str | float]:
    (negative, positive), threshold = decision.classes, _threshold(decision)
    return lambda score: positive if score >= threshold else negative  # type: ignore[operator]


def _one_multiclass(decision: Decision) -> Callable[[Score], str | float]:
    return lambda scores: decision.classes[scores.index(max(scores))]  # type: ignore[union-attr,arg-type]


def _one_regression(_decision: Decision) -> Callable[[Score], str | float]:
    return lambda score: score  # type: ignore[return-value]


RULES: dict[Task, Callable[[Decision, Scores], Sequence[str | float]]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
}
ONE: dict[Task, Callable[[Decision], Callable[[Score], str | float]]] = {
    "binary": _one_binary,
    "multiclass": _one_multiclass,
    "regression": _one_regression,
}
