"""Random Cut Forest: a million rows fitted, and rows scored at 50 trees beside krcf and rrcf, in turns."""

import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.environments import PEERS, UnavailableError, peer
from random_cut_forest import RandomCutForest, compiled

Floats = NDArray[np.float64]

ROWS, FEATURES, TREES, SAMPLES = 1_000_000, 10, 50, 256
SCORED, ROUNDS = 104_857, 5

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def rows() -> Floats:
    return np.random.default_rng(0).normal(size=(ROWS, FEATURES))


@pytest.fixture(scope="module")
def forest(rows: Floats) -> RandomCutForest:
    return RandomCutForest(num_trees=TREES, num_samples_per_tree=SAMPLES).fit(rows)


@pytest.fixture
def numpy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    monkeypatch.setattr(compiled, "ready", lambda: False)


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(works: dict[str, tuple[int, Callable[[], object]]]) -> dict[str, float]:
    """Rows a second of each work (its rows, itself): medians over rounds, so that all meet the same machine."""
    rates: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, (count, work) in works.items():
            rates[name].append(count / seconds(work))
    found = {name: statistics.median(values) for name, values in rates.items()}
    for name, rate in found.items():
        print(f"\n{name:42} {rate:12,.0f} rows/s", end="")
    print()
    return found


def test_fit_of_a_million_rows(rows: Floats) -> None:
    times = [seconds(lambda: RandomCutForest(num_trees=TREES).fit(rows)) for _ in range(ROUNDS)]
    print(f"\nfit of {ROWS:,} rows x {FEATURES}, {TREES} trees: {statistics.median(times):.2f} s")
    assert statistics.median(times) <= 2


@pytest.mark.usefixtures("numpy_alone")
def test_scoring_beside_krcf(rows: Floats, forest: RandomCutForest) -> None:
    """The Rust library learns in a stream: 20,000 rows fill its samples."""
    peer = pytest.importorskip("benchmarks.peers.rcf_krcf", reason="krcf is not installed")
    other = peer.fit(rows[:20_000], TREES, SAMPLES)
    rate = in_turns(
        {
            "krcf": (10_000, lambda: peer.score(other, rows[:10_000])),
            "random_cut_forest, numpy, batches of 104,857": (SCORED, lambda: forest.score(rows[:SCORED])),
            "random_cut_forest, numpy, batches of 5,000": (5000, lambda: forest.score(rows[:5000])),
        }
    )
    theirs, many, few = rate.values()
    print(f"ratios {many / theirs:.2f} and {few / theirs:.2f}")
    assert many >= 0.6 * theirs


@pytest.mark.usefixtures("numpy_alone")
def test_scoring_beside_rrcf(rows: Floats, forest: RandomCutForest, tmp_path: Path) -> None:
    try:
        python = peer("rcf_rrcf")
    except UnavailableError as error:
        pytest.skip(f"rrcf cannot be had: {error}")
    np.save(tmp_path / "rows.npy", rows[:20_000])
    command = [str(python), str(PEERS / "rcf_rrcf.py"), str(tmp_path / "rows.npy"), str(TREES), str(SAMPLES), "30"]

    def theirs() -> float:
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    other = statistics.median(theirs() for _ in range(ROUNDS))
    rate = in_turns({"random_cut_forest, numpy": (SCORED, lambda: forest.score(rows[:SCORED]))})
    ours = rate["random_cut_forest, numpy"]
    print(f"{'rrcf':42} {other:12,.0f} rows/s, ratio {ours / other:.0f}")
    assert ours >= 100 * other


def test_scoring_with_numba(rows: Floats, forest: RandomCutForest) -> None:
    """The aim of 80,000 rows/s was measured where krcf did 36,000 at best: held as that ratio."""
    pytest.importorskip("numba", reason="numba is not installed")
    peer = pytest.importorskip("benchmarks.peers.rcf_krcf", reason="krcf is not installed")
    other = peer.fit(rows[:20_000], TREES, SAMPLES)
    print(f"\ncompiled in {seconds(forest.prepare):.1f} s")
    rate = in_turns(
        {
            "krcf": (10_000, lambda: peer.score(other, rows[:10_000])),
            "random_cut_forest, numba": (SCORED, lambda: forest.score(rows[:SCORED])),
            "random_cut_forest, numba, single rows": (1000, lambda: [forest.score(row[None]) for row in rows[:1000]]),
        }
    )
    assert rate["random_cut_forest, numba"] >= 80 / 36 * rate["krcf"]
