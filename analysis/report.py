"""`report.html`: the evaluation on one page without any other file, for a person who decides about the model."""

import base64
from collections.abc import Iterable
from html import escape
from string import Template

from analysis.metrics import section
from contract.decision import Decision
from contract.documents import Document
from contract.findings import Verdict

#: Metric → name, and what it says. `{positive}` is the text of class 1.
MEANINGS: dict[str, tuple[str, str]] = {
    "auc": ("AUC", "chance that a “{positive}” ranks before another row; .5 is guessing"),
    "average_precision": ("Average precision", "mean precision over all recalls; the base rate is guessing"),
    "log_loss": ("Log loss", "how surprised the probabilities are by the truth; less is better"),
    "brier": ("Brier score", "mean squared error of the probability; less is better"),
    "expected_calibration_error": (
        "Calibration error",
        "mean gap between score and observed share; noise can only widen it",
    ),
    "accuracy": ("Accuracy", "share of right decisions"),
    "precision": ("Precision", "share of those called “{positive}” that are"),
    "recall": ("Recall", "share of “{positive}” that are found"),
    "f1": ("F1", "harmonic mean of precision and recall"),
    "macro_auc": ("AUC, mean over classes", "one class against the rest; .5 is guessing"),
    "macro_f1": ("F1, mean over classes", "each class counts the same"),
    "weighted_f1": ("F1, mean over rows", "each class counts by its rows"),
    "r2": ("R²", "share of the variance explained; 0 is the mean of the label"),
    "mse": ("Mean squared error", "in the label's unit, squared"),
    "rmse": ("Root mean squared error", "in the label's unit"),
    "mae": ("Mean absolute error", "in the label's unit"),
    "median_absolute_error": ("Median absolute error", "half of the rows are closer, in the label's unit"),
}

PAGE = Template("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Model evaluation</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #23272f; background: #f5f6f8; margin: 0; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 36px 0 12px; }
.muted { color: #626a76; } .verdict { border-left: 6px solid; border-radius: 6px; padding: 14px 18px; margin: 20px 0;
background: #fff; } .passed { border-color: #2e8b6a; } .rejected { border-color: #c2453a; }
table { border-collapse: collapse; background: #fff; border-radius: 6px; width: 100%; }
th, td { padding: 8px 14px; text-align: left; border-bottom: 1px solid #e6e8ec; vertical-align: top; }
th { font-weight: 600; color: #626a76; font-size: 14px; } td.number { font-variant-numeric: tabular-nums;
text-align: right; white-space: nowrap; } th.number { text-align: right; }
.scroll { overflow-x: auto; } .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr));
gap: 16px; } .plots img { width: 100%; background: #fff; border-radius: 6px; } code { font-size: 13px; }
@media (max-width: 520px) { .plots { grid-template-columns: 1fr; } }
</style></head><body><main>
<h1>Model evaluation</h1>
<div class="muted">$subject on $rows test rows</div>
<div class="verdict $state"><strong>$reason</strong></div>
<h2>Metrics</h2>$metrics
<div class="plots" style="margin-top: 28px">$plots</div>
$details
<h2>How this was measured</h2>
<p>$method. A metric that these rows leave undefined is shown as such, never as a number.$rule</p>
<p class="muted">Artefact <code>$artefact</code></p>
</main></body></html>
""")


def render(report: Document, verdict: Verdict, plots: dict[str, bytes], decision: Decision) -> str:
    """The page.

    report   of `analysis.metrics.evaluate`;  verdict  of the gate
    plots    name → PNG;  decision  task, classes and threshold of the artefact
    """
    metrics = section(report)
    return PAGE.substitute(
        subject=_subject(decision),
        rows=f"{report['dataset']['item_count']:,}",
        state="passed" if verdict.passed else "rejected",
        reason=escape(verdict.reason),
        metrics=_metrics(metrics, decision),
        plots="".join(_picture(name, png) for name, png in plots.items()),
        details=_confusion(metrics) + _classes(metrics) + _calibration(metrics),
        method=escape(report["method"]),
        rule=f" Threshold: {escape(decision.rule)}." if decision.rule else "",
        artefact=escape(verdict.artefact),
    )


def _subject(decision: Decision) -> str:
    if decision.task == "regression":
        return "A regression"
    if decision.task == "multiclass":
        return f"A decision between {len(decision.classes)} classes"
    negative, positive = decision.classes
    threshold = decision.threshold or 0.0
    return f"“{escape(positive)}” against “{escape(negative)}”, decided at a score of {threshold:.4g},"


def _metrics(metrics: Document, decision: Decision) -> str:
    positive = decision.classes[1] if decision.task == "binary" else ""
    rows = []
    for key, metric in metrics.items():
        if key not in MEANINGS:
            continue
        name, meaning = MEANINGS[key]
        note = escape(metric.get("reason") or meaning.format(positive=positive))
        value = "undefined" if metric["value"] is None else _number(metric["value"])
        between = "" if metric["lower"] is None else f"{_number(metric['lower'])} to {_number(metric['upper'])}"
        rows.append((escape(name), value, between, note))
    return _table(("Metric", "#Value", "#95 % interval", "What it says"), rows)


def _confusion(metrics: Document) -> str:
    matrix = metrics.get("confusion_matrix")
    if not matrix or len(matrix) > 30:
        return ""
    rows = [(escape(actual), *(f"{count:,}" for count in counts.values())) for actual, counts in matrix.items()]
    header = ("Actual \\ predicted", *(f"#{escape(name)}" for name in matrix))
    return "<h2>Decisions</h2>" + _table(header, rows)


def _classes(metrics: Document) -> str:
    if "classes" not in metrics:
        return ""
    rows = [
        (
            escape(name),
            f"{each['count']:,}",
            *(_optional(each[metric]) for metric in ("precision", "recall", "f1", "auc")),
        )
        for name, each in metrics["classes"].items()
    ]
    return "<h2>By class</h2>" + _table(("Class", "#Rows", "#Precision", "#Recall", "#F1", "#AUC"), rows)


def _calibration(metrics: Document) -> str:
    if "calibration" not in metrics:
        return ""
    rows = [
        (
            f"{each['lower_bound']:.1f} to {each['upper_bound']:.1f}",
            f"{each['count']:,}",
            _optional(each["mean_score"]),
            _optional(each["positive_rate"]),
        )
        for each in metrics["calibration"]["bins"]
    ]
    return "<h2>Calibration by score</h2>" + _table(("Score", "#Rows", "#Mean score", "#Observed share"), rows)


def _table(header: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """An HTML table; a heading that starts with # is a column of numbers. The cells are HTML already."""
    kinds = [' class="number"' if name.startswith("#") else "" for name in header]
    head = "".join(f"<th{kind}>{name.removeprefix('#')}</th>" for kind, name in zip(kinds, header, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for kind, cell in zip(kinds, row, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _picture(name: str, png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(name.replace("_", " "))}" src="data:image/png;base64,{data}">'


def _optional(value: float | None) -> str:
    return "undefined" if value is None else _number(value)


def _number(value: float) -> str:
    """Four digits after the point for rates, four significant ones for larger figures."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
