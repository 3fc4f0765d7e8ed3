"""The peer: rrcf, a Random Cut Forest in Python; a row is scored by inserting it into each tree and taking it out."""

import numpy as np
import rrcf
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def fit(rows: Floats, trees: int, samples: int) -> list[rrcf.RCTree]:
    chosen = np.random.default_rng(0).choice(len(rows), size=(trees, samples), replace=False)
    return [rrcf.RCTree(rows[indices], index_labels=indices) for indices in chosen]


def score(forest: list[rrcf.RCTree], rows: Floats) -> list[float]:
    scores = []
    for row in rows:
        displacements = []
        for tree in forest:
            tree.insert_point(row, index="scored")
            displacements.append(tree.codisp("scored"))
            tree.forget_point("scored")
        scores.append(float(np.mean(displacements)))
    return scores
