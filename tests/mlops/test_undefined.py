"""A metric that the test split leaves undefined: a package says so in a text, and no figure is made of it."""

from typing import Any

import pytest

from mlops import runs
from mlops.commands import models


def test_a_version_shows_the_metrics_that_it_has() -> None:
    found = {
        "ModelPackageGroupName": "m", "ModelPackageVersion": 1, "ModelPackageArn": "arn", "CreationTime": None,
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": {"metric-accuracy": "0.8", "metric-macro_auc": "undefined", "code-sha256": "a"},
    }  # fmt: skip
    assert models._version(found, [])["Metrics"] == {"accuracy": 0.8}


def test_an_execution_shows_the_metrics_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    gate: dict[str, Any] = {"metrics": {"accuracy": 0.8, "macro_auc": "undefined"}}
    monkeypatch.setattr(runs, "evaluation", lambda _: ("s3://b/verdict", gate))
    assert runs.metrics([]) == {"accuracy": 0.8}
