"""For the tests of all rooms: where the real data is present, no test may skip for want of it."""

import os
from pathlib import Path

import pytest

import local_aws  # noqa: F401 (before pytest takes the folder for it)

DATA = Path(os.environ.get("MLOPS_TEST_DATA") or Path(__file__).parents[1] / "shared" / "data")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Such a skip is a mistake of the test: it fails."""
    if report.skipped and DATA.is_dir() and "the real data sets are not at" in str(report.longrepr):
        report.outcome = "failed"
