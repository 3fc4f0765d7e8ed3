"""The peer: rrcf, a Random Cut Forest in Python; a row is scored by inserting it into each tree and taking it out.

    python rcf_rrcf.py ROWS.npy TREES SAMPLES SCORED

prints the rows that it scores in a second, the first SCORED of ROWS.
"""

import sys
import time

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


if __name__ == "__main__":
    rows = np.load(sys.argv[1])
    trees, samples, scored = map(int, sys.argv[2:])
    forest = fit(rows, trees, samples)
    start = time.perf_counter()
    score(forest, rows[:scored])
    print(scored / (time.perf_counter() - start))
