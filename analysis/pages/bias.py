"""The report's section on bias: the four-fifths rule in words, then Clarify's figures."""

from collections.abc import Iterable, Iterator
from html import escape
from math import isclose, prod

from analysis.bias.groups import small
from analysis.fairness import FOUR_FIFTHS, SECTIONS, SOURCES, allows
from analysis.figures import telling
from analysis.pages.style import notes, number, table
from contract.documents import Document

TITLES = dict(zip(SECTIONS, ("Of the labels, before training", "Of the decisions, after training"), strict=True))
#: Groups beside each other in a table; the next ones stand in another one below, so that none is cut.
MOST_GROUPS = 5
KINDS = {True: "passed", False: "rejected", None: "unsure"}


def section(analysis: Document, page: Document) -> str:
    """HTML out of `analysis.json` and the words of `analysis.analyze`; nothing without a bias section. Tables stand
    open, so that they are printed."""
    if not any(name in analysis for name in SECTIONS):
        return ""
    told = four_fifths(analysis, page)
    said = "".join(notes([each["sentence"]], KINDS[each["passes"]]) for each in told)
    figures = "".join(_figures(title, analysis[name]) for name, title in TITLES.items() if name in analysis)
    return f"<h2>Bias by group</h2>{said}{notes(warnings(told))}{figures}"


def four_fifths(analysis: Document, page: Document) -> list[Document]:
    """The rule in words for each comparison: {"sentence", "passes", "warnings"}.

    Those of `analysis.analyze`, which knows the rates; without them, as after Clarify, those of the ratio DI, and of
    `sizes` in the page: facet → group → rows of the group and of the others.
    """
    if known := page.get("bias", []):
        return [each for place, each in enumerate(known) if not any(_mirrored(each, one) for one in known[:place])]
    section = analysis.get(SECTIONS[1], {})
    favourable = section.get("label_value_or_threshold") or "the favourable decision"
    told = []
    for facet, groups in section.get("facets", {}).items():
        ratios = {
            group["value_or_threshold"]: metric["value"]
            for group in groups
            for metric in group["metrics"]
            if metric["name"] == "DI"
        }
        if len(ratios) == 2 and None not in ratios.values() and isclose(prod(ratios.values()), 1.0):
            ratios.popitem()  # each is the others of the other
        sizes = page.get("sizes", {}).get(facet, {})
        for group, value in ratios.items():
            title = f"{facet} = {group}"
            told.append(_of_ratio(title, favourable, value) | {"warnings": list(_few(title, sizes.get(group)))})
    return told


def warnings(told: list[Document]) -> list[str]:
    """Those of all comparisons, each once."""
    return list(dict.fromkeys(warning for each in told for warning in each["warnings"]))


def not_of_groups(told: Iterable[str], analysis: Document, page: Document) -> list[str]:
    """The verdict's warnings without those about groups, which stand with the groups."""
    of_groups = warnings(four_fifths(analysis, page))
    return [warning for warning in told if warning not in of_groups]


def _few(title: str, sizes: list[int] | None) -> Iterator[str]:
    if sizes is None:
        yield f"{title}: how many rows the group has is not known with this engine."
    else:
        rows, others = sizes
        yield from small(title, rows, others, SOURCES[SECTIONS[1]])


def _mirrored(one: Document, other: Document) -> bool:
    """Whether two groups are all there are of a facet, so that each is the others of the other."""
    return bool(
        one["facet"] == other["facet"] and one["rows"] == other["other_rows"] and one["rate"] == other["other_rate"]
    )


def _of_ratio(group: str, favourable: str, ratio: float | None) -> Document:
    if ratio is None:
        said = (
            f"{group}: the ratio of the shares of “{favourable}” is undefined: the four-fifths rule says nothing here."
        )
        return {"sentence": said, "passes": None}
    passes = allows("DI", ratio, FOUR_FIFTHS)
    low = min(ratio, 1 / ratio) if ratio else 0.0
    (share,) = telling(lambda told: (told[0] >= FOUR_FIFTHS) == passes, lambda more: (f"{low:.{2 + more}f}",))
    who, than = ("The others", group) if ratio > 1 else (group, "the others")
    said = (
        f"{who}: the share of “{favourable}” is {share} of that of {than}, which {'passes' if passes else 'fails'} the "
        f"four-fifths rule (at least {FOUR_FIFTHS:.2f})."
    )
    return {"sentence": said, "passes": passes}


def _figures(title: str, section: Document) -> str:
    groups = [
        (f"{facet} = {group['value_or_threshold']}", group["metrics"])
        for facet, found in section["facets"].items()
        for group in found
    ]
    reasons = notes(_reasons(groups))
    body = "".join(_table(groups[start : start + MOST_GROUPS]) for start in range(0, len(groups), MOST_GROUPS))
    return f"<details open><summary>{escape(title)}: {len(groups[0][1])} metrics</summary>{body}{reasons}</details>"


def _table(groups: list[tuple[str, list[Document]]]) -> str:
    return table(("Metric", *(f"#{escape(name)}" for name, _ in groups)), _rows(groups))


def _rows(groups: list[tuple[str, list[Document]]]) -> Iterator[tuple[str, ...]]:
    for metrics in zip(*(found for _, found in groups), strict=True):
        yield escape(metrics[0]["description"]), *(number(metric["value"]) for metric in metrics)


def _reasons(groups: list[tuple[str, list[Document]]]) -> Iterator[str]:
    """Why metrics are undefined; a reason that groups and metrics share is told once."""
    sharing: dict[tuple[str, str], list[str]] = {}
    for name, metrics in groups:
        for metric in metrics:
            if metric["value"] is None:
                reason = str(metric.get("error") or "no reason was given")
                sharing.setdefault((metric["name"], reason), []).append(name)
    together: dict[tuple[str, str], list[str]] = {}
    for (metric_name, reason), names in sharing.items():
        of_all = len(names) == len(groups) > 2
        together.setdefault(("every group" if of_all else ", ".join(names), reason), []).append(metric_name)
    for (of, reason), metric_names in together.items():
        yield f"{', '.join(metric_names)} of {of} {'is' if len(metric_names) == 1 else 'are'} undefined: {reason}"
