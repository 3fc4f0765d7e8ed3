"""Clarify's checks against an earlier analysis: AWS's worked example, and each way to violate."""

import pytest

from analysis.baseline import bias_violations, checked, cuts, explanation_violations, ndcg
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
        ("AD", 0.1, 0.115, True),
        ("AD", 0.1, 0.3 - 0.2, False),
        ("AD", 0.2, 0.9 - 0.7, False),
        ("DI", 1.2, 0.8, False),
        ("DI", 1.1, 0.885, True),
    ],
)
def test_farther_from_the_ideal_violates(name: str, before: float | None, now: float | None, violated: bool) -> None:
    found = bias_violations(bias(**{name: now}), bias(**{name: before}))["violations"]
    assert len(found) == violated
    for violation in found:
        assert (violation["facet"], violation["facet_value"], violation["metric_name"]) == ("sex", "f", name)


def above(threshold: int, value: float) -> Document:
    group = {"value_or_threshold": f"({threshold}, +∞)", "metrics": [{"name": "AD", "value": value}]}
    return {"post_training_bias_metrics": {"facets": {"age": [group]}}}


def test_a_threshold_that_moves_violates_nothing_by_itself() -> None:
    assert bias_violations(above(41, 0.001), above(40, 0.5))["violations"] == []
    (violation,) = bias_violations(above(41, 0.6), above(40, 0.5))["violations"]
    assert violation["facet_value"] == "(40, +∞)"
    assert violation["description"] == "Value 0.6000 is farther from 0 than the baseline's 0.5000."
    assert bias_violations(bias(AD=0.1), above(40, 0.5))["violations"], "the facet is gone"


def test_the_description_shows_by_how_much() -> None:
    (violation,) = bias_violations(bias(AD=0.10001), bias(AD=0.1))["violations"]
    assert violation["description"] == "Value 0.10001 is farther from 0 than the baseline's 0.10000."
    (violation,) = bias_violations(bias(DI=0.5), bias(DI=0.9))["violations"]
    assert violation["description"] == "Value 0.5000 is farther from 1 than the baseline's 0.9000."


def test_what_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="different columns"):
        ndcg(BEFORE, {"GPA": 1.0})
    with pytest.raises(InputError, match="explains no label0"):
        explanation_violations({}, shap(BEFORE))
    assert ndcg({"only": 1.0}, {"only": 0.0}) == 1


def test_the_limit_of_the_ranking_is_nine_tenths() -> None:
    before = {"a": 0.7, "b": 0.5, "c": 0.05}
    for after, violated in (({"a": 0.1, "b": 0.3, "c": 0.2}, True), ({"a": 0.4, "b": 0.5, "c": 0.1}, False)):
        assert (0.75 < ndcg(before, after) < 0.9) is violated
        assert bool(explanation_violations(shap(after), shap(before))["violations"]) is violated


def test_attributions_rank_by_size_whatever_their_sign() -> None:
    assert ndcg({"a": 0.7, "b": 0.5, "c": 0.1}, {"a": -0.7, "b": -0.5, "c": -0.1}) == 1
    assert ndcg({"a": -0.7, "b": -0.5, "c": -0.1}, {"a": 0.7, "b": 0.5, "c": 0.1}) == 1


def groups(*names: str) -> list[Document]:
    return [{"value_or_threshold": name, "metrics": [{"name": "AD", "value": 0.1}]} for name in names]


def test_the_cuts_of_an_analysis() -> None:
    facets = {"age": groups("(40, +∞)"), "rooms": groups("1", "2"), "sex": groups("f")}
    assert cuts({"post_training_bias_metrics": {"facets": facets}}) == {"age": 40, "rooms": None, "sex": None}
    assert cuts({}) == {}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"post_training_bias_metrics": None}, "post_training_bias_metrics is a JSON null, an object is needed"),
        ({"pre_training_bias_metrics": {}}, "facets of pre_training_bias_metrics is a JSON null, an object"),
        ({"pre_training_bias_metrics": {"facets": []}}, "facets of pre_training_bias_metrics is a JSON array"),
        ({"pre_training_bias_metrics": {"facets": {"sex": {}}}}, "of sex is a JSON object, an array is needed"),
        ({"pre_training_bias_metrics": {"facets": {"sex": ["f"]}}}, "a group of sex is a JSON string, an object"),
        ({"pre_training_bias_metrics": {"facets": {"sex": [{}]}}}, "metrics of sex = None is a JSON null, an array"),
        (bias(AD="0.1"), "AD of sex = f is a JSON string, a number is needed"),
        (bias(AD=True), "AD of sex = f is a JSON boolean"),
        (bias(AD=float("nan")), "has nan for AD of sex = f: make it anew"),
        ({"explanations": None}, "explanations is a JSON null"),
        ({"explanations": {"kernel_shap": []}}, "kernel_shap is a JSON array"),
        ({"explanations": {"kernel_shap": {"label0": {}}}}, "global_shap_values of label0 is a JSON null"),
        (shap({"a": None}), "label0 of a is a JSON null, a number is needed"),
        (shap({"a": float("inf")}), "has inf for label0 of a"),
    ],
)
def test_what_is_no_analysis_is_refused_with_a_sentence(document: Document, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked(document)


def test_an_analysis_is_taken_as_it_is() -> None:
    for document in ({"version": "1.0"}, bias(AD=0.1, DI=None, CI=1), shap({"a": 0.5, "b": 0})):
        assert checked(document) is document
