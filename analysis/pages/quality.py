"""The report's section on the training data, out of `statistics.json`."""

from html import escape

from analysis.pages.style import number, numbers, table
from analysis.quality.statistics import completeness
from contract.documents import Document

MOST_COLUMNS = 60


def section(statistics: Document) -> str:
    """HTML; nothing without statistics."""
    if not statistics:
        return ""
    features = statistics["features"]
    rows = [
        (escape(each["name"]), each["inferred_type"], f"{completeness(each):.2%}", _middle(each), _range(each))
        for each in features[:MOST_COLUMNS]
    ]
    rest = len(features) - len(rows)
    more = f'<p class="muted">and {rest} more columns, in statistics.json</p>' if rest > 0 else ""
    header = ("Column", "Type", "#Present", "#Mean, or most frequent", "#Range, or distinct values")
    count = statistics["dataset"]["item_count"]
    return f'<h2>Training data</h2><p class="muted">{count:,} rows.</p>{table(header, rows)}{more}'


def _middle(feature: Document) -> str:
    if "mean" in (found := feature.get("numerical_statistics", {})):
        return number(found["mean"])
    buckets = feature.get("string_statistics", {}).get("distribution", {}).get("categorical", {}).get("buckets", [])
    return escape(str(buckets[0]["value"])) if buckets else "undefined"


def _range(feature: Document) -> str:
    if "min" in (found := feature.get("numerical_statistics", {})):
        low, high = numbers(found["min"], found["max"])
        whole = feature["inferred_type"] == "Integral"
        return f"{found['min']:,.0f} to {found['max']:,.0f}" if whole else f"{low} to {high}"
    texts = feature.get("string_statistics")
    return f"{texts['distinct_count']:,.0f} values" if texts else "undefined"
