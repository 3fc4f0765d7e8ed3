"""A 64-bit hash of each row's content, whatever batch, file or host the row stands in.

Cells are hashed by what they hold and not by the type that holds it, so that a row keeps its hash when CSV becomes
Parquet (see `cell_hashes`). Equal rows have equal hashes; the reverse is left to the caller.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from preprocessing.cell_hashes import MULTIPLIER, Hashes, cell_hashes, mix_in

_HALF, _THIRD = np.uint64(32), np.uint64(29)


def row_hashes(data: pa.RecordBatch, names: Iterable[str], missing: tuple[str, ...] = ()) -> Hashes:
    """The hash of the named columns of each row, uint64; the order of the columns does not matter.

    missing  texts that mean: no value
    """
    hashes = np.full(data.num_rows, _salt("seed 0"), dtype=np.uint64)
    for name in sorted(names):
        mix_in(hashes, cell_hashes(data.column(name), missing))
    return finish(hashes)


def reseed(hashes: Hashes, seed: int) -> Hashes:
    """Independent hashes for another seed."""
    return finish(hashes ^ _salt(f"seed {seed}"))


def finish(hashes: Hashes) -> Hashes:
    """Spread every bit over all others; in place."""
    for _ in range(2):
        hashes ^= hashes >> _HALF
        hashes *= MULTIPLIER
    hashes ^= hashes >> _THIRD
    return hashes


def _salt(text: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little"))
