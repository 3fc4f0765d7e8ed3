"""`report.html`: the evaluation on one page without any other file, for a person who decides about the model."""

import base64
from dataclasses import dataclass, field
from html import escape
from string import Template

from analysis.metrics import section
from analysis.pages import bias, champion, explanations, quality
from analysis.pages.style import number, shell, table
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

BODY = Template("""<h1>Model evaluation</h1>
<div class="muted">$subject on $rows test rows</div>
<div class="verdict $state"><strong>$reason</strong></div>
$champion
<h2>Metrics</h2>$metrics
<div class="plots" style="margin-top: 28px">$plots</div>
$details
$bias
$explanations
$quality
<h2>How this was measured</h2>
<p>$method. A metric that these rows leave undefined is shown as such, never as a number.$rule</p>
<p class="muted">Artefact <code>$artefact</code></p>
""")


@dataclass(frozen=True)
class Beside:
    """What the page shows beside the evaluation, each out of its document; an empty one has no section.

    analysis  `analysis.json`, of this room or of Clarify;  page  the words of `analysis.analyze`
    statistics  of the training data;  champion  of `analysis.champion`
    """

    analysis: Document = field(default_factory=dict)
    page: Document = field(default_factory=dict)
    statistics: Document = field(default_factory=dict)
    champion: Document = field(default_factory=dict)


def render(
    report: Document, verdict: Verdict, plots: dict[str, bytes], decision: Decision, beside: Beside | None = None
) -> str:
    """The page.

    report   of `analysis.metrics.evaluate`;  verdict  of the gate
    plots    name → PNG;  decision  task, classes and threshold of the artefact
    beside   what is known beside the evaluation
    """
    metrics, more = section(report), beside or Beside()
    body = BODY.substitute(
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
        champion=champion.section(more.champion),
        bias=bias.section(more.analysis, more.page),
        explanations=explanations.section(more.analysis, more.page, decision.outputs),
        quality=quality.section(more.statistics),
    )
    return shell("Model evaluation", body)


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
        value = "undefined" if metric["value"] is None else number(metric["value"])
        between = "" if metric["lower"] is None else f"{number(metric['lower'])} to {number(metric['upper'])}"
        rows.append((escape(name), value, between, note))
    return table(("Metric", "#Value", "#95 % interval", "What it says"), rows)


def _confusion(metrics: Document) -> str:
    matrix = metrics.get("confusion_matrix")
    if not matrix or len(matrix) > 30:
        return ""
    rows = [(escape(actual), *(f"{count:,}" for count in counts.values())) for actual, counts in matrix.items()]
    header = ("Actual \\ predicted", *(f"#{escape(name)}" for name in matrix))
    return "<h2>Decisions</h2>" + table(header, rows)


def _classes(metrics: Document) -> str:
    if "classes" not in metrics:
        return ""
    rows = [
        (
            escape(name),
            f"{each['count']:,}",
            *(number(each[metric]) for metric in ("precision", "recall", "f1", "auc")),
        )
        for name, each in metrics["classes"].items()
    ]
    return "<h2>By class</h2>" + table(("Class", "#Rows", "#Precision", "#Recall", "#F1", "#AUC"), rows)


def _calibration(metrics: Document) -> str:
    if "calibration" not in metrics:
        return ""
    rows = [
        (
            f"{each['lower_bound']:.1f} to {each['upper_bound']:.1f}",
            f"{each['count']:,}",
            number(each["mean_score"]),
            number(each["positive_rate"]),
        )
        for each in metrics["calibration"]["bins"]
    ]
    return "<h2>Calibration by score</h2>" + table(("Score", "#Rows", "#Mean score", "#Observed share"), rows)


def _picture(name: str, png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(name.replace("_", " "))}" src="data:image/png;base64,{data}">'
