"""Forests and real sets for the tests of this room."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from random_cut_forest import RandomCutForest

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    """What SageMaker's container logged and its endpoint answered: series, nodes of its trees, values and scores."""

    series: Floats
    nodes: list[int]
    values: Floats
    scores: Floats


@pytest.fixture(scope="session")
def reference(data: Path) -> Reference:
    folder = data / "rcf_reference"
    document = json.loads((folder / "sagemaker_rcf_reference.json").read_text())
    series = np.loadtxt(folder / "elb_request_count_8c0756.csv", delimiter=",", skiprows=1, usecols=1)
    published = document["score_by_value"]
    return Reference(
        series[:, None],
        document["trees_num_nodes"],
        np.array([[float(value)] for value in published]),
        np.array(list(published.values())),
    )


@pytest.fixture(scope="session")
def gaussian() -> Floats:
    return np.random.default_rng(7).normal(size=(4000, 5))


@pytest.fixture(scope="session")
def forest(gaussian: Floats) -> RandomCutForest:
    return RandomCutForest(num_trees=50, num_samples_per_tree=64, seed=3).fit(gaussian)
