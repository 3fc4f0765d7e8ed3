"""The gate on bias: `analysis.json` in Clarify's schema and limits in, findings in words out."""

from collections.abc import Iterator, Mapping, Sequence
from math import isclose, isnan

from analysis.figures import ROUNDING, clause, figure, telling
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Finding
from contract.words import listed

SECTIONS = ("pre_training_bias_metrics", "post_training_bias_metrics")

#: Clarify's names of all metrics, before and after training.
METRICS = (
    "CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL",
    "DPPL", "DI", "DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "CDDPL", "TE", "FT", "GE",
)  # fmt: skip

#: Metrics that are a ratio, at its best 1, so that a limit holds both ways; the best of all others is 0.
#: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-post-training-bias-metric-di.html
RATIOS = frozenset({"DI"})

#: Metrics of all rows together, which a group without rows leaves as they are.
OF_ALL_ROWS = frozenset({"GE"})

#: Section → where its rows come from.
SOURCES = dict(zip(SECTIONS, ("training split", "test split"), strict=True))

#: The share of the best group's rate that a group must reach: 29 CFR 1607.4 D, the four-fifths rule.
FOUR_FIFTHS = 0.8


def lacking(source: str, where: str = "of") -> str:
    """Why a comparison has no figures: its group (of), or everything else (beside), is without rows in the source."""
    return f"The {source} holds no row {where} the group."


def completed(analysis: Document) -> Document:
    """`analysis` with the groups of one section in the other too. Clarify leaves those out that it has no row of;
    there every metric is undefined, but those of all rows together."""
    sections = {name: analysis[name] for name in SECTIONS if name in analysis}
    known: dict[str, dict[str, None]] = {}
    for section in sections.values():
        for facet, groups in section["facets"].items():
            known.setdefault(facet, {}).update(dict.fromkeys(group["value_or_threshold"] for group in groups))
    return analysis | {name: _completed(section, known, SOURCES[name]) for name, section in sections.items()}


def _completed(section: Document, known: Mapping[str, Mapping[str, None]], source: str) -> Document:
    facets = {}
    for facet, groups in section["facets"].items():
        there = {group["value_or_threshold"]: group for group in groups}
        empty = [
            metric if metric["name"] in OF_ALL_ROWS else metric | {"value": None, "error": lacking(source)}
            for metric in (groups[0]["metrics"] if groups else ())
        ]
        facets[facet] = [there.get(name) or {"value_or_threshold": name, "metrics": empty} for name in known[facet]]
    return section | {"facets": facets}


def judge(analysis: Document, limits: Mapping[str, float]) -> list[Finding]:
    """One finding for each metric of `limits`, about the group that fares worst.

    limits  metric → how far it may be from its best: a ratio (DI) lies between the limit and its inverse, every other
            metric between minus and plus the limit. The limit itself is allowed.

    An undefined metric fails, with the groups and the reasons that the document gives, whatever the other groups have.
    Raises InputError when no facet of the document has the metric.
    """
    return [_metric(metric, limit, list(_values(analysis, metric))) for metric, limit in limits.items()]


def _values(analysis: Document, metric: str) -> Iterator[tuple[str, Document]]:
    """Group → the metric's entry in the document."""
    for section in SECTIONS:
        for facet, groups in analysis.get(section, {}).get("facets", {}).items():
            for group in groups:
                for entry in group["metrics"]:
                    if entry["name"] == metric:
                        yield f"{facet} = {group['value_or_threshold']}", entry


def _metric(metric: str, limit: float, found: list[tuple[str, Document]]) -> Finding:
    if not found:
        raise InputError(f"The gate asks for the bias metric {metric}, analysis.json has it for no facet.")
    known = [(group, entry["value"]) for group, entry in found if not _undefined(entry)]
    worst = _worst(metric, limit, known) if known else None
    failures = [*_unknown(metric, found), *([worst.clause] if worst and not worst.passed else [])]
    return Finding(False, "; ".join(failures)) if failures or not worst else worst


def _undefined(entry: Document) -> bool:
    return entry["value"] is None or isnan(entry["value"])


def _unknown(metric: str, found: list[tuple[str, Document]]) -> Iterator[str]:
    """A clause for each reason why the metric is undefined, with the groups that have it."""
    reasons: dict[str, list[str]] = {}
    for group, entry in found:
        if _undefined(entry):
            reasons.setdefault(clause(str(entry.get("error") or "no reason was given")), []).append(group)
    for reason, names in reasons.items():
        yield f"{metric} of {listed(names, spelled=str)} is undefined ({reason})"


def _worst(metric: str, limit: float, known: list[tuple[str, float]]) -> Finding:
    group, worst = max(known, key=lambda each: _distance(metric, each[1]))
    passed = allows(metric, worst, limit)
    value, low, high = _spelled(worst, _ends(metric, limit), passed)
    must = "" if passed else "it must be "
    rule = " (the four-fifths rule)" if metric in RATIOS and limit == FOUR_FIFTHS else ""
    return Finding(passed, f"{metric} of {group} is {value}, {must}between {low} and {high}{rule}")


def allows(metric: str, value: float, limit: float) -> bool:
    """Whether the value is no farther from the metric's best than the limit; rounding aside, the limit itself is."""
    distance, most = _distance(metric, value), _distance(metric, limit)
    return distance <= most or isclose(distance, most, rel_tol=ROUNDING, abs_tol=ROUNDING)


def _distance(metric: str, value: float) -> float:
    """How far a value is from the metric's best; for a ratio the greater one of value and inverse."""
    if metric not in RATIOS:
        return abs(value)
    return max(value, 1 / value) if value > 0 else float("inf")


def _ends(metric: str, limit: float) -> tuple[float, float]:
    """The least and the greatest value that is allowed."""
    return (min(limit, 1 / limit), max(limit, 1 / limit)) if metric in RATIOS else (-limit, limit)


def _spelled(value: float, ends: tuple[float, float], passed: bool) -> Sequence[str]:
    """The value and its ends as texts, by which the value lies between them when it has passed and only then."""
    return telling(
        lambda numbers: (numbers[1] <= numbers[0] <= numbers[2]) == passed,
        lambda more: [figure(value, more), *(f"{end:.{6 + more}g}" for end in ends)],
    )
