"""Metrics on the test channel, and the lines in which SageMaker's container logs them.

https://docs.aws.amazon.com/sagemaker/latest/dg/random-cut-forest-tuning.html: a row is called an anomaly when its score
lies more than three standard deviations above the mean score.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from random_cut_forest.hyperparameters import METRICS
from random_cut_forest.trees import Floats, Trees

#: Metric → the regular expression that reads it from the log.
METRIC_DEFINITIONS = {
    f"test:{name}": rf"#quality_metric: host=\S+, test {name} <score>=(\S+)"
    for name in ("accuracy", "precision", "recall", "f1")
}


def three_sigma(scores: Floats) -> float:
    """Mean plus three (population) standard deviations; what lies above is called an anomaly."""
    return float(scores.mean() + 3 * scores.std())


def evaluate(scores: Floats, labels: NDArray[np.int64], wanted: Iterable[str] = METRICS) -> dict[str, float]:
    """Metric → value for `scores` (n,) and `labels` (n,), 1 an anomaly; a metric that is undefined is left out.

    precision, recall and f1 are those of the anomalies.
    """
    predicted = scores > three_sigma(scores)
    actual = labels == 1
    hits, alarms, anomalies = int((predicted & actual).sum()), int(predicted.sum()), int(actual.sum())
    ratios = {
        "accuracy": {"accuracy": (int((predicted == actual).sum()), len(labels))},
        "precision_recall_fscore": {
            "precision": (hits, alarms),
            "recall": (hits, anomalies),
            "f1": (2 * hits, alarms + anomalies),
        },
    }
    chosen = [item for metric in wanted for item in ratios[metric].items()]
    return {name: part / whole for name, (part, whole) in chosen if whole}


def quality_lines(metrics: dict[str, float], host: str) -> list[str]:
    """A line a metric, which the expressions of METRIC_DEFINITIONS read."""
    return [f"#quality_metric: host={host}, test {name} <score>={value!r}" for name, value in metrics.items()]


def forest_line(trees: Trees, samples_per_tree: int) -> str:
    """The line that describes the forest; a tree's depth counts its levels, as the container's log does."""
    nodes = trees.sizes
    levels = np.maximum.reduceat(trees.depth, trees.roots) + 1
    return (
        f"ForestInfo{{num_trees: {len(nodes)}, num_samples_in_forest: {int(trees.mass[trees.roots].sum())}, "
        f"num_samples_per_tree: {samples_per_tree}, sample_dim: {trees.features}, shingle_size: 1, "
        f"trees_num_nodes: {nodes.tolist()}, trees_depth: {levels.tolist()}, "
        f"max_num_nodes: {nodes.max()}, min_num_nodes: {nodes.min()}, "
        f"max_tree_depth: {levels.max()}, min_tree_depth: {levels.min()}}}"
    )
