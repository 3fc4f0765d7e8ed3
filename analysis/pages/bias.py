"""The report's section on bias: the four-fifths rule in words, then Clarify's figures."""

from collections.abc import Iterator
from html import escape

from analysis.fairness import SECTIONS
from analysis.pages.style import notes, number, table
from contract.documents import Document

TITLES = dict(zip(SECTIONS, ("Of the labels, before training", "Of the decisions, after training"), strict=True))
KINDS = {True: "passed", False: "rejected", None: "unsure"}


def section(analysis: Document, page: Document) -> str:
    """HTML out of `analysis.json` and the words of `analysis.analyze`; nothing without a bias section."""
    if not any(name in analysis for name in SECTIONS):
        return ""
    said = "".join(notes([each["sentence"]], KINDS[each["passes"]]) for each in page.get("bias", ()))
    warnings = notes(warning for each in page.get("bias", ()) for warning in each["warnings"])
    figures = "".join(_figures(title, analysis[name]) for name, title in TITLES.items() if name in analysis)
    return f"<h2>Bias by group</h2>{said}{warnings}{figures}"


def _figures(title: str, section: Document) -> str:
    groups = [
        (f"{facet} = {group['value_or_threshold']}", group["metrics"])
        for facet, found in section["facets"].items()
        for group in found
    ]
    header = ("Metric", *(f"#{escape(name)}" for name, _ in groups))
    reasons = notes(_reasons(groups))
    body = table(header, _rows(groups))
    return f"<details><summary>{escape(title)}: {len(groups[0][1])} metrics</summary>{body}{reasons}</details>"


def _rows(groups: list[tuple[str, list[Document]]]) -> Iterator[tuple[str, ...]]:
    for metrics in zip(*(found for _, found in groups), strict=True):
        yield escape(metrics[0]["description"]), *(number(metric["value"]) for metric in metrics)


def _reasons(groups: list[tuple[str, list[Document]]]) -> Iterator[str]:
    """Why metrics are undefined; a reason that groups share is told once."""
    sharing: dict[tuple[str, str], list[str]] = {}
    for name, metrics in groups:
        for metric in metrics:
            if metric["value"] is None:
                reason = str(metric.get("error") or "no reason was given")
                sharing.setdefault((metric["name"], reason), []).append(name)
    for (metric_name, reason), names in sharing.items():
        yield f"{metric_name} of {', '.join(names)} is undefined: {reason}"
