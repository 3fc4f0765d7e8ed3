"""What a training job of SageMaker's Random Cut Forest does, apart from reading and writing."""

from collections.abc import Callable

from contract.errors import InputError
from random_cut_forest.channels import Channel
from random_cut_forest.forest import RandomCutForest
from random_cut_forest.hyperparameters import Hyperparameters
from random_cut_forest.metrics import evaluate, forest_line, quality_lines

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
    metrics = evaluate(forest.score(test.rows), test.labels, hyperparameters.eval_metrics)
    for line in quality_lines(metrics, host):
        log(line)
    return forest, metrics
