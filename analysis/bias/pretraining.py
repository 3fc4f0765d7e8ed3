"""Bias of the labels, before any model: Clarify's eight pre-training metrics.

Definitions: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html. With a the other rows and d
the group, n rows, q the share of the favourable label, P(y) the distribution of the labels:

    CI = (n_a - n_d) / (n_a + n_d)              LP = ‖P_a - P_d‖₂
    DPL = q_a - q_d                             TVD = ½ ‖P_a - P_d‖₁
    KL = Σ P_a ln(P_a / P_d)                    KS = max |P_a - P_d|
    JS = ½ (KL(P_a, P) + KL(P_d, P)), P = ½ (P_a + P_d)
    CDDL = Σ n_i DD_i / n, DD = share of d among the rejected less its share among the accepted, by subgroup i
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.bias.groups import Bits, named


class UndefinedError(Exception):
    """A metric that these rows leave undefined; the text says why."""


@dataclass(frozen=True)
class Labels:
    """One comparison before training.

    member      (rows,) the group d
    labels      (rows,) the label of each row, whatever its kind
    favourable  (rows,) whether it is the favourable one
    subgroups   (rows,) the group variable of CDDL, None without one
    """

    member: Bits
    labels: NDArray[Any]
    favourable: Bits
    subgroups: NDArray[Any] | None = None

    def distributions(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """P_a and P_d over all labels that occur."""
        values, codes = np.unique(self.labels, return_inverse=True)
        counts = [np.bincount(codes[side], minlength=len(values)) for side in (~self.member, self.member)]
        return counts[0] / counts[0].sum(), counts[1] / counts[1].sum()


def ratio(part: float, whole: float, what: str) -> float:
    """part / whole. Raises UndefinedError with `what` when the whole is nothing."""
    if not whole:
        raise UndefinedError(what)
    return float(part) / float(whole)


def disparity(member: Bits, accepted: Bits, subgroups: NDArray[Any] | None) -> float:
    """CDD, conditional demographic disparity (Wachter, Mittelstadt and Russell, 2021).

    A subgroup in which nobody was accepted, or nobody rejected, has no share among them and leaves it undefined.
    """
    if subgroups is None:
        raise UndefinedError("No group variable is configured.")
    names, codes = named(subgroups)
    total = 0.0
    for name, code in names.items():
        inside = codes == code
        taken, refused = inside & accepted, inside & ~accepted
        shares = [
            ratio((member & side).sum(), side.sum(), f"Nobody is {word} in the subgroup {name}.")
            for side, word in ((refused, "rejected"), (taken, "accepted"))
        ]
        total += inside.sum() * (shares[0] - shares[1])
    return float(total / len(member))


def _imbalance(rows: Labels) -> float:
    inside = int(rows.member.sum())
    return (len(rows.member) - 2 * inside) / len(rows.member)


def _proportions(rows: Labels) -> float:
    return float(rows.favourable[~rows.member].mean() - rows.favourable[rows.member].mean())


def _divergence(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    if (q[p > 0] == 0).any():
        raise UndefinedError("A label of the other rows does not occur in the group: the divergence is infinite.")
    return float(np.sum(p[p > 0] * np.log(p[p > 0] / q[p > 0])))


def _jensen_shannon(rows: Labels) -> float:
    p, q = rows.distributions()
    return (_divergence(p, (p + q) / 2) + _divergence(q, (p + q) / 2)) / 2


def _gaps(rows: Labels) -> NDArray[np.float64]:
    p, q = rows.distributions()
    return np.abs(p - q)


#: Metric → description as Clarify writes it, and function.
METRICS: dict[str, tuple[str, Callable[[Labels], float]]] = {
    "CDDL": (
        "Conditional Demographic Disparity in Labels (CDDL)",
        lambda rows: disparity(rows.member, rows.favourable, rows.subgroups),
    ),
    "CI": ("Class Imbalance (CI)", _imbalance),
    "DPL": ("Difference in Positive Proportions in Labels (DPL)", _proportions),
    "JS": ("Jensen-Shannon Divergence (JS)", _jensen_shannon),
    "KL": ("Kullback-Liebler Divergence (KL)", lambda rows: _divergence(*rows.distributions())),
    "KS": ("Kolmogorov-Smirnov Distance (KS)", lambda rows: float(_gaps(rows).max())),
    "LP": ("L-p Norm (LP)", lambda rows: float(np.sqrt((_gaps(rows) ** 2).sum()))),
    "TVD": ("Total Variation Distance (TVD)", lambda rows: float(_gaps(rows).sum() / 2)),
}
