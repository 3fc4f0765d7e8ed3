"""Anomaly scores that have nothing to do with the errors are rejected with a sentence, and nothing else is."""

import pytest

from analysis import power
from contract.decision import Decision

ANOMALY = Decision("binary", ("right", "wrong"), 1.0, "three_sigma", "anomaly")


@pytest.mark.parametrize(
    ("lower", "found"), [(0.49, True), (0.5, True), (0.501, False), (None, False)], ids=["below", "at", "above", "none"]
)
def test_the_lower_end_of_the_auc_decides(lower: float | None, found: bool) -> None:
    report = {"binary_classification_metrics": {"auc": {"value": 0.55, "lower": lower, "upper": 0.6}}}
    findings = list(power.judge(report, ANOMALY))
    assert bool(findings) is found
    for finding in findings:
        assert not finding.passed
        assert f"AUC 0.5500, 95 % interval {lower:.4f} to 0.6000" in finding.clause
    assert not list(power.judge(report, Decision("binary", ("no", "yes"), 0.5))), "a probability is the gate's"
