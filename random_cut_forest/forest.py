"""Random Cut Forest: unsupervised anomaly detection, an open implementation of SageMaker's built-in algorithm."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from contract.errors import InputError
from random_cut_forest import scoring, storage
from random_cut_forest.growing import grow
from random_cut_forest.matrix import rows_of
from random_cut_forest.sampling import choose_rows
from random_cut_forest.tables import Tables
from random_cut_forest.trees import Floats, Trees, concatenate


class RandomCutForest:
    """A forest, before and after `fit`.

    num_trees             trees;  num_samples_per_tree  most rows that a tree is grown from
    seed                  0 … 2^64 - 1: the same seed and rows give the same forest on every machine

    Random Cut Forest feels the scale of the features: standardise them first.
    """

    def __init__(self, *, num_trees: int = 100, num_samples_per_tree: int = 256, seed: int = 0) -> None:
        self.num_trees = _whole("num_trees", num_trees, 1)
        self.num_samples_per_tree = _whole("num_samples_per_tree", num_samples_per_tree, 1)
        self.seed = _whole("seed", seed, 0)
        self._trees: Trees | None = None

    @classmethod
    def of(cls, trees: Trees, seed: int) -> Self:
        """A fitted forest out of grown trees."""
        samples = int(trees.mass[trees.roots].max())
        forest = cls(num_trees=len(trees.roots), num_samples_per_tree=samples, seed=seed)
        forest._trees = trees
        return forest

    @property
    def trees(self) -> Trees:
        if self._trees is None:
            raise InputError("The forest has no trees yet: call fit, or load a fitted one.")
        return self._trees

    def fit(self, rows: Any) -> Self:
        """Grow the trees from `rows` (n, features), any array of finite numbers; the forest itself is returned.

        Raises InputError for NaN, infinity, no rows, too few rows for the trees, and rows that are all the same.
        """
        matrix = rows_of(rows)
        chosen = choose_rows(len(matrix), self.num_trees, self.num_samples_per_tree, self.seed)
        trees = grow(matrix, chosen, self.seed)
        if len(trees.left) == len(trees.roots):
            raise InputError("The sampled rows of each tree are all the same: there is nothing to cut.")
        self._trees = trees
        self.__dict__.pop("_tables", None)
        return self

    def score(self, rows: Any) -> Floats:
        """(n,) float64, the anomaly score of each of `rows` (n, features): the higher, the more of an outlier.

        The score of a row does not depend, to the last bit, on the rows beside it. Raises InputError for NaN, infinity,
        no rows, another number of features than the forest has.
        """
        matrix = rows_of(rows)
        features = self.trees.features
        if matrix.shape[1] != features:
            raise InputError(f"X has {matrix.shape[1]} features, the forest was fitted with {features}.")
        return scoring.score(self._tables, matrix)

    def prepare(self) -> Self:
        """Do now what the first scores would wait for; where numba is installed, compile (seconds, once a process).

        An endpoint calls this before it takes requests. Scores are the same without it.
        """
        scoring.prepare(self._tables)
        return self

    def save(self, path: Path | str) -> None:
        """Write the forest to one file, whole or not at all; the same forest gives the same bytes."""
        storage.write(Path(path), self.trees, self.seed)

    @classmethod
    def load(cls, path: Path | str) -> Self:
        """The forest that `save` wrote. Raises InputError when the file is missing, broken, or something else."""
        return cls.of(*storage.read(Path(path)))

    @cached_property
    def _tables(self) -> Tables:
        return Tables.of(self.trees)


def merge(forests: Sequence[RandomCutForest]) -> RandomCutForest:
    """One forest with the trees of all, for instance of the hosts that each saw a shard. Raises InputError."""
    if len({forest.trees.features for forest in forests}) != 1:
        raise InputError("Forests can be merged when there is one at least and all have the same number of features.")
    return RandomCutForest.of(concatenate([forest.trees for forest in forests]), forests[0].seed)


def _whole(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value < 2**64:
        raise InputError(f"{name} is {value!r}, a whole number from {least} to 2^64 - 1 is needed.")
    return int(value)
