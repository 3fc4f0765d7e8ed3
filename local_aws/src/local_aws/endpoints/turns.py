"""Weighted turns: a deterministic order in which every weight has its share of any stretch of turns."""

from collections.abc import Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """Smooth weighted round robin (as nginx has it): of n turns each choice gets its share, give or take one.

    choices  (choice, weight); weights need not add up to anything, and a weight of 0 gets no turn
    """

    def __init__(self, choices: Sequence[tuple[T, float]]) -> None:
        self._choices = [(choice, float(weight)) for choice, weight in choices if weight > 0]
        self._credit = [0.0] * len(self._choices)
        self._total = sum(weight for _, weight in self._choices)

    def next(self) -> T | None:
        """Whose turn it is; None when nobody has a weight."""
        if len(self._choices) == 1:
            return self._choices[0][0]
        if not self._choices:
            return None
        credit = self._credit
        best = 0
        for index, (_, weight) in enumerate(self._choices):
            credit[index] += weight
            if credit[index] > credit[best]:
                best = index
        credit[best] -= self._total
        return self._choices[best][0]
