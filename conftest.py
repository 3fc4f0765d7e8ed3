"""For the tests of all rooms: where the real data is present, no test may skip for want of it."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import local_aws  # noqa: F401 (before pytest takes the folder for it)

DATA = Path(os.environ.get("MLOPS_TEST_DATA") or Path(__file__).parents[1] / "shared" / "data")

#: A busy machine takes long for an example, and no test fails for that.
settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Such a skip is a mistake of the test: it fails."""
    if report.skipped and DATA.is_dir() and "the real data sets are not at" in str(report.longrepr):
        report.outcome = "failed"
