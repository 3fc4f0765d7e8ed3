"""Chance that is the same on every machine, and the rows that each tree gets.

Draws are made out of the raw 64-bit integers of PCG64 seeded through SeedSequence: numpy promises both streams for good
(NEP 19), but not those of Generator's methods.
"""

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

#: Children of the seed sequence: 0 draws the rows, 1 + i the cuts of tree i.
ROWS = 0
CUTS = 1


def integers(seed: int, stream: int, count: int) -> NDArray[np.uint64]:
    """(count,) uniform 64-bit integers of a stream of the seed."""
    generator = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream,)))
    return generator.random_raw(count)


def uniforms(seed: int, stream: int, count: int) -> NDArray[np.float64]:
    """(count,) uniform on [0, 1): the upper 53 bits of the integers."""
    return (integers(seed, stream, count) >> np.uint64(11)) * 2.0**-53


def samples_per_tree(rows: int, trees: int, most: int) -> int:
    """Rows that each tree gets: min(most, rows // trees), as the built-in algorithm does.

    Raises InputError below two: a tree of one row gives every row the same score.
    """
    samples = min(most, rows // trees)
    if samples < 2:
        why = (
            f"{rows} rows are too few for {trees} trees: bring at least {2 * trees} rows or take fewer trees"
            if rows < 2 * trees
            else f"num_samples_per_tree is {most}: with less than 2 every row gets the same score"
        )
        raise InputError(f"{why}.")
    return samples


def choose_rows(rows: int, trees: int, most: int, seed: int) -> NDArray[np.intp]:
    """(trees, samples) indices of the rows of each tree; no row is in two places.

    When all trees together may hold all rows, tree i takes the i-th slice in file order, as the built-in algorithm
    does. Otherwise the rows are drawn without replacement. Raises InputError when there are too few rows.
    """
    samples = samples_per_tree(rows, trees, most)
    count = trees * samples
    if rows <= trees * most:
        return np.arange(count).reshape(trees, samples)
    keys = integers(seed, ROWS, rows)
    smallest = np.argpartition(keys, count)[:count]
    return smallest[np.lexsort((smallest, keys[smallest]))].reshape(trees, samples)
