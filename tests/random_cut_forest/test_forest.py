"""The forest as a whole: against SageMaker's published scores, on labelled sets, and what it promises of itself."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from contract.errors import InputError
from random_cut_forest import RandomCutForest, merge

Floats = NDArray[np.float64]


FOREST = "08bcaa055517919942d6e56788c110b85da40ed20dc964e45705835a4f35a753"
SCORES = "4f376f70e2205e54ff9f068bd0dc5d0d8576d7508bebfb83065b767f53c28c0f"


def standardised(rows: Floats) -> Floats:
    scale = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(scale > 0, scale, 1)


@pytest.fixture(scope="module")
def adbench(data: Path) -> Callable[[str], tuple[Floats, NDArray[np.int64]]]:
    def read(name: str) -> tuple[Floats, NDArray[np.int64]]:
        content = np.load(data / "adbench" / f"{name}.npz")
        # In the file the anomalies stand together; forests of few rows take slices in file order.
        order = np.random.default_rng(0).permutation(len(content["y"]))
        return standardised(content["X"].astype(np.float64))[order], content["y"][order]

    return read


def test_nodes_of_the_published_trees(reference: Any) -> None:
    forest = RandomCutForest(num_trees=50, num_samples_per_tree=512).fit(reference.series)
    assert forest.trees.sizes.tolist() == reference.nodes


def test_published_scores(reference: Any) -> None:
    forest = RandomCutForest(num_trees=50, num_samples_per_tree=512).fit(reference.series)
    deviation = np.abs(forest.score(reference.values) / reference.scores - 1)
    assert len(deviation) == 52
    assert deviation.mean() < 0.02


def test_published_scores_are_what_the_seeds_scatter_around(reference: Any) -> None:
    forests = [RandomCutForest(num_trees=50, num_samples_per_tree=512, seed=seed) for seed in range(20)]
    mean = np.mean([forest.fit(reference.series).score(reference.values) for forest in forests], axis=0)
    assert np.abs(mean / reference.scores - 1).mean() < 0.015


@pytest.mark.parametrize(
    ("name", "least"), [("32_shuttle", 0.97), ("38_thyroid", 0.95), ("23_mammography", 0.84), ("6_cardio", 0.90)]
)
def test_anomalies_of_real_sets(adbench: Any, name: str, least: float) -> None:
    rows, labels = adbench(name)
    scores = RandomCutForest(num_trees=100).fit(rows).score(rows)
    assert roc_auc_score(labels, scores) >= least


@pytest.mark.parametrize("name", ["38_thyroid", "6_cardio"])
def test_agrees_with_an_independent_implementation(adbench: Any, name: str) -> None:
    krcf = pytest.importorskip("krcf")
    rows, _ = adbench(name)
    ours = RandomCutForest(num_trees=200).fit(rows)
    oracle = krcf.RandomCutForest(
        {"dimensions": rows.shape[1], "shingle_size": 1, "num_trees": 200, "sample_size": ours.trees.mass[0].item(),
         "random_seed": 1, "output_after": 1}
    )  # fmt: skip
    for row in rows:
        oracle.update(row)
    theirs = [oracle.score(row) for row in rows]
    # Two forests of krcf correlate no better.
    assert np.corrcoef(ours.score(rows), theirs)[0, 1] > 0.98


def test_same_forest_on_every_machine(tmp_path: Path) -> None:
    """A version of numpy or a processor that changes one bit changes the digests."""
    rows = np.arange(20_000.0).reshape(-1, 4) % 977
    forest = RandomCutForest(num_trees=50, num_samples_per_tree=64, seed=3).fit(rows)
    forest.save(tmp_path / "forest")
    assert hashlib.sha256((tmp_path / "forest").read_bytes()).hexdigest() == FOREST
    scores = forest.score(np.arange(400.0).reshape(-1, 4))
    assert hashlib.sha256(scores.tobytes()).hexdigest() == SCORES


def test_seeds_give_different_forests(gaussian: Floats) -> None:
    scores = [RandomCutForest(num_trees=50, seed=seed).fit(gaussian).score(gaussian[:10]) for seed in (0, 0, 1)]
    assert np.array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.integers(1, 6), st.floats(-1e6, 1e6), st.floats(0.001, 1e4))
def test_a_far_outlier_scores_above_the_inliers(seed: int, features: int, centre: float, scale: float) -> None:
    rows = centre + scale * np.random.default_rng(seed).normal(size=(1000, features))
    forest = RandomCutForest(num_trees=50, num_samples_per_tree=64, seed=seed).fit(rows)
    scores = forest.score(np.vstack([rows, np.full((1, features), centre + 50 * scale)]))
    assert scores[-1] > scores[:-1].max()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 19_999), max_size=6), st.sampled_from([1, 3, 17]))
def test_a_score_does_not_depend_on_the_rows_beside_it(cuts: list[int], features: int) -> None:
    rows = np.random.default_rng(features).normal(size=(20_000, features))
    forest = RandomCutForest(num_trees=5, num_samples_per_tree=32).fit(rows)
    parts = [part for part in np.split(rows, sorted(cuts)) if len(part)]
    assert np.array_equal(np.concatenate([forest.score(part) for part in parts]), forest.score(rows))


def test_sampled_rows_and_repeated_rows_score_finite() -> None:
    rows = np.repeat(np.arange(40.0).reshape(-1, 2), 20, axis=0)
    forest = RandomCutForest(num_trees=2, num_samples_per_tree=400).fit(rows)
    assert forest.trees.sizes.tolist() == [19, 19]
    scores = forest.score(rows)
    assert np.isfinite(scores).all()
    assert (scores > 0).all()


def test_reads_other_numbers_and_lists(forest: RandomCutForest, gaussian: Floats) -> None:
    rows = np.round(gaussian[:20] * 10)
    expected = forest.score(rows)
    for same in (rows.astype(np.float32), rows.astype(np.int64), rows.tolist(), np.asfortranarray(rows)):
        assert np.array_equal(forest.score(same), expected)


def test_merged_forests_score_the_mean_of_their_trees(gaussian: Floats) -> None:
    shards = [RandomCutForest(num_trees=20, num_samples_per_tree=64, seed=seed).fit(gaussian) for seed in (1, 2)]
    merged = merge(shards)
    assert merged.num_trees == 40
    assert np.allclose(merged.score(gaussian), (shards[0].score(gaussian) + shards[1].score(gaussian)) / 2)


def test_merging_needs_the_same_features(forest: RandomCutForest) -> None:
    other = RandomCutForest(num_trees=2).fit(np.arange(10.0)[:, None])
    with pytest.raises(InputError, match="same number of features"):
        merge([forest, other])
    with pytest.raises(InputError, match="one at least"):
        merge([])


BAD_ROWS: dict[str, tuple[Any, str]] = {
    "nan": (np.where(np.eye(200, 3) > 0, np.nan, 1.0), "holds nan in row 0, column 0"),
    "infinite": (np.where(np.arange(600).reshape(200, 3) == 7, -np.inf, 1.0), "holds -inf in row 2, column 1"),
    "empty": (np.empty((0, 3)), "is empty: 0 rows with 3 features"),
    "no features": (np.empty((9, 0)), "is empty: 9 rows with 0 features"),
    "constant": (np.ones((500, 3)), "nothing to cut"),
    "one row": ([[1.0, 2.0]], "1 rows are too few for 100 trees"),
    "too few rows": (np.arange(150.0)[:, None], "bring at least 200 rows"),
    "vector": (np.arange(500.0), "a matrix of rows and features"),
    "text": ([["a", "b"]] * 300, "no numbers"),
    "objects": (np.array([[object()]] * 300), "no number"),
    "ragged": ([[1.0], [1.0, 2.0]], "differ in length"),
    "huge": (np.full((300, 2), 1e301), "holds 1e+301"),
    "whole and huge": ([[1, 10**400]] * 300, "too large"),
    "fractions and huge": ([[1.5, 10**400]] * 300, "too large"),
    "masked": (np.ma.masked_greater(np.arange(600.0).reshape(200, 3), 500), "holds masked values"),
} | {
    f"{value} of {dtype.__name__}": (infinite.astype(dtype), f"holds {value} in row 2, column 1")
    for dtype in (np.float16, np.float32, np.longdouble)
    for value in ("inf", "-inf", "nan")
    for infinite in [np.where(np.arange(600).reshape(200, 3) == 7, float(value), 1.0)]
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_refuses_to_fit(case: str) -> None:
    rows, sentence = BAD_ROWS[case]
    with pytest.raises(InputError) as raised:
        RandomCutForest().fit(rows)
    assert sentence in str(raised.value)


def test_a_failed_fit_leaves_the_forest_as_it_was(forest: RandomCutForest, gaussian: Floats) -> None:
    expected = forest.score(gaussian[:5])
    with pytest.raises(InputError):
        forest.fit(np.ones((5000, 5)))
    assert np.array_equal(forest.score(gaussian[:5]), expected)


def test_refitting_replaces_the_trees(gaussian: Floats) -> None:
    forest = RandomCutForest(num_trees=50).fit(gaussian)
    forest.score(gaussian[:5])
    refitted = forest.fit(gaussian * 2).score(gaussian[:5])
    assert np.array_equal(refitted, RandomCutForest(num_trees=50).fit(gaussian * 2).score(gaussian[:5]))


def test_refuses_to_score(forest: RandomCutForest) -> None:
    with pytest.raises(InputError, match="4 features, the forest was fitted with 5"):
        forest.score(np.ones((2, 4)))
    with pytest.raises(InputError, match="row 1, column 4"):
        forest.score([[1, 1, 1, 1, 1], [1, 1, 1, 1, np.nan]])
    with pytest.raises(InputError, match="no trees yet"):
        RandomCutForest().score([[1.0]])


@pytest.mark.parametrize("arguments", [{"num_trees": 0}, {"num_samples_per_tree": 2.5}, {"seed": -1}, {"seed": True}])
def test_refuses_arguments(arguments: Any) -> None:
    with pytest.raises(InputError, match="a whole number from"):
        RandomCutForest(**arguments)


def test_one_sample_a_tree_is_refused() -> None:
    with pytest.raises(InputError, match="num_samples_per_tree is 1"):
        RandomCutForest(num_trees=2, num_samples_per_tree=1).fit(np.arange(100.0)[:, None])
