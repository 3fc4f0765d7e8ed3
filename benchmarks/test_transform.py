"""A transform job on this machine beside the same handler on the same file in one process: what the way there costs."""

import shutil
from pathlib import Path

import pytest

from benchmarks.test_endpoint import SERVING, Bench, bench
from benchmarks.test_inference import ROWS, TIMES, Case, case, handler, shown_load

__all__ = ["bench", "case"]  # the fixtures

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

KEPT, LONGEST = 0.7, 10.0


@pytest.fixture(scope="module")
def million(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A million records of CSV, 26 numbers and 4 categories each."""
    file = tmp_path_factory.mktemp("million") / "rows.csv"
    with file.open("wb") as out:
        for _ in range(TIMES):
            with case.rows.open("rb") as rows:
                shutil.copyfileobj(rows, out)
    return file


@pytest.mark.parametrize("joined", [False, True], ids=["plain", "joined"])
def test_a_transform_job(bench: Bench, case: Case, million: Path, joined: bool) -> None:
    alone = handler(case, "many", str(million))["seconds"]
    seconds = bench.transform(f"bench-{'joined' if joined else 'plain'}", million, SERVING, joined)
    print(f"\n{'a million CSV records, one core (' + shown_load() + ')':48}{'seconds':>10}{'rows/s':>12}")
    name = "transform job, joined with its input" if joined else "transform job"
    for row, found in (("handler in one process", alone), (name, seconds)):
        print(f"{row:48}{found:10.2f}{ROWS * TIMES / found:12,.0f}")
    if not joined:
        assert seconds <= LONGEST
        assert alone / seconds >= KEPT
