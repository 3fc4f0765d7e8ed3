"""Chance that is the same on every machine, and the rows that each tree gets.

Draws are made out of the raw 64-bit integers of PCG64 seeded through SeedSequence: numpy promises both streams for good
(NEP 19), but not those of Generator's methods.
"""

import numpy as np
from numpy.typing import NDArray

from contract.errors import InputError

Floats = NDArray[np.float64]

#: Streams of a seed: the rows of the trees; the first cuts of a forest; the further cuts of a tree, and its number.
ROWS = (0,)
FIRST_CUTS = (1,)
CUTS = 2


def integers(seed: int, stream: tuple[int, ...], count: int) -> NDArray[np.uint64]:
    """(count,) uniform 64-bit integers of a stream of the seed."""
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=stream)).random_raw(count)


def uniforms(seed: int, stream: tuple[int, ...], count: int) -> Floats:
    """(count,) uniform on [0, 1): the upper 53 bits of the integers."""
    return (integers(seed, stream, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def strata(seed: int, stream: tuple[int, ...], count: int, columns: int) -> Floats:
    """(count, columns) uniform on [0, 1), in each column one in each of `count` equal parts (a Latin hypercube).

    McKay, Beckman and Conover, A Comparison of Three Methods for Selecting Values of Input Variables (1979).
    """
    order, place = uniforms(seed, stream, 2 * count * columns).reshape(2, count, columns)
    return np.minimum((np.argsort(order, axis=0, kind="stable") + place) / count, np.nextafter(1, 0))


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
