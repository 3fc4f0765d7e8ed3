"""From scores to decisions, by the sealed decision document."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from contract.columns import Task
from contract.decision import Decision
from contract.errors import InputError

Scores = NDArray[np.floating]


def decide(decision: Decision, scores: Scores) -> Sequence[str | float]:
    """The class's text for each row, or the value of a regression.

    scores  (n,) probability of class 1, (n, classes) probabilities, or (n,) values
    """
    return RULES[decision.task](decision, scores)


def _binary(decision: Decision, scores: Scores) -> list[str]:
    negative, positive = decision.classes
    if decision.threshold is None:
        raise InputError("The decision of a binary model has no threshold: its decision.json is incomplete.")
    # In float64: the threshold may lie between two float32 values.
    return [positive if high else negative for high in scores.astype(np.float64) >= decision.threshold]


def _multiclass(decision: Decision, scores: Scores) -> list[str]:
    return [decision.classes[index] for index in scores.argmax(axis=1)]


def _regression(_decision: Decision, scores: Scores) -> list[float]:
    return [float(score) for score in scores]


RULES: dict[Task, Callable[[Decision, Scores], Sequence[str | float]]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
}
