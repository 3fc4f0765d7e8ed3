"""A training job: its log, its metrics, its refusals."""

import re
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from contract.errors import InputError
from random_cut_forest.channels import Channel
from random_cut_forest.hyperparameters import Hyperparameters
from random_cut_forest.metrics import METRIC_DEFINITIONS, evaluate, three_sigma
from random_cut_forest.training import share, train

GENERATOR = np.random.default_rng(0)
ROWS = GENERATOR.normal(size=(2000, 3))
TEST = Channel(np.vstack([GENERATOR.normal(size=(500, 3)), np.full((5, 3), 9.0)]), np.repeat([0, 1], [500, 5]))


def test_metrics_are_read_from_the_log() -> None:
    lines: list[str] = []
    forest, metrics = train(Hyperparameters(3, 50), Channel(ROWS), TEST, host="algo-2", log=lines.append)
    found = {
        name: [float(match[1]) for line in lines if (match := re.search(pattern, line))]
        for name, pattern in METRIC_DEFINITIONS.items()
    }
    assert found == {f"test:{name}": [value] for name, value in metrics.items()}
    assert metrics["f1"] > 0.7
    assert "host=algo-2" in lines[-1]
    assert forest.num_trees == 50


def test_metrics_against_scikit_learn() -> None:
    scores = np.concatenate([GENERATOR.normal(size=300), [8.0, 9.0, 7.0]])
    labels = np.concatenate([np.zeros(300), [1, 0, 1]]).astype(np.int64)
    predicted = scores > three_sigma(scores)
    precision, recall, f1, _ = precision_recall_fscore_support(labels, predicted, average="binary")
    expected = {"accuracy": accuracy_score(labels, predicted), "precision": precision, "recall": recall, "f1": f1}
    assert evaluate(scores, labels) == pytest.approx(expected)
    assert set(evaluate(scores, labels, ["accuracy"])) == {"accuracy"}


def test_three_standard_deviations_are_those_of_all_scores() -> None:
    """And a score that lies just there is no anomaly."""
    assert three_sigma(np.array([0.0, 2.0])) == 4.0
    assert evaluate(np.full(5, 2.0), np.zeros(5, dtype=np.int64)) == {"accuracy": 1.0}


@pytest.mark.parametrize(("trees", "hosts"), [(50, 1), (51, 4), (100, 7), (50, 50)])
def test_hosts_grow_all_trees_together(trees: int, hosts: int) -> None:
    shares = [share(trees, place, hosts) for place in range(hosts)]
    assert sum(shares) == trees
    assert max(shares) - min(shares) <= 1


def test_undefined_metrics_are_left_out() -> None:
    metrics = evaluate(np.array([1.0, 2.0, 3.0]), np.array([0, 0, 0]))
    assert metrics == {"accuracy": 1.0}


def test_describes_the_forest_as_the_container_does(reference: Any) -> None:
    lines: list[str] = []
    train(Hyperparameters(1, 50, 512), Channel(reference.series), log=lines.append)
    assert len(lines) == 1
    assert "num_trees: 50, num_samples_in_forest: 4000, num_samples_per_tree: 80, sample_dim: 1" in lines[0]
    assert f"trees_num_nodes: {reference.nodes}" in lines[0]
    assert "max_num_nodes: 139, min_num_nodes: 87" in lines[0]


def test_trains_without_a_test_channel_and_logs_no_metric() -> None:
    lines: list[str] = []
    assert train(Hyperparameters(3), Channel(ROWS), log=lines.append)[1] == {}
    assert not any("quality_metric" in line for line in lines)


def test_refuses() -> None:
    with pytest.raises(InputError, match="feature_dim is 4, channel train has 3 features"):
        train(Hyperparameters(4), Channel(ROWS))
    with pytest.raises(InputError, match="channel test has 2 features"):
        train(Hyperparameters(3), Channel(ROWS), Channel(ROWS[:, :2]))
    with pytest.raises(InputError, match="no labels"):
        train(Hyperparameters(3), Channel(ROWS), Channel(ROWS))
