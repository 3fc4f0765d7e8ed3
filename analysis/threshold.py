"""The threshold of a binary decision, chosen on the validation split by a stated rule."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.figures import figure, telling
from analysis.ranking import Ranking
from contract.errors import InputError

Floats = NDArray[np.float64]

#: True and false positives at each threshold (falling), and the argument of the rule → index of the threshold.
Choice = Callable[[Floats, Floats, float], int]


def choose(rule: str, labels: NDArray[np.generic], scores: NDArray[np.floating]) -> tuple[float, str]:
    """The threshold by `rule`, one of the scores, and the rule in words. A row is class 1 from the threshold on.

    rule    "f1" | "youden" | "precision:0.9" | "recall:0.9" | "fixed:0.5"
    labels  (n,) 0 or 1;  scores  (n,) probability of class 1

    Of equally good thresholds the highest is taken. Raises InputError for an unknown rule, one that no threshold
    fulfils, and rows of one class only.
    """
    name, argument = parse(rule)
    check(rule, labels)
    if name == "fixed":
        return argument, f"fixed at {argument:g}"
    ranking = Ranking(labels, np.asarray(scores, dtype=np.float64))
    true, false = ranking.counts()
    choice, words = RULES[name]
    index = choice(true, false, argument)
    return float(ranking.thresholds[index]), words.format(argument)


def check(rule: str, labels: NDArray[np.generic]) -> None:
    """Raises InputError for an unknown rule, and for labels of one class where the rule needs both."""
    name, _ = parse(rule)
    if name != "fixed" and len(np.unique(labels)) < 2:
        raise InputError(f"The validation split has one class only, the threshold rule {rule!r} needs both.")


def parse(rule: str) -> tuple[str, float]:
    """Name and argument of a rule; the argument is NaN where the rule has none. Raises InputError."""
    name, colon, text = rule.partition(":")
    if name in ("f1", "youden") and not colon:
        return name, float("nan")
    if name in ("precision", "recall", "fixed") and colon:
        try:
            share = float(text)
        except ValueError:
            share = float("nan")
        if 0 <= share <= 1 and (share or name == "fixed"):
            return name, share
    raise InputError(
        f"The threshold rule {rule!r} is none of f1, youden, precision:P, recall:R (above 0), fixed:T (0 to 1)."
    )


def _best_f1(true: Floats, false: Floats, _argument: float) -> int:
    # F1 = 2 TP / (predicted positive + actual positive)
    return int(np.argmax(2 * true / (true + false + true[-1])))


def _youden(true: Floats, false: Floats, _argument: float) -> int:
    # J = sensitivity + specificity - 1 (Youden, 1950)
    return int(np.argmax(true / true[-1] - false / false[-1]))


def _precision(true: Floats, false: Floats, share: float) -> int:
    precision = true / (true + false)
    enough = np.flatnonzero(precision >= share)
    if not len(enough):
        (best,) = telling(lambda told: told[0] < share, lambda more: (figure(precision.max(), more),))
        raise InputError(f"No threshold reaches a precision of {share:g} on the validation split, the best is {best}.")
    return int(enough[-1])


def _recall(true: Floats, _false: Floats, share: float) -> int:
    return int(np.flatnonzero(true / true[-1] >= share)[0])


RULES: dict[str, tuple[Choice, str]] = {
    "f1": (_best_f1, "best F1 on the validation split"),
    "youden": (_youden, "largest true minus false positive rate on the validation split"),
    "precision": (_precision, "highest recall with a precision of at least {:g} on the validation split"),
    "recall": (_recall, "highest threshold with a recall of at least {:g} on the validation split"),
}
