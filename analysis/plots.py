"""The plots of a report as PNG bytes, the same bytes for the same rows. Figures are drawn without pyplot's state."""

import io
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend

from analysis import curves
from analysis.anomaly import Anomaly
from analysis.binary import BINS, Binary
from analysis.metrics import Sample
from analysis.multiclass import Multiclass
from analysis.regression import Regression
from contract.documents import Document

Axes = Any
Plots = Iterator[tuple[str, Figure]]

BLUE, ORANGE, GREY, INK = "#2a5fbf", "#d9822b", "#8a919c", "#23272f"
CYCLE = ("#2a5fbf", "#d9822b", "#3a9679", "#b6465f", "#7d5fb2", "#8c7a3d", "#4aa3c7", "#6b7280")
STYLE = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e8ec",
    "grid.linewidth": 0.8,
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "text.color": INK,
    "text.parse_math": False,  # names are the data's: "US$ 5", "$50k-$100k"
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.facecolor": "white",
}
SIZE = (5.6, 4.6)
DPI = 130

#: Resamples behind the band of the ROC curve; beyond this many rows a scatter becomes a density.
BAND_RESAMPLES = 100
SCATTER_ROWS = 3000
MOST_CURVES = 8
#: Classes up to which a confusion matrix has its counts, and the classes' names along its axes.
MOST_NUMBERS, MOST_NAMES = 15, 30


def draw(rows: Sample, report: Document) -> dict[str, bytes]:
    """Name → PNG, in the order of the report. `report` is that of `analysis.metrics.evaluate` for the same rows."""
    with mpl.rc_context(STYLE):
        return {name: _png(figure) for name, figure in PLOTS[type(rows)](rows, report[rows.section])}


def _binary(rows: Binary, metrics: Document) -> Plots:
    if metrics["auc"]["value"] is not None:
        yield "roc", _roc(rows, metrics)
    if metrics["average_precision"]["value"] is not None:
        yield "precision_recall", _precision_recall(rows, metrics)
    if "calibration" in metrics:
        yield "calibration", _calibration(rows, metrics)
    yield "confusion_matrix", _confusion(rows.classes, metrics["confusion_matrix"])


def _multiclass(rows: Multiclass, metrics: Document) -> Plots:
    yield "confusion_matrix", _confusion(rows.classes, metrics["confusion_matrix"])
    yield "roc", _roc_by_class(rows, metrics)


def _regression(rows: Regression, metrics: Document) -> Plots:
    yield "predicted_actual", _predicted_actual(rows, metrics)
    yield "residuals", _residuals(rows)


#: Kind of test rows → its plots.
PLOTS: dict[type, Callable[[Any, Document], Plots]] = {
    Binary: _binary,
    Anomaly: _binary,
    Multiclass: _multiclass,
    Regression: _regression,
}


def _roc(rows: Binary, metrics: Document) -> Figure:
    figure, axes = _canvas("ROC curve", "False positive rate", "True positive rate")
    grid, lower, upper = curves.roc_band(rows.ranking, len(rows.labels), BAND_RESAMPLES, seed=0)
    axes.fill_between(grid, lower, upper, color=BLUE, alpha=0.18, linewidth=0, label="95 % interval")
    axes.plot(*curves.roc(rows.ranking), color=BLUE, label=f"Model, AUC {_interval(metrics['auc'])}")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label="Chance")
    actual = rows.labels == 1
    axes.plot(
        rows.predicted[~actual].mean(), rows.predicted[actual].mean(), "o", color=ORANGE, markersize=8,
        label=f"Threshold {rows.threshold:.3g}",
    )  # fmt: skip
    _unit_square(axes)
    _legend(figure)
    return figure


def _precision_recall(rows: Binary, metrics: Document) -> Figure:
    figure, axes = _canvas("Precision and recall", "Recall", "Precision")
    precision, recall = curves.precision_recall(rows.ranking)
    base = float(rows.labels.mean())
    axes.plot(recall, precision, color=BLUE, label=f"Model, average {_interval(metrics['average_precision'])}")
    axes.axhline(base, color=GREY, linestyle="--", linewidth=1.2, label=f"Base rate {base:.3g}")
    if metrics["precision"]["value"] is not None:
        axes.plot(
            metrics["recall"]["value"], metrics["precision"]["value"], "o", color=ORANGE, markersize=8,
            label=f"Threshold {rows.threshold:.3g}",
        )  # fmt: skip
    _unit_square(axes)
    _legend(figure)
    return figure


def _calibration(rows: Binary, metrics: Document) -> Figure:
    figure = _figure()
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    bins = [each for each in metrics["calibration"]["bins"] if each["count"]]
    means = [each["mean_score"] for each in bins]
    rates = np.array([each["positive_rate"] for each in bins])
    # Standard error of a share, so that a bin of few rows does not look as sure as one of many.
    errors = 1.96 * np.sqrt(rates * (1 - rates) / [each["count"] for each in bins])
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2, label="Perfectly calibrated")
    axes.errorbar(
        means, rates, yerr=errors, color=BLUE, ecolor=BLUE, elinewidth=1.2, capsize=2.5, marker="o", markersize=5,
        label=f"Model, error {_interval(metrics['expected_calibration_error'])}",
    )  # fmt: skip
    axes.set(title="Calibration", ylabel=f"Share of “{rows.classes[1]}”", xlim=(-0.01, 1.01), ylim=(-0.02, 1.02))
    _legend(figure)
    below.hist(rows.scores, bins=2 * BINS, range=(0, 1), color=BLUE, alpha=0.75, rwidth=0.92)
    below.axvline(rows.threshold, color=ORANGE, linewidth=1.5)
    below.set(xlabel="Score", ylabel="Rows")
    below.grid(axis="x", visible=False)
    return figure


def _confusion(classes: tuple[str, ...], confusion: Document) -> Figure:
    counts = np.array([[confusion[actual][predicted] for predicted in classes] for actual in classes])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _canvas("Confusion matrix", "Predicted", "Actual")
    axes.grid(visible=False)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.15, aspect="auto")
    _class_axes(axes, classes)
    if len(classes) <= MOST_NUMBERS:
        for (row, column), count in np.ndenumerate(counts):
            share = shares[row, column]
            axes.text(
                column, row, f"{count:,}\n{share:.0%}", ha="center", va="center", linespacing=1.4,
                fontsize=max(6, 12 - len(classes) // 2), color="white" if share > 0.55 else INK,
            )  # fmt: skip
    return figure


def _class_axes(axes: Axes, classes: tuple[str, ...]) -> None:
    """The classes' names along both axes; where there are too many, what stands in for them is said."""
    count = len(classes)
    if count > MOST_NAMES:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set(
            xlabel=f"Predicted: {count} classes, in the order of the table by class", ylabel="Actual, in the same order"
        )
        return
    names, size = [_short(name) for name in classes], 10 if count <= 12 else 8 if count <= 20 else 6.5
    turn = {"rotation": 0} if count <= 4 else {"rotation": 90 if count > 10 else 35, "rotation_mode": "anchor"}
    axes.set_xticks(range(count), names, fontsize=size, ha="right" if count > 4 else "center", **turn)
    axes.set_yticks(range(count), names, fontsize=size)


def _roc_by_class(rows: Multiclass, metrics: Document) -> Figure:
    figure, axes = _canvas("ROC curves, one class against the rest", "False positive rate", "True positive rate")
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1.2)
    by_size = sorted(rows.classes, key=lambda name: -metrics["classes"][name]["count"])
    shown = [name for name in by_size if metrics["classes"][name]["auc"] is not None][:MOST_CURVES]
    for name, colour in zip(shown, CYCLE, strict=False):
        ranking = rows.rankings[rows.classes.index(name)]
        axes.plot(
            *curves.roc(ranking), color=colour, label=f"AUC {metrics['classes'][name]['auc']:.3f}, {_short(name)}"
        )
    _unit_square(axes)
    if shown:
        _legend(figure)
    return figure


def _predicted_actual(rows: Regression, metrics: Document) -> Figure:
    figure, axes = _canvas("Predicted and actual", "Predicted", "Actual")
    _cloud(axes, rows.scores, rows.labels)
    ends = [min(rows.labels.min(), rows.scores.min()), max(rows.labels.max(), rows.scores.max())]
    r2 = "undefined" if metrics["r2"]["value"] is None else _interval(metrics["r2"])
    axes.plot(ends, ends, color=GREY, linestyle="--", linewidth=1.2, label=f"Equal; R² {r2}")
    _legend(figure)
    return figure


def _residuals(rows: Regression) -> Figure:
    figure = _figure()
    axes, beside = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
    _cloud(axes, rows.scores, rows.residuals)
    axes.axhline(0, color=GREY, linestyle="--", linewidth=1.2)
    axes.set(title="Residuals", xlabel="Predicted", ylabel="Actual minus predicted")
    beside.hist(rows.residuals, bins=40, orientation="horizontal", color=BLUE, alpha=0.75)
    beside.set(xlabel="Rows")
    beside.grid(axis="y", visible=False)
    return figure


def _cloud(axes: Axes, horizontal: Any, vertical: Any) -> None:
    if len(horizontal) <= SCATTER_ROWS:
        axes.scatter(horizontal, vertical, s=10, color=BLUE, alpha=0.35, linewidths=0)
    else:
        axes.hexbin(horizontal, vertical, gridsize=60, cmap="Blues", mincnt=1, bins="log", linewidths=0.1)


def _canvas(title: str, horizontal: str, vertical: str) -> tuple[Figure, Axes]:
    figure = _figure()
    axes = figure.subplots()
    axes.set(title=title, xlabel=horizontal, ylabel=vertical)
    return figure, axes


def _figure() -> Figure:
    return Figure(figsize=SIZE, dpi=DPI, layout=ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.12))


def _legend(figure: Figure) -> None:
    """Below the axes, where it covers nothing, wherever the curves lie; in two columns where there is the width."""
    found = _placed(figure, 2)
    if found.get_window_extent().width > figure.bbox.width:
        found.remove()
        _placed(figure, 1)


def _placed(figure: Figure, columns: int) -> Legend:
    return figure.legend(loc="outside lower center", ncols=columns, borderpad=0, borderaxespad=0.6, columnspacing=1.4)


def _unit_square(axes: Axes) -> None:
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))


def _interval(metric: Document) -> str:
    if metric["lower"] is None:
        return f"{metric['value']:.3f}"
    return f"{metric['value']:.3f} ({metric['lower']:.3f} to {metric['upper']:.3f})"


def _short(name: str) -> str:
    return name if len(name) <= 14 else f"{name[:13]}…"


def _png(figure: Figure) -> bytes:
    """Without the version of matplotlib, which would be the only difference between two machines' files."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata={"Software": None})
    return buffer.getvalue()
