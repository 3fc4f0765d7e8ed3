"""Trees cut into blocks small enough for a table: a row's decisions in a block, read as a number, look up its values.

A block is a subtree together with the nodes above it. Its table has a row for each pattern of decisions at those nodes
and a column for each raw column they ask about: the sum of the tables of its leaves (see `coalitions`). The idea of
tables over patterns of decisions is that of Nadel and Wettenstein, WOODELF (2025).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.explanations import coalitions
from analysis.explanations.ensemble import Floats, Matrix, Tree
from contract.errors import InputError

#: Nodes of a block; a table of 2^NODES patterns stays in the second-level cache.
NODES = 10
#: Numbers in the tables of all leaves: beyond it the trees are too deep for tables.
MOST_NUMBERS = 2**26

Path = list[tuple[int, bool]]


@dataclass
class Leaf:
    """Node, the way down to it as (node, goes left), and the columns on that way in the order of their first node."""

    node: int
    path: Path
    columns: list[int]
    table: Floats = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Block:
    """`nodes`, as places among the tree's inner nodes, give the bits of the pattern, lowest first.

    `table` is (columns, 2^nodes).
    """

    nodes: list[int]
    columns: list[int]
    table: Floats


@dataclass(frozen=True)
class Tabled:
    """A tree ready to explain: its inner nodes, its blocks, and the mean of its values over the background rows."""

    output: int
    feature: NDArray[np.int64]
    threshold: NDArray[np.float32]
    default_left: NDArray[np.bool_]
    blocks: list[Block]
    background: float


def tabled(trees: tuple[Tree, ...], background: Matrix, column_of: NDArray[np.int64]) -> list[Tabled]:
    """All trees against the background rows (rows, features); `column_of` says which column a feature comes from.

    Raises InputError when a path asks about too many columns.
    """
    leaves = [list(_leaves(tree, column_of)) for tree in trees]
    satisfied = [_satisfied(tree, background) for tree in trees]
    means = _fill(trees, leaves, satisfied, column_of)
    return [_cut(*parts, column_of) for parts in zip(trees, leaves, means, strict=True)]


def goes_left(
    columns: Matrix, feature: NDArray[np.int64], threshold: Matrix, default_left: NDArray[np.bool_], missing: bool
) -> NDArray[np.bool_]:
    """(nodes, rows): whether each row of `columns` (features, rows) goes left; `missing`: whether any is NaN."""
    values = columns[feature]
    left = values < threshold[:, None]
    if missing:
        left |= np.isnan(values) & default_left[:, None]
    return left


def _leaves(tree: Tree, column_of: NDArray[np.int64]) -> Iterator[Leaf]:
    stack: list[tuple[int, Path]] = [(0, [])]
    while stack:
        node, path = stack.pop()
        if tree.left[node] < 0:
            columns = list(dict.fromkeys(int(column_of[tree.feature[each]]) for each, _ in path))
            yield Leaf(node, path, columns)
            continue
        stack.append((int(tree.right[node]), [*path, (node, False)]))
        stack.append((int(tree.left[node]), [*path, (node, True)]))


def _satisfied(tree: Tree, background: Matrix) -> NDArray[np.bool_]:
    """(nodes, rows) whether each background row goes left."""
    return goes_left(background.T, tree.feature, tree.threshold, tree.default_left, missing=True)


def _fill(
    trees: tuple[Tree, ...],
    leaves: list[list[Leaf]],
    lefts: list[NDArray[np.bool_]],
    column_of: NDArray[np.int64],
) -> list[float]:
    """The tables of all leaves, those with equally many columns at once; the trees' mean values of the background."""
    by_width: dict[int, list[tuple[int, Leaf]]] = defaultdict(list)
    for index, each in enumerate(leaves):
        for leaf in each:
            by_width[len(leaf.columns)].append((index, leaf))
    widest, numbers = max(by_width), sum(len(group) * 2**width * width for width, group in by_width.items())
    if widest > coalitions.MOST or numbers > MOST_NUMBERS:
        raise InputError(f"The trees are too deep for exact values: a path asks about {widest} columns.")
    means = [0.0] * len(trees)
    for width, group in by_width.items():
        rows = lefts[0].shape[1]
        background = np.ones((rows, len(group), width), dtype=bool)
        for position, (index, leaf) in enumerate(group):
            for node, left in leaf.path:
                column = leaf.columns.index(int(column_of[trees[index].feature[node]]))
                background[:, position, column] &= lefts[index][node] == left
        values = np.array([trees[index].value[leaf.node] for index, leaf in group])
        for (index, _), value, reached in zip(group, values, background.all(axis=2).mean(axis=0), strict=True):
            means[index] += float(value * reached)
        for (_, leaf), table in zip(group, coalitions.tables(background, values), strict=True):
            leaf.table = table
    return means


def _cut(tree: Tree, leaves: list[Leaf], mean: float, column_of: NDArray[np.int64]) -> Tabled:
    inner = np.flatnonzero(tree.left >= 0)
    inner = inner[np.isin(inner, [node for leaf in leaves for node, _ in leaf.path])]
    position = {int(node): index for index, node in enumerate(inner)}
    blocks = [_block(tree, group, position, column_of) for group in _groups(leaves) if group[0].path]
    return Tabled(tree.output, tree.feature[inner], tree.threshold[inner], tree.default_left[inner], blocks, mean)


def _groups(leaves: list[Leaf], depth: int = 0) -> Iterator[list[Leaf]]:
    """Leaves below a common node at `depth`, as many together as NODES nodes can tell apart."""
    nodes = {node for leaf in leaves for node, _ in leaf.path}
    if len(nodes) <= NODES or len(leaves) == 1:
        yield leaves
        return
    for left in (True, False):
        yield from _groups([leaf for leaf in leaves if leaf.path[depth][1] == left], depth + 1)


def _block(tree: Tree, leaves: list[Leaf], position: dict[int, int], column_of: NDArray[np.int64]) -> Block:
    nodes = list(dict.fromkeys(node for leaf in leaves for node, _ in leaf.path))
    columns = list(dict.fromkeys(column for leaf in leaves for column in leaf.columns))
    bit, codes = {node: index for index, node in enumerate(nodes)}, np.arange(2 ** len(nodes))
    table = np.zeros((len(columns), 2 ** len(nodes)))
    for leaf in leaves:
        pattern = np.zeros(len(codes), dtype=np.int64)
        for place, column in enumerate(leaf.columns):
            asked = [(bit[node], left) for node, left in leaf.path if column_of[tree.feature[node]] == column]
            mask, wanted = sum(1 << each for each, _ in asked), sum(1 << each for each, left in asked if left)
            pattern |= ((codes & mask) == wanted).astype(np.int64) << place
        table[[columns.index(column) for column in leaf.columns]] += leaf.table[pattern].T
    return Block([position[node] for node in nodes], columns, table)
