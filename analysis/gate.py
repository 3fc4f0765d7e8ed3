"""The gate: a report and rules in, a verdict with its reason in words out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from analysis import scarcity
from analysis.figures import clause, figure, telling
from analysis.metrics import flat, section
from contract import documents
from contract.columns import Task
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Finding, Verdict
from contract.words import DESCRIPTION, plain, within

Bound = Literal["lower", "value", "upper"]

#: The end of the interval in words.
WORDS: dict[str, str] = {
    "lower": "the lower end of the 95 % interval of {metric}",
    "value": "{metric}",
    "upper": "the upper end of the 95 % interval of {metric}",
}


@dataclass(frozen=True)
class Rule:
    """One condition. The metric's bound must lie above `minimum` and below `maximum`, both strictly:
    a model that ranks by chance has an AUC of exactly .5."""

    metric: str
    bound: Bound = "value"
    minimum: float | None = None
    maximum: float | None = None

    def __post_init__(self) -> None:
        if self.bound not in WORDS:
            raise InputError(f"The gate's bound is {self.bound!r}; it is one of {', '.join(WORDS)}.")
        if self.minimum is None and self.maximum is None:
            raise InputError(f"The gate on {self.metric} needs a minimum or a maximum.")

    @classmethod
    def from_document(cls, document: Document) -> "Rule":
        """Raises InputError on unknown or missing keys."""
        return documents.into(cls, document, "The gate's rule")


#: What a model must show when the configuration says nothing: that it is better than chance.
DEFAULTS: dict[Task, Rule] = {
    "binary": Rule("auc", "lower", minimum=0.5),
    "multiclass": Rule("macro_auc", "lower", minimum=0.5),
    "regression": Rule("r2", "value", minimum=0.0),
}


def judge(report: Document, rules: Sequence[Rule], artefact: str, others: Sequence[Finding] = ()) -> Verdict:
    """Hold a report (see analysis.metrics.evaluate) against the rules.

    artefact  SHA-256 of the model.tar.gz that was evaluated
    others    what other judges found; all must have passed

    Raises InputError when a rule names a metric that the report does not have.
    """
    metrics = section(report)
    found = [*(_check(metrics, rule) for rule in rules), *others]
    failures = [each.clause for each in found if not each.passed]
    clauses = tuple(map(plain, failures or [each.clause for each in found]))
    reason = _sentence("Rejected" if failures else "Passed", clauses)
    undefined = tuple(name for name in _metrics(metrics) if metrics[name]["value"] is None)
    return Verdict(not failures, reason, artefact, flat(report), undefined, clauses)


def _sentence(head: str, clauses: Sequence[str]) -> str:
    """All clauses, or the first ones that have their place in a description and how many there are beside them."""
    for kept in range(len(clauses), 0, -1):
        rest = len(clauses) - kept
        frame = f"{head}: {{}}{f'; and {rest} more, which report.html tells' if rest else ''}."
        said = "; ".join(clauses[:kept])
        if kept == 1 or len(frame.format(said)) <= DESCRIPTION:
            break
    return frame.format(within(said, DESCRIPTION - len(frame.format(""))))


def _metrics(metrics: dict[str, Any]) -> list[str]:
    """The names of the section's metrics, which stand among other details."""
    return [name for name, metric in metrics.items() if isinstance(metric, dict) and "value" in metric]


def _check(metrics: dict[str, Any], rule: Rule) -> Finding:
    """Whether the rule holds, and a clause that says so."""
    known = _metrics(metrics)
    if rule.metric not in known:
        raise InputError(f"The gate asks for {rule.metric}, the report has {', '.join(known)}.")
    value = metrics[rule.metric].get(rule.bound)
    words = WORDS[rule.bound].format(metric=rule.metric)
    if value is None:
        return Finding(False, f"{words} is undefined {_undefined(metrics, rule.metric)}")
    limits = list(_limits(value, rule))
    (told,) = telling(
        lambda numbers: list(_limits(numbers[0], rule)) == limits,
        lambda more: (figure(value, more),),
    )
    if broken := [limit for holds, limit in limits if not holds]:
        return Finding(False, f"{words} is {told}, it must be {' and '.join(broken)}")
    return Finding(True, f"{words} is {told}, {' and '.join(limit for _, limit in limits)}")


def _undefined(metrics: dict[str, Any], name: str) -> str:
    """Why a metric has no value, or no interval, and what would mend it."""
    reason = clause(metrics[name].get("reason", "no reason was given"))
    interval = metrics[name]["value"] is not None
    why = scarcity.cause(name, metrics) if interval else ""
    return f"({reason}{why}): {scarcity.remedy(name, metrics, 'gate', interval)}"


def _limits(value: float, rule: Rule) -> Iterator[tuple[bool, str]]:
    """Whether the value keeps to each limit of the rule, and the limit in words."""
    if rule.minimum is not None:
        yield value > rule.minimum, f"above {rule.minimum:g}"
    if rule.maximum is not None:
        yield value < rule.maximum, f"below {rule.maximum:g}"
