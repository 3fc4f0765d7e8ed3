"""Plots and page: there, the same for the same rows, self-contained, and honest about what is undefined."""

import re
from dataclasses import replace
from html import escape
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend
from matplotlib.text import Text

from analysis import gate, plots
from analysis.metrics import evaluate, sample
from analysis.multiclass import Multiclass
from analysis.pages import charts
from analysis.pages.origin import Origin
from analysis.plots import draw
from analysis.report import Beside, render
from contract.decision import Decision

GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.integers(0, 2, 300)
SETS = {
    "binary": (
        LABELS,
        np.clip(LABELS * 0.3 + GENERATOR.random(300) * 0.7, 0, 1),
        Decision("binary", ("no", "<b>yes & more</b>"), 0.5, "fixed at 0.5"),
        ["roc", "precision_recall", "calibration", "confusion_matrix"],
    ),
    "multiclass": (
        LABELS + (np.arange(300) % 5 == 0),
        GENERATOR.dirichlet([1, 1, 1], 300),
        Decision("multiclass", ("F", "I", "M")),
        ["confusion_matrix", "roc"],
    ),
    "regression": (
        GENERATOR.normal(size=5000),
        GENERATOR.normal(size=5000),
        Decision("regression", ()),
        ["predicted_actual", "residuals"],
    ),
    "one class": (
        np.zeros(300),
        np.full(300, 0.2),
        Decision("binary", ("no", "yes"), 0.5),
        ["calibration", "confusion_matrix"],
    ),
    "constant": (np.ones(30), np.zeros(30), Decision("regression", ()), ["predicted_actual", "residuals"]),
}


@pytest.mark.parametrize("name", SETS)
def test_plots_and_page(name: str) -> None:
    labels, scores, decision, expected = SETS[name]
    rows = sample(labels, scores, decision)
    report = evaluate(rows, len(labels), 20, seed=0)
    plots = draw(rows, report)
    assert list(plots) == expected
    assert all(png.startswith(b"\x89PNG") and b"Matplotlib" not in png for png in plots.values())
    assert draw(rows, report) == plots, "the same rows give the same bytes"

    verdict = gate.judge(report, [gate.DEFAULTS[decision.task]], "0" * 64)
    page = render(report, verdict, plots, decision)
    assert page.count("data:image/png;base64,") == len(plots)
    assert not re.search(r'(?:src|href)="(?!data:)', page), "nothing is loaded from elsewhere"
    assert "<script" not in page
    assert "<b>yes" not in page
    assert (">undefined<" in page) == (name in ("one class", "constant"))
    assert f"{len(labels):,} test rows" in page


@pytest.mark.parametrize("name", ["US$ 5% $%", "_$50-$100"])
def test_names_are_drawn_as_they_are_written(name: str) -> None:
    """A dollar sign begins no formula, and an underscore leaves nothing out of a legend."""
    for kind, classes in (("binary", ("no", name)), ("multiclass", ("F", "I", name))):
        labels, scores, decision, expected = SETS[kind]
        rows = sample(labels[:60], scores[:60], replace(decision, classes=classes))
        report = evaluate(rows, 60, 2, seed=0)
        assert list(draw(rows, report)) == expected
        with mpl.rc_context(plots.STYLE):
            figures = dict(plots.PLOTS[type(rows)](rows, report[rows.section]))
            texts = [text for figure in figures.values() for text in figure.findobj(Text)]
        assert any(name in text.get_text() for text in texts)
        assert not any(text.get_parse_math() for text in texts)
    (shown,) = figures["roc"].legends
    assert any(text.get_text().endswith(name) for text in shown.get_texts())


@pytest.mark.parametrize("name", ["binary", "multiclass", "wide names", "regression"])
def test_a_legend_covers_nothing(name: str) -> None:
    """Wherever the curves lie: here at a base rate of .7, and worse than chance."""
    labels, scores, decision, _ = SETS["multiclass" if name == "wide names" else name]
    if name == "wide names":
        decision = replace(decision, classes=tuple(letter * 14 for letter in "MWQ"))
    labels = np.where(np.arange(len(labels)) % 10 < 7, 1, labels) if name == "binary" else labels
    rows = sample(labels, 1 - scores if name == "binary" else scores, decision)
    report = evaluate(rows, len(labels), 2, seed=0)
    with mpl.rc_context(plots.STYLE):
        for figure in dict(plots.PLOTS[type(rows)](rows, report[rows.section])).values():
            FigureCanvasAgg(figure).draw()
            boxes = [each.get_window_extent() for each in figure.findobj(Legend)]
            assert not any(box.overlaps(axes.get_tightbbox()) for box in boxes for axes in figure.axes)
            assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0 for box in boxes)


@pytest.mark.parametrize("count", [2, 16, plots.MOST_NAMES, plots.MOST_NAMES + 1])
def test_a_confusion_matrix_names_its_classes_up_to_a_limit(count: int) -> None:
    names = tuple(f"k{index}" for index in range(count))
    confusion = {actual: dict.fromkeys(names, 3) for actual in names}
    with mpl.rc_context(plots.STYLE):
        figure = plots._confusion(names, confusion)
        FigureCanvasAgg(figure).draw()
    (axes,) = figure.axes
    for axis in (axes.xaxis, axes.yaxis):
        labels = [label for label in axis.get_ticklabels() if label.get_text()]
        assert [label.get_text() for label in labels] == (list(names) if count <= plots.MOST_NAMES else [])
        boxes = [label.get_window_extent() for label in labels]
        assert not any(one.overlaps(other) for one, other in pairwise(boxes))
    assert (f"{count} classes" in axes.get_xlabel()) == (count > plots.MOST_NAMES)


def test_the_verdict_is_text_and_not_markup() -> None:
    labels, scores, decision, _ = SETS["binary"]
    report = evaluate(sample(labels, scores, decision), len(labels), 20, seed=0)
    verdict = gate.judge(report, [gate.DEFAULTS["binary"]], "0" * 64)
    page = render(report, replace(verdict, reason="Rejected: <img src=x> & more."), {}, decision)
    assert "<img" not in page
    assert "Rejected: &lt;img src=x&gt; &amp; more." in page


def test_it_says_who_the_model_is_and_all_findings() -> None:
    labels, scores, decision, _ = SETS["binary"]
    report = evaluate(sample(labels, scores, decision), len(labels), 20, seed=0)
    verdict = gate.judge(report, [gate.DEFAULTS["binary"]], "0" * 64)
    beside = Beside(training="Trained with XGBoost.", origin=Origin("credit", "credit", "x1", "", "2026-01-31"))
    page = render(report, replace(verdict, clauses=("auc is fine", "DI of <x> is fine")), {}, decision, beside)
    assert "<title>credit: evaluation</title>" in page
    assert "Pipeline credit, execution x1, judged on 2026-01-31<br>" in page
    assert "<p>Trained with XGBoost.</p>" in page
    assert "<ul><li>AUC is fine.</li><li>DI of &lt;x&gt; is fine.</li></ul>" in page
    assert "<li>" not in render(report, verdict, {}, decision, beside)


def test_a_confusion_matrix_is_shown_once_and_empty_bins_not_at_all() -> None:
    labels, scores, decision, _ = SETS["one class"]
    rows = sample(labels, scores, decision)
    report = evaluate(rows, len(labels), 20, seed=0)
    verdict = gate.judge(report, [gate.DEFAULTS["binary"]], "0" * 64)
    assert "<h2>Decisions</h2>" in render(report, verdict, {}, decision)
    page = render(report, verdict, draw(rows, report), decision)
    assert "<h2>Decisions</h2>" not in page
    assert page.partition("Calibration by score")[2].count("<tr>") == 2, "the heading and the bin that has rows"


def test_explanations_name_the_class_whose_score_they_explain() -> None:
    labels, scores, decision, _ = SETS["multiclass"]
    report = evaluate(sample(labels, scores, decision), len(labels), 20, seed=0)
    verdict = gate.judge(report, [gate.DEFAULTS["multiclass"]], "0" * 64)
    shap = {key: {"global_shap_values": {"age": 0.1}} for key in decision.outputs}
    page = render(report, verdict, {}, decision, Beside({"explanations": {"kernel_shap": shap}}))
    assert [f"<h3>score of {name}</h3>" in page for name in map(escape, decision.classes)] == [True] * len(shap)
    assert "label0" not in page


def test_a_metric_without_an_interval_names_the_rarest_class() -> None:
    labels, scores, _, _ = SETS["multiclass"]
    few = Decision("multiclass", ("F", "I", "<rare>"))
    report = evaluate(sample(labels, scores, few), len(labels), 20, seed=0)
    metrics = report["multiclass_classification_metrics"]
    metrics["macro_auc"] |= {"lower": None, "upper": None, "reason": "No interval: 7 of 20 resamples define it."}
    page = render(report, gate.judge(report, [gate.Rule("accuracy", minimum=0)], "0" * 64), {}, few)
    rows = metrics["classes"]["<rare>"]["count"]
    assert f"define it, since the rarest class, &lt;rare&gt;, has {rows} test rows.</td>" in page


@pytest.mark.parametrize("count", [3, plots.MOST_CURVES, plots.MOST_CURVES + 3])
def test_each_class_has_a_curve_up_to_a_limit_the_largest_first(count: int) -> None:
    labels = np.repeat(np.arange(count), np.arange(count) + 5)
    names = tuple(f"k{index}" for index in range(count))
    rows = Multiclass(labels, GENERATOR.dirichlet(np.ones(count), len(labels)), names)
    lines = plots._roc_by_class(rows, rows.details()).axes[0].get_lines()[1:]  # the first one is chance
    shown = [str(line.get_label()).partition(", ")[2] for line in lines]
    assert shown == [*reversed(names)][: plots.MOST_CURVES]


def test_no_state_is_left_behind() -> None:
    before = dict(mpl.rcParams)
    labels, scores, decision, _ = SETS["binary"]
    rows = sample(labels, scores, decision)
    draw(rows, evaluate(rows, len(labels), 20, seed=0))
    assert dict(mpl.rcParams) == before


def test_a_curve_marks_where_the_rows_are() -> None:
    drawn = charts.curve([0, 5, 10], [0.1, 0.2, 0.4], 0, 1, "gain", [0.5, 0.5, 0.0])
    heights = [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', drawn)]
    assert heights[0] == heights[1] == (charts.HEIGHT - charts.BOTTOM - charts.TOP) / 2
    assert heights[2] == 1, "a value that hardly a row has is marked as well"
    assert "<rect" not in charts.curve([0, 5], [0.1, 0.2], 0, 1, "gain")
