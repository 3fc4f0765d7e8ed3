"""Champion and challenger: two models on the same rows, compared by a paired bootstrap.

The rows that a resample draws are the same for both models, so that what makes rows hard or easy cancels out of the
difference: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 8.
"""

from dataclasses import asdict, dataclass
from math import isclose
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis import figures, scarcity
from analysis.bootstrap import Estimate, estimates
from analysis.figures import ROUNDING, figure, telling
from analysis.losses import LOSSES
from analysis.metrics import Sample
from contract import documents
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Finding

Bound = Literal["lower", "value", "upper"]
Floats = NDArray[np.float64]

#: The rows of a comparison in words.
SAME = "the same test rows"

#: The end of the interval in words.
WORDS: dict[str, str] = {
    "lower": "the advantage's lower end",
    "value": "the advantage",
    "upper": "the advantage's upper end",
}


@dataclass(frozen=True)
class Rule:
    """The candidate's advantage, at the end `bound` of its 95 % interval, must not lie below −`margin`.

    metric  of the test rows; its advantage is positive when the candidate is better, also for a loss
    bound   lower: surely not worse; value: not worse on these rows; upper: not surely worse
    margin  in the metric's unit: by how much the candidate may be worse
    """

    metric: str
    bound: Bound = "upper"
    margin: float = 0.0

    def __post_init__(self) -> None:
        if self.bound not in WORDS:
            raise InputError(f"The champion's bound is {self.bound!r}; it is one of {', '.join(WORDS)}.")
        if not self.margin >= 0:
            raise InputError(f"The champion's margin is {self.margin}; it must not be negative.")

    @classmethod
    def from_document(cls, document: Document) -> "Rule":
        """Raises InputError on unknown or missing keys."""
        return documents.into(cls, document, "The champion's rule")


@dataclass(frozen=True)
class Comparison:
    """What `champion.json` says.

    champion    the champion's version, "" when there is none
    compared    whether there are figures; without them the absolute thresholds alone decide
    advantage   of the candidate over the champion, with its interval; positive is better
    candidate, reference  the metric of both on the same rows
    """

    finding: Finding
    champion: str
    compared: bool = False
    rule: Rule | None = None
    candidate: float | None = None
    reference: float | None = None
    advantage: Estimate | None = None

    def to_document(self) -> Document:
        """The document; keys of figures only where there are figures."""
        document: Document = {**asdict(self.finding), "champion": self.champion, "compared": self.compared}
        if self.rule and self.advantage:
            figures = {"candidate": self.candidate, "reference": self.reference}
            document |= asdict(self.rule) | figures | {"advantage": self.advantage.to_document()}
        return document


def alone() -> Comparison:
    """The first version: nothing to be compared with."""
    clause = "no approved version was given to be compared with, so the absolute threshold alone decides"
    return Comparison(Finding(True, clause), "")


def incomparable(champion: str, reason: str) -> Comparison:
    """The champion cannot answer for these rows; `reason` says why."""
    why = figures.clause(reason.strip())
    clause = f"{_name(champion)} cannot be compared ({why}), so the absolute threshold alone decides"
    return Comparison(Finding(True, clause), champion)


def compare(
    candidate: Sample,
    reference: Sample,
    champion: str,
    rule: Rule,
    rows: int,
    count: int,
    seed: int,
    called: str = SAME,
) -> Comparison:
    """Both models on the same `rows` rows, in the same order.

    reference   the champion's scores as a sample;  champion  its version
    count       resamples, the same for both;  seed  of their draws
    called      the rows in words

    A metric that the rows leave undefined for the champion cannot be compared; a candidate that leaves it undefined
    where the champion does not has not shown that it is as good. Raises InputError for an unknown metric.
    """
    metric, samples = rule.metric, (candidate, reference)
    values = [sample.values() for sample in samples]
    if metric not in values[0]:
        raise InputError(f"The champion is compared by {metric}, the report has {', '.join(values[0])}.")
    if not np.isfinite(values[1][metric]):
        return incomparable(champion, f"its {metric} is undefined: {_why(reference, metric)}")
    if not np.isfinite(values[0][metric]):
        beside = f"and that of {_name(champion)} is {figure(values[1][metric])}"
        return Comparison(Finding(False, f"{metric} is undefined ({_why(candidate, metric)}), {beside}"), champion)

    def advantage(one: dict[str, float], other: dict[str, float]) -> dict[str, float]:
        return {metric: other[metric] - one[metric] if metric in LOSSES else one[metric] - other[metric]}

    def resampled(weights: Floats) -> dict[str, float]:
        return advantage(candidate.resampled(weights), reference.resampled(weights))

    found = estimates(advantage(*values), {}, resampled, rows, count, seed)[metric]
    held = getattr(found, rule.bound) is not None
    finding = _finding(found, champion, rule, called) if held else _without(found, champion, rule, candidate.details())
    return Comparison(finding, champion, True, rule, values[0][metric], values[1][metric], found)


def _why(sample: Sample, metric: str) -> str:
    """Why the rows leave a metric undefined, as a clause."""
    return figures.clause(sample.undefined().get(metric, "these rows do not define it"))


def _without(found: Estimate, champion: str, rule: Rule, details: Document) -> Finding:
    """The rule asks for an end of an interval that the rows do not have; `details` are the candidate's."""
    why = f"{figures.clause(found.reason or 'no reason was given')}{scarcity.cause(rule.metric, details)}"
    mending = scarcity.remedy(rule.metric, details, "champion", interval=True)
    return Finding(False, f"{rule.metric} beside {_name(champion)} cannot be judged ({why}): {mending}")


def _finding(found: Estimate, champion: str, rule: Rule, called: str) -> Finding:
    held = getattr(found, rule.bound)
    passed = held >= -rule.margin or isclose(held, -rule.margin, abs_tol=ROUNDING)
    told = _told(found, rule, passed)
    clause = f"{rule.metric} is {_beside(told['value'], champion)} on {called}"
    if "lower" in told:
        clause += f" (95 % interval of the advantage {told['lower']} to {told['upper']})"
    if passed:
        return Finding(True, clause)
    allowed = f"be at least {-rule.margin:+g}" if rule.margin else "not be below 0"
    return Finding(False, f"{clause}, but {WORDS[rule.bound]} must {allowed}")


def _told(found: Estimate, rule: Rule, passed: bool) -> dict[str, str]:
    """The advantage and its interval, as far as there is one, as texts that agree with the finding."""
    numbers = {"value": found.value, "lower": found.lower, "upper": found.upper}
    known = {name: number for name, number in numbers.items() if number is not None}
    place = list(known).index(rule.bound)
    texts = telling(
        lambda told: (told[place] >= -rule.margin) == passed,
        lambda more: [f"{'+' if number >= 0 else ''}{figure(number, more)}" for number in known.values()],
    )
    return dict(zip(known, texts, strict=True))


def _beside(advantage: str, champion: str) -> str:
    if not float(advantage):
        return f"that of {_name(champion)}"
    return f"{advantage[1:]} {'worse' if advantage[0] == '-' else 'better'} than that of {_name(champion)}"


def _name(champion: str) -> str:
    return f"version {champion}"
