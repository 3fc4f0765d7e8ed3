"""Shapley values of single leaves: the closed form behind interventional TreeSHAP.

A leaf is reached when every column on its path satisfies its conditions. Take each column's value either from the row x
or from the background row z: with P the columns that only x satisfies and N those that only z satisfies, the leaf's
game pays `value` when all of P come from x and all of N from z, and each column's Shapley value is

    p in P:  + value (|P| - 1)! |N|! / (|P| + |N|)!
    n in N:  - value |P|! (|N| - 1)! / (|P| + |N|)!

and 0 when some column is satisfied by neither (Lundberg et al., Nature Machine Intelligence 2, 2020, algorithm 3).
What x does to a leaf with m columns is one of 2^m patterns, so a table of 2^m x m holds all that can be said of it.
"""

from math import factorial

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

#: Columns on one path; beyond, the tables grow past use.
MOST = 12


def weights(most: int) -> tuple[Floats, Floats]:
    """(gain, loss), each [|P|, |N|] up to `most`: the factors of the two cases above."""
    gain, loss = np.zeros((most + 1, most + 1)), np.zeros((most + 1, most + 1))
    for p in range(most + 1):
        for n in range(most + 1 - p):
            whole = factorial(p + n)
            gain[p, n] = factorial(p - 1) * factorial(n) / whole if p else 0.0
            loss[p, n] = factorial(p) * factorial(n - 1) / whole if n else 0.0
    return gain, loss


def patterns(columns: int) -> Bits:
    """All 2^columns patterns, (2^columns, columns): bit j of the row's number says whether column j is satisfied."""
    return (np.arange(2**columns)[:, None] >> np.arange(columns) & 1).astype(bool)


def tables(background: Bits, values: Floats) -> Floats:
    """The tables of leaves with the same number of columns.

    background  (rows, leaves, columns): whether each background row satisfies each column of each leaf
    values      (leaves,)

    Returns (leaves, 2^columns, columns): the mean over the background rows.
    """
    rows, leaves, columns = background.shape
    gain, loss = weights(columns)
    inside = patterns(columns)[None]
    total = np.zeros((leaves, 2**columns, columns))
    for outside in background[:, :, None, :]:
        only_x, only_z = inside & ~outside, ~inside & outside
        p, n = only_x.sum(axis=2), only_z.sum(axis=2)
        alive = ~(~inside & ~outside).any(axis=2)
        total += only_x * (gain[p, n] * alive)[:, :, None] - only_z * (loss[p, n] * alive)[:, :, None]
    total *= values[:, None, None] / rows
    return total
