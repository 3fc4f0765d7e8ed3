"""The report's section on explanations: what moves the answers in all, how, and in single records."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from analysis.pages.charts import MOST_NAMES, bars, curve, pushes
from analysis.pages.style import notes, number
from contract.documents import Document

#: Classes whose partial dependence is drawn.
MOST_CLASSES = 3


def section(analysis: Document, page: Document, outputs: Mapping[str, str], rows: Mapping[str, int]) -> str:
    """HTML out of `analysis.json` and the records of `analysis.analyze`; nothing without explanations.

    outputs  key of an output in `analysis.json` → its name, in the order of the classes
    rows     key of an output → test rows of its class; empty where there are no classes to choose from
    """
    explanations = analysis.get("explanations", {})
    found = explanations.get("kernel_shap", {})
    if not found:
        return ""
    shap = by_class(found, outputs)
    method = explanations.get("method", "KernelSHAP")
    over = f" over {page['explained']:,} test rows" if "explained" in page else ""
    said = f'<p class="muted">{escape(method)}: the mean absolute value{over}.</p>'
    note = notes([explanations["note"]]) if "note" in explanations else ""
    most = "".join(_most(outputs.get(key, key), found, len(shap) > 1) for key, found in shap.items())
    return (
        f'<h2>What moves the answers</h2>{said}{note}<div class="small">{most}</div>'
        if len(shap) > 1
        else f'<h2>What moves the answers</h2>{said}{note}<div class="sheet">{most}</div>'
    ) + (_curves(explanations.get("pdp", []), outputs, rows) + _records(page.get("records", []), outputs))


def by_class(found: Mapping[str, Document], outputs: Mapping[str, str]) -> dict[str, Document]:
    """The outputs in the order of the classes: the document's keys are sorted as texts, label10 before label2."""
    return {key: found[key] for key in [*(key for key in outputs if key in found), *found]}


def _most(name: str, found: Document, several: bool) -> str:
    ranked = sorted(found["global_shap_values"].items(), key=lambda pair: (-abs(pair[1]), pair[0]))
    rest = len(ranked) - MOST_NAMES
    more = f'<p class="muted"><small>and {rest} more columns</small></p>' if rest > 0 else ""
    drawn = bars(ranked[:MOST_NAMES]) + more
    return f'<div class="sheet"><h3>{escape(name)}</h3>{drawn}</div>' if several else drawn


def _curves(dependences: list[Document], outputs: Mapping[str, str], rows: Mapping[str, int]) -> str:
    if not dependences:
        return ""
    count = len(dependences[0]["model_predictions"])
    by_rows = sorted(range(count), key=lambda place: -rows.get(f"label{place}", 0))
    shown = by_rows[:MOST_CLASSES]
    names = {place: outputs.get(f"label{place}", f"label{place}") for place in shown}
    some = f" Shown are, of {count} classes, the {len(shown)} with the most test rows." if len(shown) < count else ""
    drawn = "".join(
        (f"<h3>{escape(name)}</h3>" if count > 1 else "") + _class(dependences, place, name if count > 1 else "answer")
        for place, name in names.items()
    )
    scale = "on one scale for all" if count == 1 else "on one scale for all columns of a class"
    return (
        "<h2>How they move it</h2>"
        f'<p class="muted">Partial dependence: the mean answer when all rows take this value, {scale}. '
        f"Grey bars: the share of the rows near each number.{some}</p>{drawn}"
    )


def _class(dependences: list[Document], place: int, name: str) -> str:
    """The curves of one output, by its place among them."""
    found = [each["model_predictions"][place] for each in dependences]
    low, high = min(map(min, found)), max(map(max, found))
    drawn = "".join(
        f'<div class="sheet">{_curve(each, answers, name, low, high)}</div>'
        for each, answers in zip(dependences, found, strict=True)
    )
    return f'<div class="small">{drawn}</div>'


def _curve(each: Document, answers: Sequence[float], of: str, low: float, high: float) -> str:
    name, values = each["feature_name"], each["feature_values"]
    title = f"<h3>{escape(name)}</h3>"
    if each["data_type"] == "numerical":
        shares = each.get("data_distribution", ())
        return title + curve(values, answers, low, high, f"Mean {of} by {name}", shares)
    return title + bars([(str(value), answer) for value, answer in zip(values, answers, strict=True)], high)


def _records(records: list[Document], outputs: Mapping[str, str]) -> str:
    if not records:
        return ""
    several = len(outputs) > 1
    drawn = "".join(f'<div class="sheet">{_record(each, outputs if several else {})}</div>' for each in records)
    of = " of the class that is decided" if several else ""
    return (
        "<h2>Single records</h2>"
        f'<p class="muted">From the lowest to the highest answer{of}: what raised (orange) and lowered (blue) it '
        f'against the baseline row.</p><div class="small records">{drawn}</div>'
    )


def _record(record: Document, outputs: Mapping[str, str]) -> str:
    """One row; `outputs` names what the answer is where there are several."""
    lines = [(_value(column), column["shap"]) for column in record["columns"]]
    lines += _others(record)
    of = f", {outputs[record['output']]}" if record.get("output") in outputs else ""
    scale = f"{record['scale']}; " if record.get("scale") else ""
    start = f"{scale}the baseline row: {number(record['expected'])}"
    return (
        f"<h3>Test row {record['row']:,}{escape(of)}: {number(record['answer'])}</h3>"
        f'<p class="muted"><small>{escape(start)}</small></p>{pushes(lines)}'
    )


def _value(column: Document) -> str:
    return f"{column['name']} = {column['value']}" if column["value"] else str(column["name"])


def _others(record: Document) -> Iterator[tuple[str, float]]:
    if record["others"]:
        yield "all others", record["others"]
