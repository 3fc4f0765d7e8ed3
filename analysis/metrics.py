"""Test rows and scores in, the evaluation report out, whatever the task."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from analysis.anomaly import Anomaly
from analysis.binary import Binary
from analysis.bootstrap import estimates
from analysis.multiclass import Multiclass
from analysis.regression import Regression
from contract.columns import Task
from contract.decision import Decision, Scale
from contract.documents import Document
from contract.errors import InputError

Floats = NDArray[np.float64]


class Sample(Protocol):
    """What the three kinds of test rows have in common."""

    section: str

    def undefined(self) -> dict[str, str]: ...
    def values(self) -> dict[str, float]: ...
    def resampled(self, weights: Floats) -> dict[str, float]: ...
    def details(self) -> Document: ...


#: What the scores of a binary task are → how its test rows are judged.
BINARY: dict[Scale, type[Binary]] = {"probability": Binary, "anomaly": Anomaly}

#: Task → how its test rows are judged.
SAMPLES: dict[Task, Callable[[NDArray[np.generic], Floats, Decision], Sample]] = {
    "binary": lambda labels, scores, decision: BINARY[decision.scale](
        labels, scores, _threshold(decision), decision.classes
    ),
    "multiclass": lambda labels, scores, decision: Multiclass(labels, scores, decision.classes),
    "regression": lambda labels, scores, _decision: Regression(labels, scores),
}

#: Task → key of its metrics in the report, named as SageMaker names them.
SECTIONS: dict[Task, str] = {
    "binary": Binary.section,
    "multiclass": Multiclass.section,
    "regression": Regression.section,
}


def sample(labels: NDArray[np.generic], scores: NDArray[np.floating], decision: Decision) -> Sample:
    """The test rows of a task: labels (n,), scores (n,) or (n, classes). Raises InputError when there are none."""
    if not len(labels):
        raise InputError("The test split has no rows: enlarge [split] test or bring more data.")
    expected = (len(labels), len(decision.classes)) if decision.task == "multiclass" else (len(labels),)
    if scores.shape != expected:
        raise InputError(f"The model answers with shape {scores.shape}, a {decision.task} task needs {expected}.")
    if not np.isfinite(scores).all():
        raise InputError("The model answers NaN or infinity for some test rows; look at its objective and its labels.")
    if decision.task != "regression" and decision.scale == "probability" and (scores.min() < 0 or scores.max() > 1):
        raise InputError(f"The model answers {scores.min():.9g} to {scores.max():.9g}; a class needs probabilities.")
    return SAMPLES[decision.task](labels, np.asarray(scores, dtype=np.float64), decision)


def evaluate(rows: Sample, item_count: int, count: int, seed: int) -> Document:
    """The document of `evaluation.json`: each metric with value, standard deviation and 95 % interval, and details.

    item_count  number of test rows;  count  bootstrap resamples;  seed  of their draws
    """
    found = estimates(rows.values(), rows.undefined(), rows.resampled, item_count, count, seed)
    return {
        "version": 0,
        "dataset": {"item_count": item_count},
        "method": f"95 % percentile intervals from {count} bootstrap resamples of the test rows, seed {seed}",
        rows.section: {name: estimate.to_document() for name, estimate in found.items()} | rows.details(),
    }


def flat(report: Document) -> dict[str, float]:
    """Metric → value out of a report; an undefined metric is left out."""
    return {
        name: metric["value"]
        for name, metric in section(report).items()
        if isinstance(metric, dict) and metric.get("value") is not None
    }


def section(report: Document) -> Document:
    """The metrics of a report, whatever its task. Raises InputError when it has none."""
    for name in SECTIONS.values():
        if name in report:
            metrics: Document = report[name]
            return metrics
    raise InputError(f"The report has none of the sections {', '.join(SECTIONS.values())}.")


def _threshold(decision: Decision) -> float:
    if decision.threshold is None:
        raise InputError("The decision of a binary model has no threshold: its decision.json is incomplete.")
    return decision.threshold
