"""The report's section on explanations: what moves the answers in all, how, and in single records."""

from collections.abc import Iterator, Mapping
from html import escape

from analysis.pages.charts import MOST_NAMES, bars, curve, pushes
from analysis.pages.style import notes, number
from contract.documents import Document


def section(analysis: Document, page: Document, outputs: Mapping[str, str]) -> str:
    """HTML out of `analysis.json` and the records of `analysis.analyze`; nothing without explanations.

    outputs  key of an output in `analysis.json` → its name
    """
    explanations = analysis.get("explanations", {})
    shap = explanations.get("kernel_shap", {})
    if not shap:
        return ""
    method = explanations.get("method", "KernelSHAP")
    rows = f" over {page['explained']:,} test rows" if "explained" in page else ""
    said = f'<p class="muted">{escape(method)}: the mean absolute value{rows}.</p>'
    note = notes([explanations["note"]]) if "note" in explanations else ""
    most = "".join(_most(outputs.get(key, key), found, len(shap) > 1) for key, found in shap.items())
    return (
        f'<h2>What moves the answers</h2>{said}{note}<div class="small">{most}</div>'
        if len(shap) > 1
        else f'<h2>What moves the answers</h2>{said}{note}<div class="sheet">{most}</div>'
    ) + (_curves(explanations.get("pdp", [])) + _records(page.get("records", [])))


def _most(name: str, found: Document, several: bool) -> str:
    ranked = sorted(found["global_shap_values"].items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    rest = len(ranked) - MOST_NAMES
    more = f'<p class="muted"><small>and {rest} more columns</small></p>' if rest > 0 else ""
    drawn = bars(ranked[:MOST_NAMES]) + more
    return f'<div class="sheet"><h3>{escape(name)}</h3>{drawn}</div>' if several else drawn


def _curves(dependences: list[Document]) -> str:
    if not dependences:
        return ""
    answers = [value for each in dependences for value in each["model_predictions"][-1]]
    low, high = min(answers), max(answers)
    drawn = "".join(f'<div class="sheet">{_curve(each, low, high)}</div>' for each in dependences)
    return (
        "<h2>How they move it</h2>"
        '<p class="muted">Partial dependence: the mean answer when all rows take this value, on one scale for all. '
        "Grey bars: the share of the rows near each number.</p>"
        f'<div class="small">{drawn}</div>'
    )


def _curve(each: Document, low: float, high: float) -> str:
    name, values, answers = each["feature_name"], each["feature_values"], each["model_predictions"][-1]
    title = f"<h3>{escape(name)}</h3>"
    if each["data_type"] == "numerical":
        shares = each.get("data_distribution", ())
        return title + curve(values, answers, low, high, f"Mean answer by {name}", shares)
    return title + bars([(str(value), answer) for value, answer in zip(values, answers, strict=True)], high)


def _records(records: list[Document]) -> str:
    if not records:
        return ""
    drawn = "".join(f'<div class="sheet">{_record(each)}</div>' for each in records)
    return (
        "<h2>Single records</h2>"
        '<p class="muted">From the lowest to the highest answer: what raised (orange) and lowered (blue) it against '
        f'the baseline row.</p><div class="small records">{drawn}</div>'
    )


def _record(record: Document) -> str:
    lines = [(_value(column), column["shap"]) for column in record["columns"]]
    lines += _others(record)
    return (
        f"<h3>Test row {record['row']:,}: {number(record['answer'])}</h3>"
        f'<p class="muted"><small>the baseline row: {number(record["expected"])}</small></p>{pushes(lines)}'
    )


def _value(column: Document) -> str:
    return f"{column['name']} = {column['value']}" if column["value"] else str(column["name"])


def _others(record: Document) -> Iterator[tuple[str, float]]:
    if record["others"]:
        yield "all others", record["others"]
