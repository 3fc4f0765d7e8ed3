"""The peer: krcf, a Random Cut Forest in Rust that learns and scores row by row."""

from collections.abc import Sequence

import krcf
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit(rows: Floats, trees: int, samples: int) -> krcf.RandomCutForest:
    forest = krcf.RandomCutForest(
        {
            "dimensions": rows.shape[1],
            "shingle_size": 1,
            "num_trees": trees,
            "sample_size": samples,
            "output_after": 1,
            "random_seed": 0,
        }
    )
    for row in rows:
        forest.update(row)
    return forest


def score(forest: krcf.RandomCutForest, rows: Floats) -> Sequence[float]:
    return [forest.score(row) for row in rows]
