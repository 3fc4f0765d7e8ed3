"""What a training job of SageMaker's Random Cut Forest does, apart from reading and writing."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError
from random_cut_forest.channels import Channel
from random_cut_forest.forest import RandomCutForest
from random_cut_forest.hyperparameters import Hyperparameters
from random_cut_forest.metrics import evaluate, forest_line, quality_lines
from random_cut_forest.trees import Floats

Log = Callable[[str], None]


def train(
    hyperparameters: Hyperparameters,
    training: Channel,
    test: Channel | None = None,
    *,
    seed: int = 0,
    trees: int | None = None,
    host: str = "algo-1",
    log: Log = print,
) -> tuple[RandomCutForest, dict[str, float]]:
    """The fitted forest, and its metrics on the test channel (none without one); both are logged line by line.

    trees  how many are grown here, when several hosts share them; all of num_trees otherwise

    Labels of the training channel are not used. Raises InputError when a channel does not fit feature_dim, when the
    test channel has no labels, and for what RandomCutForest.fit refuses.
    """
    for name, channel in (("train", training), ("test", test)):
        if channel is not None and channel.rows.shape[1] != hyperparameters.feature_dim:
            raise InputError(
                f"feature_dim is {hyperparameters.feature_dim}, channel {name} has {channel.rows.shape[1]} features: "
                "correct one of them, or label_size in the content type."
            )
    if test is not None and test.labels is None:
        raise InputError("The test channel has no labels: its content type must be text/csv;label_size=1.")
    forest = RandomCutForest(
        num_trees=hyperparameters.num_trees if trees is None else trees,
        num_samples_per_tree=hyperparameters.num_samples_per_tree,
        seed=seed,
    ).fit(training.rows)
    log(forest_line(forest.trees, int(forest.trees.mass[0])))
    if test is None or test.labels is None:
        return forest, {}
    return forest, judge(forest.score(test.rows), test.labels, hyperparameters, host, log)


def judge(
    scores: Floats, labels: NDArray[np.int64], hyperparameters: Hyperparameters, host: str, log: Log
) -> dict[str, float]:
    """The metrics of `scores` (n,) against `labels` (n,), logged line by line."""
    metrics = evaluate(scores, labels, hyperparameters.eval_metrics)
    for line in quality_lines(metrics, host):
        log(line)
    return metrics


def share(trees: int, place: int, hosts: int) -> int:
    """How many of the trees the host number `place` grows. Raises InputError when there are more hosts than trees."""
    if hosts > trees:
        raise InputError(f"{hosts} instances are more than the {trees} trees that they could share.")
    return trees // hosts + (place < trees % hosts)
