"""`card.html`: the content of a SageMaker Model Card as a page.

The schema: https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards.html#model-cards-json-schema.
"""

from collections.abc import Callable
from html import escape
from typing import Any

from analysis.pages.charts import bars
from analysis.pages.origin import Origin
from analysis.pages.style import number, shell, table
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Verdict

#: Section → title, in the order of the page.
SECTIONS: dict[str, str] = {
    "model_overview": "Overview",
    "intended_uses": "Intended uses",
    "business_details": "Business",
    "training_details": "Training",
    "evaluation_details": "Evaluation",
    "additional_information": "Additional information",
}
RATINGS = ("High", "Medium", "Low", "Unknown")


def render(content: Document, origin: Origin, verdict: Verdict | None = None) -> str:
    """The page of a model's card. Raises InputError when the content has sections or a rating beyond the schema."""
    if unknown := sorted(set(content) - set(SECTIONS)):
        raise InputError(f"The model card has unknown sections: {', '.join(unknown)}.")
    rating = content.get("intended_uses", {}).get("risk_rating", "Unknown")
    if rating not in RATINGS:
        raise InputError(f"The risk rating is {rating!r}; it is one of {', '.join(RATINGS)}.")
    body = "".join(_section(key, title, content[key]) for key, title in SECTIONS.items() if content.get(key))
    return shell(f"Model card of {origin.name}", _head(origin, rating, verdict) + body)


def _head(origin: Origin, rating: str, verdict: Verdict | None) -> str:
    state = "passed" if verdict and verdict.passed else "rejected"
    said = f'<div class="verdict {state}"><strong>{escape(verdict.reason)}</strong></div>' if verdict else ""
    return (
        f'<h1>{escape(origin.name)}</h1><div class="muted">{escape(origin.line())}</div>'
        f'<p>Model card &nbsp;<span class="badge {rating}">Risk: {rating.lower()}</span></p>{said}'
    )


def _section(key: str, title: str, value: Any) -> str:
    drawn = "".join(_evaluation(each) for each in value) if key == "evaluation_details" else _sheet(value)
    return f"<h2>{title}</h2>{drawn}"


def _sheet(document: Document) -> str:
    """Texts as a list of terms; what has parts of its own follows."""
    return f'<div class="sheet"><dl>{_terms(document)}</dl></div>'


def _terms(document: Document) -> str:
    return "".join(
        _terms(value)
        if isinstance(value, dict) and key in NESTED
        else f"<dt>{_title(key)}</dt><dd>{_value(value)}</dd>"
        for key, value in document.items()
        if value not in (None, "", [], {})
    )


#: Parts whose members stand beside those of the part around them.
NESTED = ("training_job_details", "training_environment", "custom_details", "objective_function", "metadata")


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"<dl>{_terms(value)}</dl>"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return table(("Name", "#Value"), [(escape(str(each["name"])), _figure(each.get("value"))) for each in value])
    if isinstance(value, list):
        return "<br>".join(escape(str(each)) for each in value)
    return escape(str(value))


def _figure(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return escape(str(value))
    return f"{value:,}" if isinstance(value, int) else number(value)


def _title(key: str) -> str:
    words = key.replace("_", " ").replace("-", " ")
    return escape(words[:1].upper() + words[1:])


def _evaluation(details: Document) -> str:
    plain = {key: value for key, value in details.items() if key not in ("name", "metric_groups")}
    groups = "".join(
        f'<h3 style="margin-top:14px">{escape(group["name"])}</h3>{_metrics(group["metric_data"])}'
        for group in details.get("metric_groups", [])
    )
    terms = f"<dl>{_terms(plain)}</dl>" if any(plain.values()) else ""
    return f'<div class="sheet" style="margin-bottom:16px"><h3>{escape(details["name"])}</h3>{terms}{groups}</div>'


def _metrics(metrics: list[Document]) -> str:
    """Single figures in one table, each chart and matrix after it."""
    simple = [metric for metric in metrics if metric.get("type", "number") not in CHARTS]
    rows = [(escape(each["name"]), _figure(each["value"]), escape(each.get("notes") or "")) for each in simple]
    drawn = table(("Metric", "#Value", "Notes"), rows) if rows else ""
    return drawn + "".join(
        f'<p class="muted">{escape(metric["name"])}</p>{CHARTS[metric["type"]](metric)}'
        for metric in metrics
        if metric.get("type") in CHARTS
    )


def _bar_chart(metric: Document) -> str:
    names = metric.get("x_axis_name") or [str(index + 1) for index in range(len(metric["value"]))]
    return bars(list(zip(names, metric["value"], strict=True)))


def _matrix(metric: Document) -> str:
    columns = metric.get("x_axis_name") or [str(index + 1) for index in range(len(metric["value"][0]))]
    rows = metric.get("y_axis_name") or [str(index + 1) for index in range(len(metric["value"]))]
    lines = [(escape(row), *map(_figure, cells)) for row, cells in zip(rows, metric["value"], strict=True)]
    return table(("", *(f"#{escape(column)}" for column in columns)), lines)


def _points(metric: Document) -> str:
    header = (f"#{escape(metric.get('x_axis_name') or 'x')}", f"#{escape(metric.get('y_axis_name') or 'y')}")
    shown = metric["value"][:: max(1, len(metric["value"]) // 20)]
    return table(header, [(_figure(x), _figure(y)) for x, y in shown])


#: Type of a metric that is more than a figure → how it is drawn.
CHARTS: dict[str, Callable[[Document], str]] = {
    "bar_chart": _bar_chart,
    "matrix": _matrix,
    "linear_graph": _points,
}
