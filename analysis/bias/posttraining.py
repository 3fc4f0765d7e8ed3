"""Bias of the decisions: Clarify's thirteen post-training metrics.

Definitions: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html. With a the other
rows and d the group, n¹ and n⁰ rows with favourable and unfavourable label, m¹ and m⁰ with such a prediction:

    DPPL = m¹_a/n_a - m¹_d/n_d                  RD = recall_a - recall_d
    DI = (m¹_d/n_d) / (m¹_a/n_a)                SD = specificity_d - specificity_a
    DCA = n¹_a/m¹_a - n¹_d/m¹_d                 DAR = precision_a - precision_d
    DCR = n⁰_d/m⁰_d - n⁰_a/m⁰_a                 DRR = TN_d/m⁰_d - TN_a/m⁰_a
    AD = accuracy_a - accuracy_d                TE = FN_d/FP_d - FN_a/FP_a
    CDDPL as CDDL, of the predictions           GE = Σ((b/mean b)² - 1) / 2n, b = prediction - label + 1, all rows
    FT = (F⁺ - F⁻) / n_d, F⁺ the refused of d whose nearest neighbours in a are accepted, F⁻ the other way round

FT follows the documentation; the library smclarify gives it the other sign.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from analysis.bias.groups import Bits
from analysis.bias.pretraining import UndefinedError, disparity, ratio

#: Neighbours of the flip test, and the rows from which on there are as many; below, one. As in Clarify.
NEIGHBOURS, FEW = 5, 10
#: Rows of each side in the flip test, drawn by a fixed seed: neighbours cost rows times rows.
FLIP_ROWS = 2000


@dataclass(frozen=True)
class Cells:
    """The confusion matrix of one side."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def rows(self) -> int:
        return self.tp + self.fp + self.fn + self.tn


@dataclass(frozen=True)
class Decisions:
    """One comparison after training; all (rows,).

    member     the group d
    actual     whether the label is the favourable one;  predicted  whether the decision is
    subgroups  the group variable of CDDPL, None without one
    features   (rows, features) numbers by which the flip test finds neighbours, None without
    """

    member: Bits
    actual: Bits
    predicted: Bits
    subgroups: NDArray[Any] | None = None
    features: NDArray[np.floating] | None = None

    @cached_property
    def others(self) -> Cells:
        return self._cells(~self.member)

    @cached_property
    def group(self) -> Cells:
        return self._cells(self.member)

    def _cells(self, side: Bits) -> Cells:
        counts = np.bincount(2 * self.actual[side].astype(int) + self.predicted[side], minlength=4)
        tn, fp, fn, tp = (int(count) for count in counts)
        return Cells(tp, fp, fn, tn)


Rate = Callable[[Cells], tuple[int, int]]

#: Rate → its numerator and denominator, and why it has none.
RATES: dict[str, tuple[Rate, str]] = {
    "acceptance": (lambda c: (c.tp + c.fp, c.rows), "has no rows"),
    "conditional acceptance": (lambda c: (c.tp + c.fn, c.tp + c.fp), "has no favourable decision"),
    "conditional rejection": (lambda c: (c.tn + c.fp, c.tn + c.fn), "has no unfavourable decision"),
    "recall": (lambda c: (c.tp, c.tp + c.fn), "has no favourable label"),
    "specificity": (lambda c: (c.tn, c.tn + c.fp), "has no unfavourable label"),
    "precision": (lambda c: (c.tp, c.tp + c.fp), "has no favourable decision"),
    "negative precision": (lambda c: (c.tn, c.tn + c.fn), "has no unfavourable decision"),
    "accuracy": (lambda c: (c.tp + c.tn, c.rows), "has no rows"),
    "treatment": (lambda c: (c.fn, c.fp), "has no false positive"),
}


def rate(name: str, cells: Cells, side: str) -> float:
    """One of RATES. Raises UndefinedError with the side's name when it has no denominator."""
    function, reason = RATES[name]
    return ratio(*function(cells), f"{side} {reason}.")


def _both(name: str) -> Callable[[Decisions], tuple[float, float]]:
    return lambda rows: (rate(name, rows.others, "The other side"), rate(name, rows.group, "The group"))


def _less(name: str, group_first: bool = False) -> Callable[[Decisions], float]:
    """The rate of the others less the group's, or the other way round."""

    def difference(rows: Decisions) -> float:
        others, group = _both(name)(rows)
        return group - others if group_first else others - group

    return difference


def _impact(rows: Decisions) -> float:
    others, group = _both("acceptance")(rows)
    return ratio(group, others, "The other side has no favourable decision.")


def _flip(rows: Decisions) -> float:
    if rows.features is None:
        raise UndefinedError("The flip test needs the features.")
    generator = np.random.default_rng(0)
    others, group = (_some(np.flatnonzero(side), generator) for side in (~rows.member, rows.member))
    numbers = np.nan_to_num(np.asarray(rows.features, dtype=np.float64))
    neighbours = KNeighborsClassifier(NEIGHBOURS if len(others) > FEW else 1)
    neighbours.fit(numbers[others], rows.predicted[others])
    counterfactual = neighbours.predict(numbers[group]).astype(int)
    return float((counterfactual - rows.predicted[group].astype(int)).mean())


def _some(places: NDArray[np.intp], generator: np.random.Generator) -> NDArray[np.intp]:
    return places if len(places) <= FLIP_ROWS else np.sort(generator.choice(places, FLIP_ROWS, replace=False))


def _entropy(rows: Decisions) -> float:
    benefit = rows.predicted.astype(np.float64) - rows.actual + 1
    mean = float(benefit.mean())
    if not mean:
        raise UndefinedError("Every favourable label was refused and there is no other: the mean benefit is 0.")
    return float((((benefit / mean) ** 2) - 1).mean() / 2)


#: Metric → description as Clarify writes it, and function.
METRICS: dict[str, tuple[str, Callable[[Decisions], float]]] = {
    "AD": ("Accuracy Difference (AD)", _less("accuracy")),
    "CDDPL": (
        "Conditional Demographic Disparity in Predicted Labels (CDDPL)",
        lambda rows: disparity(rows.member, rows.predicted, rows.subgroups),
    ),
    "DAR": ("Difference in Acceptance Rates (DAR)", _less("precision")),
    "DCA": ("Difference in Conditional Acceptance (DCA)", _less("conditional acceptance")),
    "DCR": ("Difference in Conditional Rejection (DCR)", _less("conditional rejection", group_first=True)),
    "DI": ("Disparate Impact (DI)", _impact),
    "DPPL": ("Difference in Positive Proportions in Predicted Labels (DPPL)", _less("acceptance")),
    "DRR": ("Difference in Rejection Rates (DRR)", _less("negative precision", group_first=True)),
    "FT": ("Flip Test (FT)", _flip),
    "GE": ("Generalized Entropy (GE)", _entropy),
    "RD": ("Recall Difference (RD)", _less("recall")),
    "SD": ("Specificity Difference (SD)", _less("specificity", group_first=True)),
    "TE": ("Treatment Equality (TE)", _less("treatment", group_first=True)),
}
