"""Limits that a metric can meet: of the gate, of the champion's margin and of the gate on bias."""

from collections.abc import Iterator
from math import inf, log, sqrt

from analysis.losses import LOSSES
from contract.columns import Task
from model_build.config.tables import Config

#: Metrics of `evaluation.json` that a gate may read, by task; the first is the default.
METRICS: dict[Task, tuple[str, ...]] = {
    "binary": (
        "auc",
        "average_precision",
        "log_loss",
        "brier",
        "expected_calibration_error",
        "accuracy",
        "precision",
        "recall",
        "f1",
    ),
    "multiclass": ("macro_auc", "accuracy", "macro_f1", "weighted_f1", "log_loss"),
    "regression": ("r2", "mse", "rmse", "mae", "median_absolute_error"),
}

#: Metric → its least and its greatest value; of all others 0 and 1.
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("log_loss", "mse", "rmse", "mae", "median_absolute_error"), (0.0, inf)),
    "r2": (-inf, 1.0),
}

#: Bias metric → the farthest that it can be from 0; of those that are not here there is no end.
#: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html and …-measure-post-training-bias.html
FARTHEST: dict[str, float] = {
    **dict.fromkeys(("CI", "DPL", "TVD", "KS", "CDDL", "DPPL", "RD", "SD", "DAR", "DRR", "AD", "CDDPL", "FT"), 1.0),
    "JS": log(2),
    "LP": sqrt(2),
}

#: Bias metrics of groups within groups.
OF_SUBGROUPS = ("CDDL", "CDDPL")


def contradictions(config: Config) -> Iterator[str]:
    """One sentence per limit that no model can meet, or that every model meets, each beginning with the key."""
    yield from _gate(config)
    yield from _champion(config)


def _gate(config: Config) -> Iterator[str]:
    gate, task = config.gate, config.columns.task
    known = METRICS[task]
    name = gate.metric or known[0]
    if name not in known:
        yield f"gate.metric = {gate.metric!r} is no metric of a {task} task; known are {', '.join(known)}."
        return
    if gate.minimum is not None and gate.maximum is not None:
        yield "gate: minimum and maximum exclude each other."
        return
    low, high = RANGES.get(name, (0.0, 1.0))
    if gate.minimum is not None and name in LOSSES:
        yield f"gate.minimum = {gate.minimum:g}: less {name} is better; write gate.maximum."
    elif gate.minimum is not None and not low <= gate.minimum < high:
        yield f"gate.minimum = {gate.minimum:g}: {name} must lie above it, and lies between {low:g} and {high:g}."
    # A maximum of what should be great is no mistake: an AUC of .99 smells of a leak.
    if gate.maximum is not None and not low < gate.maximum <= high:
        yield f"gate.maximum = {gate.maximum:g}: {name} must lie below it, and lies between {low:g} and {high:g}."
    if gate.minimum is gate.maximum is None and name != known[0]:
        yield f"gate.metric = {gate.metric!r} needs gate.minimum or gate.maximum."


def _champion(config: Config) -> Iterator[str]:
    champion, known = config.champion, METRICS[config.columns.task]
    if champion.metric is not None and champion.metric not in known:
        yield f"champion.metric = {champion.metric!r} is no metric of a {config.columns.task} task: {', '.join(known)}."
        return
    name = champion.metric or config.gate.metric or known[0]
    low, high = RANGES.get(name, (0.0, 1.0))
    if champion.margin >= high - low:
        yield (
            f"champion.margin = {champion.margin:g}: two models differ by at most {high - low:g} in {name}, so no one "
            "would ever be rejected."
        )


def bias(config: Config) -> Iterator[str]:
    """One sentence per limit of known bias metrics that says nothing, or that cannot be measured."""
    for name, limit in config.analysis.bias_gate.items():
        if name in OF_SUBGROUPS and config.analysis.group_variable is None:
            yield f"analysis.bias_gate: {name} compares within the values of a column: analysis.group_variable."
        if limit >= FARTHEST.get(name, inf):
            yield (
                f"analysis.bias_gate: {name} = {limit:g} rejects nothing, since it is never farther than "
                f"{FARTHEST[name]:.3g} from 0; choose a limit below."
            )
