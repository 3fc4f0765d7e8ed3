"""What a person sees of an execution that ended."""

from typing import Any

import pytest

from mlops import output, progress, runs


def test_what_the_verdict_warns_of_stands_beside_the_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    warning = "The split gives test 3 of 100 rows [sic], 3 % where 30 % was asked."
    gates: list[dict[str, Any]] = [{"metrics": {"auc": 0.8}, "warnings": [warning]}, {"metrics": {"auc": 0.8}}]
    shown = []
    for gate in gates:
        monkeypatch.setattr(runs, "evaluation", lambda _steps, gate=gate: ("s3://bucket/verdict", gate))
        with output.console.capture() as captured:
            progress.show_result({"Steps": [], "Metrics": gate["metrics"]})
        shown.append(" ".join(captured.get().split()))
    assert f"Warning: {warning}" in shown[0]
    assert "Warning" not in shown[1]
