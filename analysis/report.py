"""`report.html`: the evaluation on one page without any other file, for a person who decides about the model."""

import base64
from dataclasses import dataclass, field
from html import escape
from string import Template

from analysis import scarcity
from analysis.metrics import section
from analysis.pages import bias, champion, explanations, quality
from analysis.pages.names import MEANINGS, sentence
from analysis.pages.origin import Origin
from analysis.pages.style import notes, number, numbers, shell, table
from contract.decision import Decision
from contract.documents import Document
from contract.findings import Verdict

BODY = Template("""<h1>$name</h1>
<div class="muted">$origin<br>$subject on $rows test rows</div>
<div class="verdict $state"><strong>$reason</strong>$clauses</div>$warnings
$champion
<h2>Metrics</h2>$metrics
<div class="plots" style="margin-top: 28px">$plots</div>
$details
$bias
$explanations
$quality
<h2>How it was trained and measured</h2>
$training
<p>$method. A metric that these rows leave undefined is shown as such, never as a number.$rule</p>
<p class="muted">Artefact <code>$artefact</code></p>
""")


@dataclass(frozen=True)
class Beside:
    """What the page shows beside the evaluation, each out of its document; an empty one has no section.

    analysis  `analysis.json`, of this room or of Clarify;  page  the words of `analysis.analyze`
    statistics  of the training data;  champion  of `analysis.champion`
    training    how the model was trained, in sentences;  origin  who it is
    """

    analysis: Document = field(default_factory=dict)
    page: Document = field(default_factory=dict)
    statistics: Document = field(default_factory=dict)
    champion: Document = field(default_factory=dict)
    training: str = ""
    origin: Origin = field(default_factory=Origin)


def render(
    report: Document, verdict: Verdict, plots: dict[str, bytes], decision: Decision, beside: Beside | None = None
) -> str:
    """The page.

    report   of `analysis.metrics.evaluate`;  verdict  of the gate
    plots    name → PNG;  decision  task, classes and threshold of the artefact
    beside   what is known beside the evaluation
    """
    metrics, more = section(report), beside or Beside()
    confusion = "" if "confusion_matrix" in plots else _confusion(metrics)
    body = BODY.substitute(
        name=escape(f"{more.origin.name}: evaluation"),
        origin=escape(more.origin.line()),
        training=f"<p>{escape(more.training)}</p>" if more.training else "",
        clauses=_clauses(verdict),
        warnings=notes(bias.not_of_groups(verdict.warnings, more.analysis, more.page)),
        subject=_subject(decision),
        rows=f"{report['dataset']['item_count']:,}",
        state="passed" if verdict.passed else "rejected",
        reason=escape(verdict.reason),
        metrics=_metrics(metrics, decision),
        plots="".join(_picture(name, png) for name, png in plots.items()),
        details=confusion + _classes(metrics) + _calibration(metrics),
        method=escape(report["method"]),
        rule=f" Threshold: {escape(decision.rule)}." if decision.rule else "",
        artefact=escape(verdict.artefact),
        champion=champion.section(more.champion),
        bias=bias.section(more.analysis, more.page),
        explanations=explanations.section(more.analysis, more.page, decision.outputs, _class_rows(metrics, decision)),
        quality=quality.section(more.statistics),
    )
    return shell(f"{more.origin.name}: evaluation", body)


def _clauses(verdict: Verdict) -> str:
    """All findings, where the reason has no place for them."""
    if all(clause in verdict.reason for clause in verdict.clauses):
        return ""
    return f"<ul>{''.join(f'<li>{escape(sentence(clause))}</li>' for clause in verdict.clauses)}</ul>"


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
        note = escape(_reason(key, metrics) or meaning.format(positive=positive))
        value, lower, upper = numbers(metric["value"], metric["lower"], metric["upper"])
        between = "" if metric["lower"] is None else f"{lower} to {upper}"
        rows.append((escape(name), value, between, note))
    return table(("Metric", "#Value", "#95 % interval", "What it says"), rows)


def _reason(name: str, metrics: Document) -> str:
    """Why a metric has no value or no interval; nothing where it has both."""
    reason = str(metrics[name].get("reason") or "")
    if not reason or metrics[name]["value"] is None:
        return reason
    return f"{reason.rstrip('.')}{scarcity.cause(name, metrics)}."


def _confusion(metrics: Document) -> str:
    matrix = metrics.get("confusion_matrix")
    if not matrix or len(matrix) > 30:
        return ""
    rows = [(escape(actual), *(f"{count:,}" for count in counts.values())) for actual, counts in matrix.items()]
    header = ("Actual \\ predicted", *(f"#{escape(name)}" for name in matrix))
    return "<h2>Decisions</h2>" + table(header, rows)


def _class_rows(metrics: Document, decision: Decision) -> dict[str, int]:
    """Key of an output → test rows of its class; empty unless each class has an output."""
    if "classes" not in metrics:
        return {}
    return {
        key: metrics["classes"][name]["count"] for key, name in zip(decision.outputs, decision.classes, strict=True)
    }


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
        if each["count"]
    ]
    return "<h2>Calibration by score</h2>" + table(("Score", "#Rows", "#Mean score", "#Observed share"), rows)


def _picture(name: str, png: bytes) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(name.replace("_", " "))}" src="data:image/png;base64,{data}">'
