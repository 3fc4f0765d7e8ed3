"""The bias sections of `analysis.json` in Clarify's schema, and what they mean in words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.bias import posttraining, pretraining
from analysis.bias.groups import Bits, Group
from analysis.bias.posttraining import Decisions
from analysis.bias.pretraining import Labels, UndefinedError
from analysis.fairness import FOUR_FIFTHS, allows
from analysis.figures import telling
from contract.documents import Document

#: Below as many rows, a rate of the group is little more than chance: its 95 % interval is wider than ±.1.
SMALL = 100


@dataclass(frozen=True)
class Outcomes:
    """What happened to each row, all (rows,).

    labels      the label's texts or numbers;  label  its column;  favourable_value  which one is favourable, in words
    actual      whether the label is favourable;  predicted  whether the decision is, None before there is a model
    """

    label: str
    favourable_value: str
    labels: NDArray[Any]
    actual: Bits
    predicted: Bits | None = None
    subgroups: NDArray[Any] | None = None
    features: NDArray[np.floating] | None = None


def sections(groups: Sequence[Group], outcomes: Outcomes) -> Document:
    """`pre_training_bias_metrics`, and `post_training_bias_metrics` when there are predictions."""
    o = outcomes
    document = {
        "pre_training_bias_metrics": _section(
            groups, o, lambda g: _metrics(pretraining.METRICS, Labels(g.member, o.labels, o.actual, o.subgroups))
        )
    }
    if (predicted := o.predicted) is not None:
        document["post_training_bias_metrics"] = _section(
            groups,
            o,
            lambda g: _metrics(posttraining.METRICS, Decisions(g.member, o.actual, predicted, o.subgroups, o.features)),
        )
    return document


def _section(groups: Sequence[Group], outcomes: Outcomes, metrics: Callable[[Group], list[Document]]) -> Document:
    facets: dict[str, list[Document]] = {}
    for group in groups:
        facets.setdefault(group.facet, []).append({"value_or_threshold": group.name, "metrics": metrics(group)})
    return {"label": outcomes.label, "label_value_or_threshold": outcomes.favourable_value, "facets": facets}


def _metrics(table: dict[str, tuple[str, Callable[[Any], float]]], rows: Any) -> list[Document]:
    found = []
    for name, (description, function) in table.items():
        entry: Document = {"name": name, "description": description}
        try:
            entry["value"] = function(rows)
        except UndefinedError as error:
            entry |= {"value": None, "error": str(error)}
        found.append(entry)
    return found


def words(groups: Sequence[Group], outcomes: Outcomes) -> list[Document]:
    """For each group what a person reads: rows, rates, the four-fifths rule, and warnings.

    {"facet", "group", "rows", "rate", "other_rate", "impact", "passes", "sentence", "warnings"}; `rate` and
    `other_rate` are the shares of favourable decisions; `passes` is None where the rule cannot be applied.
    """
    decided = outcomes.actual if outcomes.predicted is None else outcomes.predicted
    return [_words(group, outcomes, decided) for group in groups]


def _words(group: Group, outcomes: Outcomes, decided: Bits) -> Document:
    rate, other = float(decided[group.member].mean()), float(decided[~group.member].mean())
    low, high = min(rate, other), max(rate, other)
    passes = allows("DI", low / high, FOUR_FIFTHS) if high else None
    return {
        "facet": group.facet,
        "group": group.name,
        "rows": group.size,
        "other_rows": len(group.member) - group.size,
        "rate": rate,
        "other_rate": other,
        "impact": rate / other if other else None,
        "passes": passes,
        "sentence": _sentence(group, outcomes, rate, other, passes),
        "warnings": list(_warnings(group, outcomes)),
    }


def _sentence(group: Group, outcomes: Outcomes, rate: float, other: float, passes: bool | None) -> str:
    if passes is None:
        return f"Nobody is “{outcomes.favourable_value}”: the four-fifths rule says nothing here."
    low, high = min(rate, other), max(rate, other)
    who, than = (f"{group.facet} = {group.name}", "the others")
    if rate > other:
        who, than = than.capitalize(), who
    verb = "passes" if passes else "fails"
    less, more, share = telling(
        lambda told: (told[2] >= FOUR_FIFTHS) == passes and (told[0] > 0) == (low > 0),
        lambda more: (f"{100 * low:.{1 + more}f}", f"{100 * high:.{1 + more}f}", f"{low / high:.{2 + more}f}"),
    )
    return (
        f"{who}: “{outcomes.favourable_value}” for {less}%, against {more}% for {than}; "
        f"that is {share} of it, which {verb} the four-fifths rule (at least {FOUR_FIFTHS:.2f})."
    )


def _warnings(group: Group, outcomes: Outcomes) -> Iterable[str]:
    name = f"{group.facet} = {group.name}"
    for side, member in ((name, group.member), (f"The rows without {name}", ~group.member)):
        rows = int(member.sum())
        if rows < SMALL:
            yield f"{side}: {rows} rows only; its rates are little more than chance."
        if not outcomes.actual[member].any():
            yield f"{side}: no row is “{outcomes.favourable_value}”, so its recall is undefined."
        elif outcomes.actual[member].all():
            yield f"{side}: every row is “{outcomes.favourable_value}”, so its specificity is undefined."
