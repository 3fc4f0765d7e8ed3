"""The bias sections of `analysis.json` in Clarify's schema, and what they mean in words."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.bias import posttraining, pretraining
from analysis.bias.groups import Bits, Group, small
from analysis.bias.posttraining import Decisions
from analysis.bias.pretraining import Labels, UndefinedError
from analysis.fairness import FOUR_FIFTHS, OF_ALL_ROWS, allows, lacking
from analysis.figures import clause, telling
from contract.documents import Document

#: Metric → its description and function.
Table = Mapping[str, tuple[str, Callable[[Any], float]]]


@dataclass(frozen=True)
class Outcomes:
    """What happened to each row, all (rows,).

    labels      the label's texts or numbers;  label  its column;  favourable_value  which one is favourable, in words
    actual      whether the label is favourable;  predicted  whether the decision is, None before there is a model
    source      where the rows come from, in words
    """

    label: str
    favourable_value: str
    labels: NDArray[Any]
    actual: Bits
    predicted: Bits | None = None
    subgroups: NDArray[Any] | None = None
    features: NDArray[np.floating] | None = None
    source: str = "dataset"


def sections(groups: Sequence[Group], outcomes: Outcomes) -> Document:
    """`pre_training_bias_metrics`, and `post_training_bias_metrics` when there are predictions."""
    o = outcomes
    document = {
        "pre_training_bias_metrics": _section(
            groups, o, pretraining.METRICS, lambda g: Labels(g.member, o.labels, o.actual, o.subgroups)
        )
    }
    if (predicted := o.predicted) is not None:
        document["post_training_bias_metrics"] = _section(
            groups,
            o,
            posttraining.METRICS,
            lambda g: Decisions(g.member, o.actual, predicted, o.subgroups, o.features),
        )
    return document


def _section(
    groups: Sequence[Group], outcomes: Outcomes, table: Table, rows: Callable[[Group], Labels | Decisions]
) -> Document:
    facets: dict[str, list[Document]] = {}
    for group in groups:
        metrics = _metrics(table, rows(group), _lacking(group, outcomes))
        facets.setdefault(group.facet, []).append({"value_or_threshold": group.name, "metrics": metrics})
    return {"label": outcomes.label, "label_value_or_threshold": outcomes.favourable_value, "facets": facets}


def _lacking(group: Group, outcomes: Outcomes) -> str:
    """Why nothing can be compared; "" where both sides have rows."""
    return "" if group.size and group.others else lacking(outcomes.source, "beside" if group.size else "of")


def _metrics(table: Table, rows: Labels | Decisions, lacks: str) -> list[Document]:
    found = []
    for name, (description, function) in table.items():
        entry: Document = {"name": name, "description": description}
        try:
            if lacks and name not in OF_ALL_ROWS:
                raise UndefinedError(lacks)
            entry["value"] = function(rows)
        except UndefinedError as error:
            entry |= {"value": None, "error": str(error)}
        found.append(entry)
    return found


def words(groups: Sequence[Group], outcomes: Outcomes) -> list[Document]:
    """For each group what a person reads: rows, rates, the four-fifths rule, and warnings.

    {"facet", "group", "rows", "rate", "other_rate", "impact", "passes", "sentence", "warnings"}; `rate` and
    `other_rate` are the shares of favourable decisions, None without rows; `passes` is None where the rule cannot be
    applied.
    """
    decided = outcomes.actual if outcomes.predicted is None else outcomes.predicted
    return [_words(group, outcomes, decided) for group in groups]


def _words(group: Group, outcomes: Outcomes, decided: Bits) -> Document:
    rate, other = _share(decided[group.member]), _share(decided[~group.member])
    passes = _passes(rate, other)
    return {
        "facet": group.facet,
        "group": group.name,
        "rows": group.size,
        "other_rows": group.others,
        "rate": rate,
        "other_rate": other,
        "impact": rate / other if rate is not None and other else None,
        "passes": passes,
        "sentence": _sentence(group, outcomes, rate, other, passes),
        "warnings": list(_warnings(group, outcomes)),
    }


def _share(decided: Bits) -> float | None:
    return float(decided.mean()) if len(decided) else None


def _passes(rate: float | None, other: float | None) -> bool | None:
    if rate is None or other is None or not max(rate, other):
        return None
    return allows("DI", min(rate, other) / max(rate, other), FOUR_FIFTHS)


def _sentence(group: Group, outcomes: Outcomes, rate: float | None, other: float | None, passes: bool | None) -> str:
    if rate is None or other is None:
        reason = clause(_lacking(group, outcomes))
        return f"{group.title}: {reason}, so the ratio is undefined: the four-fifths rule says nothing here."
    if passes is None:
        return f"Nobody is “{outcomes.favourable_value}”: the four-fifths rule says nothing here."
    low, high = min(rate, other), max(rate, other)
    who, than = group.title, "the others"
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
    yield from small(group.title, group.size, group.others, outcomes.source)
    for side, member in ((group.title, group.member), (f"The rows without {group.title}", ~group.member)):
        if not member.any():
            continue
        if not outcomes.actual[member].any():
            yield f"{side}: no row is “{outcomes.favourable_value}”, so its recall is undefined."
        elif outcomes.actual[member].all():
            yield f"{side}: every row is “{outcomes.favourable_value}”, so its specificity is undefined."
