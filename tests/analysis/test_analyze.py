"""The whole analysis on real data: the four-fifths rule, Clarify's schema, and what is refused before it runs."""

import csv
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.analyze import Learned, Rows, Settings, analyze, favourable
from analysis.bias.groups import Facet
from analysis.explanations.explain import Explainer
from contract import documents
from contract.decision import Decision
from contract.errors import InputError


def test_telco_passes_by_sex_and_adult_fails(adult: Any, telco: Any, by_sex: Callable[[str], Settings]) -> None:
    passing = telco.analyze(by_sex("gender"))
    failing = adult.analyze(by_sex("sex"))
    assert all(each["passes"] for each in passing.page["bias"])
    assert not any(each["passes"] for each in failing.page["bias"])
    [female, _] = failing.page["bias"]
    assert female["group"] == "Female"
    assert "fails the four-fifths rule" in female["sentence"]
    metrics = failing.document["post_training_bias_metrics"]["facets"]["sex"][0]["metrics"]
    assert len(metrics) == 13
    assert next(each["value"] for each in metrics if each["name"] == "DI") == pytest.approx(female["impact"])


def test_the_documents(adult: Any, by_sex: Callable[[str], Settings]) -> None:
    found = adult.analyze(replace(by_sex("sex"), group_variable="race", partial_dependence=("age", "occupation")))
    documents.dumps(found.document)
    documents.dumps(found.page)
    assert found.document["version"] == "1.0"
    shap = found.document["explanations"]["kernel_shap"]["label0"]
    assert set(shap["global_shap_values"]) == set(adult.rows.raw)
    header, *lines = csv.reader(found.explanations.splitlines())
    assert header[0] == "age_label0"
    assert len(lines) == 300
    assert [each["data_type"] for each in found.document["explanations"]["pdp"]] == ["numerical", "categorical"]
    for record in found.page["records"]:
        total = sum(each["shap"] for each in record["columns"]) + record["others"] + record["expected"]
        score = float(adult.model.predict(adult.rows.matrix[[record["row"]]])[0])
        assert total == pytest.approx(score, abs=1e-4)
        assert record["answer"] == pytest.approx(score, abs=1e-4)


def test_the_same_rows_give_the_same_documents(telco: Any, by_sex: Callable[[str], Settings]) -> None:
    assert telco.analyze(by_sex("gender")) == telco.analyze(by_sex("gender"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(facets=(Facet("planet"),)), "planet is no column"),
        (Settings(facets=(Facet("sex"),), favourable=("rich",)), "rich is none of"),
        (Settings(facets=(Facet("sex"),), favourable=("<=50K", ">50K")), "not all"),
        (Settings(facets=(Facet("sex"),), group_variable="planet"), "planet is no column"),
        (Settings(facets=(Facet("age", threshold=500),)), "parts no rows"),
        (Settings(partial_dependence=("planet",)), "planet of the partial dependence"),
    ],
)
def test_settings_that_make_no_sense(adult: Any, settings: Settings, message: str) -> None:
    with pytest.raises(InputError, match=message):
        adult.analyze(settings)


def test_a_score_at_the_threshold_is_class_1() -> None:
    """As everywhere else that decides: the bias is that of the decisions that are made."""
    sex = np.array(["f", "m"] * 4, dtype=object)
    labels = np.array([0, 1] * 4)
    model = Explainer(lambda rows: np.where(rows[:, 0] > 0, 0.5, 0.1), {"x": [0]}, np.zeros((1, 1), np.float32))
    matrix = np.array([[0.0], [1.0]] * 4, dtype=np.float32)
    rows = Rows({"sex": sex}, matrix, "y", labels)
    found = analyze(rows, model, Decision("binary", ("no", "yes"), 0.5), Settings(facets=(Facet("sex", ("m",)),)))
    (male,) = found.page["bias"]
    assert (male["rate"], male["other_rate"]) == (1.0, 0.0)


def test_a_regression_that_predicts_all_below_the_threshold_is_a_result() -> None:
    """So are test labels on one side of it alone: the rows that were learned from have both."""
    sex, labels = np.array(["f", "m"] * 4, dtype=object), np.zeros(8)
    model = Explainer(lambda rows: rows[:, 0].astype(float), {"x": [0]}, np.zeros((1, 1), np.float32))
    matrix = np.zeros((8, 1), dtype=np.float32)
    rows = Rows({"sex": sex}, matrix, "y", labels, Learned({"sex": sex}, np.arange(8.0)))
    settings = Settings(facets=(Facet("sex", ("m",)),), favourable_above=3.5)
    found = analyze(rows, model, Decision("regression", ()), settings)
    (male,) = found.page["bias"]
    assert (male["passes"], male["rate"]) == (None, 0.0)
    with pytest.raises(InputError, match="outside the values"):
        analyze(rows, model, Decision("regression", ()), replace(settings, favourable_above=9.0))


def test_the_favourable_side_of_a_regression_is_a_threshold() -> None:
    decision = Decision("regression", ())
    labels = np.array([1.0, 2.0, 3.0])
    assert favourable(labels, decision, Settings(favourable_above=1.5)).tolist() == [False, True, True]
    for settings, message in ((Settings(), "needs a threshold"), (Settings(favourable_above=9), "outside")):
        with pytest.raises(InputError, match=message):
            favourable(labels, decision, settings)
    with pytest.raises(InputError, match="Name the favourable"):
        favourable(np.array([0, 1, 2]), Decision("multiclass", ("a", "b", "c")), Settings())
