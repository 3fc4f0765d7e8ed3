"""Analyze on real rows: a gate on bias that Telco passes and Adult fails, explanations, refused settings."""

import csv
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from contract import documents, package
from model_build.jobs.analyze import hold
from model_build.jobs.compared import facet_of
from tests.model_build.jobs.conftest import Jobs, telco_set

ADULT = (
    "age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation", "relationship", "race",
    "sex", "capital_gain", "capital_loss", "hours_per_week", "native_country", "income",
)  # fmt: skip
NUMERIC = ("age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week")


@pytest.fixture(scope="module")
def telco_by_sex(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """Made once; no test changes what Train and Evaluate left."""
    jobs = Jobs(tmp_path_factory.mktemp("telco"), pytest.MonkeyPatch())
    source, columns = telco_set(data)
    jobs.preprocess(source, {**columns, "facets": ["gender"]})
    jobs.train()
    jobs.pack()
    jobs.evaluate()
    return jobs


@pytest.fixture
def adult_by_sex(jobs: Jobs, data: Path, tmp_path: Path) -> Jobs:
    lines = (data / "adult/adult.data").read_text().splitlines()
    (tmp_path / "adult.csv").write_text("\n".join([",".join(ADULT), *filter(None, lines[:8000])]) + "\n")
    columns = {
        "label": "income", "task": "binary", "positive": ">50K", "numeric": list(NUMERIC), "drop": ["sex"],
        "categorical": [name for name in ADULT if name not in (*NUMERIC, "sex", "income")], "facets": ["sex"],
    }  # fmt: skip
    jobs.preprocess(tmp_path / "adult.csv", columns)
    jobs.train()
    jobs.pack()
    jobs.evaluate()
    return jobs


def test_telco_passes_the_four_fifths_rule_by_sex(telco_by_sex: Jobs) -> None:
    analysis = telco_by_sex.analyze(favourable=["No"], explain=50)
    section = analysis["post_training_bias_metrics"]
    assert (section["label"], section["label_value_or_threshold"]) == ("Churn", "No")
    assert {group["value_or_threshold"] for group in section["facets"]["gender"]} == {"Female", "Male"}
    women = pq.read_table(telco_by_sex.folder / "fit/groups")["gender"].to_pylist()
    (group,) = (one for one in analysis["pre_training_bias_metrics"]["facets"]["gender"]
                if one["value_or_threshold"] == "Female")  # fmt: skip
    imbalance = 1 - 2 * women.count("Female") / len(women)
    assert next(one["value"] for one in group["metrics"] if one["name"] == "CI") == pytest.approx(imbalance)
    assert len(women) == pq.read_table(telco_by_sex.folder / "train").num_rows, "the data are the rows to train on"
    verdict = telco_by_sex.verdict(bias={"DI": 0.8})
    assert verdict["passed"], verdict
    assert "(the four-fifths rule)" in verdict["reason"]
    words = documents.read(telco_by_sex.folder / "analysis/page.json")["bias"]
    assert all(each["passes"] for each in words)
    page = (telco_by_sex.folder / "verdict/report.html").read_text()
    assert words[0]["sentence"] in page


def test_adult_fails_it_although_sex_is_no_feature(adult_by_sex: Jobs) -> None:
    adult_by_sex.analyze(explain=20)
    assert adult_by_sex.verdict()["passed"], "by its AUC alone it would be registered"
    verdict = adult_by_sex.verdict(bias={"DI": 0.8})
    assert verdict["passed"] is False
    assert verdict["reason"].startswith("Rejected: DI of sex = ")
    assert "it must be between 0.8 and 1.25 (the four-fifths rule)" in verdict["reason"]


def test_explanations_add_up_to_the_scores(telco_by_sex: Jobs) -> None:
    analysis = telco_by_sex.analyze(explain=40, partial_dependence=["tenure", "Contract"])
    shap = analysis["explanations"]["kernel_shap"]["label0"]
    lines = list(csv.reader((telco_by_sex.folder / "analysis/explanations_shap/out.csv").open()))
    assert len(lines) == 1 + 40
    assert [name.removesuffix("_label0") for name in lines[0]] != sorted(shap["global_shap_values"]), "model's order"
    values = np.array(lines[1:], dtype=float)
    scores = values.sum(axis=1) + shap["expected_value"]
    assert ((scores > 0) & (scores < 1)).all(), "they are probabilities"
    means = dict(zip((name.removesuffix("_label0") for name in lines[0]), np.abs(values).mean(axis=0), strict=True))
    assert means == pytest.approx(shap["global_shap_values"])
    curves = {curve["feature_name"]: curve for curve in analysis["explanations"]["pdp"]}
    assert set(curves) == {"tenure", "Contract"}
    assert len(curves["Contract"]["model_predictions"][0]) == len(curves["Contract"]["feature_values"]) == 3


def test_three_classes_and_a_regression_are_explained(sexes: Jobs) -> None:
    sexes.train()
    sexes.pack()
    analysis = sexes.analyze(explain=10)
    assert set(analysis["explanations"]["kernel_shap"]) == {"label0", "label1", "label2"}
    assert "post_training_bias_metrics" not in analysis


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"favourable": ["Maybe"]}, "Maybe is none of"),
        ({"facet_values": {"gender": ["Other"]}}, "no training row has 'Other'"),
        ({"explains": 1}, "explains"),
    ],
)
def test_what_makes_no_sense_ends_with_a_sentence(telco_by_sex: Jobs, settings: dict[str, object], words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        telco_by_sex.analyze(**settings)
    assert ended.value.code == 1
    assert words in (telco_by_sex.folder / "message").read_text()


def test_groups_of_numeric_facets() -> None:
    few, many = np.array([0.0, 1.0, 1.0]), np.append(np.arange(10.0), 1000)
    assert facet_of("age", many, {}, {}).threshold == 5, "the median, which one far value does not move"
    assert facet_of("age", many, {"age": 3}, {}).threshold == 3
    assert facet_of("senior", few, {}, {}).threshold is None
    assert facet_of("rooms", np.arange(5.0), {}, {}).threshold is None
    assert facet_of("rooms", np.arange(6.0), {}, {}).threshold == 2
    assert facet_of("senior", few, {}, {"senior": ["1"]}).values == ("1",)
    most = np.append(np.arange(6.0), [9.0] * 20)
    assert facet_of("share", most, {}, {}).threshold == 5, "nobody is above the median"


@pytest.mark.parametrize(
    ("cut", "column", "threshold"),
    [
        (40.0, np.arange(30.0, 60.0), 40.0),
        (40.0, np.array([39.0, 41.0, np.nan]), 40.0),
        (100.0, np.arange(30.0, 60.0), 44.0),
        (29.0, np.arange(30.0, 60.0), 44.0),
        (None, np.arange(6.0), None),
        (None, np.arange(30.0), 14.0),
    ],
    ids=["as before", "few values", "nobody above", "nobody below", "by value as before", "too many values"],
)
def test_a_numeric_facet_is_parted_as_in_the_version_before(
    cut: float | None, column: np.ndarray, threshold: float | None
) -> None:
    assert facet_of("age", column, {}, {}, {"age": cut}).threshold == threshold
    assert facet_of("age", column, {"age": 50}, {}, {"age": cut}).threshold == 50


def test_explanations_of_other_columns_are_not_compared_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def explained(*columns: str) -> dict[str, object]:
        return {"explanations": {"kernel_shap": {"label0": {"global_shap_values": dict.fromkeys(columns, 0.5)}}}}

    hold(explained("a", "b"), explained("a", "c"), tmp_path)
    assert documents.read(tmp_path / package.VIOLATIONS)["violations"] == []
    assert "Explanations are not compared: Analysis and baseline explain different columns (b, c)" in (
        capsys.readouterr().out
    )


def test_a_baseline_that_is_no_analysis_ends_with_a_sentence(telco_by_sex: Jobs, tmp_path: Path) -> None:
    documents.write(tmp_path / package.ANALYSIS, {"post_training_bias_metrics": None, "explanations": {}})
    with pytest.raises(SystemExit):
        telco_by_sex.analyze(baseline=tmp_path, explain=1)
    message = (telco_by_sex.folder / "message").read_text()
    assert "post_training_bias_metrics is a JSON null, an object is needed" in message


def test_an_analysis_is_held_against_the_one_before(telco_by_sex: Jobs, tmp_path: Path) -> None:
    """The same model violates nothing; against a fairer one it does, and is rejected where the gate asks."""
    asked = {"favourable": ["No"], "explain": 50}
    jobs, told = telco_by_sex, telco_by_sex.folder / "analysis" / package.VIOLATIONS
    earlier = jobs.analyze(**asked)
    documents.write(tmp_path / "same" / package.ANALYSIS, earlier)
    jobs.analyze(baseline=tmp_path / "same", **asked)
    assert documents.read(told)["violations"] == []
    assert "nothing violates the analysis of the newest approved version" in jobs.verdict(hold_baseline=True)["reason"]

    for group in earlier["post_training_bias_metrics"]["facets"]["gender"]:
        for metric in group["metrics"]:
            metric["value"] = {"DI": 1.0}.get(metric["name"], metric["value"])
    documents.write(tmp_path / "fairer" / package.ANALYSIS, earlier)
    jobs.analyze(baseline=tmp_path / "fairer", **asked)
    found = documents.read(told)["violations"]
    assert {(one["metric_name"], one["constraint_check_type"]) for one in found} == {("DI", "bias_drift_check")}
    assert jobs.verdict()["passed"] is True, "told alone"
    verdict = jobs.verdict(hold_baseline=True)
    assert verdict["passed"] is False
    assert "DI of gender = " in verdict["reason"]
