"""Clarify's checks against an earlier analysis: AWS's worked example, and each way to violate."""

import pytest

from analysis.baseline import bias_violations, explanation_violations, ndcg
from contract.documents import Document
from contract.errors import InputError

#: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html
BEFORE = {"SAT score": 0.70, "GPA": 0.50, "Class rank": 0.05}
AFTER = {"SAT score": 0.10, "GPA": 0.20, "Class rank": 0.70}


def bias(**metrics: float | None) -> Document:
    entries = [{"name": name, "description": name, "value": value} for name, value in metrics.items()]
    return {"post_training_bias_metrics": {"facets": {"sex": [{"value_or_threshold": "f", "metrics": entries}]}}}


def shap(values: dict[str, float]) -> Document:
    return {"explanations": {"kernel_shap": {"label0": {"global_shap_values": values, "expected_value": 0}}}}


def test_the_worked_example() -> None:
    assert ndcg(BEFORE, AFTER) == pytest.approx(0.69, abs=0.005)
    [violation] = explanation_violations(shap(AFTER), shap(BEFORE))["violations"]
    assert violation["constraint_check_type"] == "feature_attribution_drift_check"
    assert violation["label"] == "label0"
    assert explanation_violations(shap(BEFORE), shap(BEFORE))["violations"] == []


@pytest.mark.parametrize(
    ("name", "before", "now", "violated"),
    [
        ("DPL", 0.1, 0.1, False),
        ("DPL", 0.1, -0.05, False),
        ("DPL", 0.1, -0.2, True),
        ("DI", 0.9, 0.95, False),
        ("DI", 0.9, 1.2, True),
        ("DI", 0.9, None, True),
        ("DI", None, 0.1, False),
    ],
)
def test_farther_from_the_ideal_violates(name: str, before: float | None, now: float | None, violated: bool) -> None:
    found = bias_violations(bias(**{name: now}), bias(**{name: before}))["violations"]
    assert len(found) == violated
    for violation in found:
        assert (violation["facet"], violation["facet_value"], violation["metric_name"]) == ("sex", "f", name)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="different columns"):
        ndcg(BEFORE, {"GPA": 1.0})
    with pytest.raises(InputError, match="explains no label0"):
        explanation_violations({}, shap(BEFORE))
    assert ndcg({"only": 1.0}, {"only": 0.0}) == 1
