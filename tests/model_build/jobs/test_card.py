"""The model card: what was said and what was found, within the schema of a model package's card."""

import json
from typing import Any

import pytest
from sagemaker.core.shapes.model_card_shapes import ModelCardContent

from contract import documents
from contract.errors import InputError
from contract.findings import Verdict
from local_aws.cards import content as cards
from model_build import config
from model_build.card import sections
from model_build.jobs import card, card_size
from model_build.jobs.card import Found
from model_build.jobs.training_told import Training
from tests.model_build.conftest import SMALL
from tests.model_build.jobs.conftest import QUICK, Jobs

CARD = """
[card]
owner = "Risk"
risk_rating = "High"
risk_explanation = "decides about credit"
[card.details]
review = "2026-11"
"""


def said() -> dict[str, Any]:
    import tomllib

    return sections(config.parse(tomllib.loads(SMALL + CARD), "config.toml"))


def test_what_the_configuration_says() -> None:
    found = said()
    assert found["model_overview"] == {"model_creator": "Risk"}
    assert found["intended_uses"]["risk_rating"] == "High"
    assert found["additional_information"] == {"custom_details": {"review": "2026-11"}}
    assert "business_details" not in found, "nothing was said"


def test_from_rows_to_the_card(telco: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INPUT_DATA", "s3://b/rows.csv")
    telco.train(*QUICK)
    telco.pack()
    telco.evaluate(bootstrap=20, golden=5)
    monkeypatch.setenv("TUNED_eta", "0.07")
    monkeypatch.setenv("TRAINING_JOB", "pipelines-abc123-Train-0f")
    job = {"ProcessingJobName": "pipelines-xyz789-Verdict-Ab12"}
    documents.write(telco.folder / "job.json", job)
    monkeypatch.setenv("JOB_CONFIG", str(telco.folder / "job.json"))
    for name in ("FINDINGS", "PREPROCESSOR", "STATISTICS"):
        monkeypatch.setenv(name, str(telco.folder / "fit"))
    tuning = {"strategy": "random", "jobs": 9, "objective": "validation:auc", "direction": "Maximize"}
    training = {
        "algorithm": "XGBoost",
        "hyperparameters": {"max_depth": "3"}, "tuning": {**tuning, "ranges": {"eta": "0.01 to 0.3"}},
    }  # fmt: skip
    telco.verdict(card=said(), name="churn", pipeline="telco", training=training)
    found = documents.read(telco.folder / "verdict" / "card.json")
    ModelCardContent.model_validate(found)  # the SDK's own reading of the schema
    assert json.loads(documents.read(telco.folder / "verdict" / "registration.json")["card"]) == found
    page = (telco.folder / "verdict" / "card.html").read_text(encoding="utf-8")
    assert "Risk: high" in page
    assert "churn" in page
    report = (telco.folder / "verdict" / "report.html").read_text(encoding="utf-8")
    for each in (page, report):
        assert "Pipeline telco, execution xyz789, training job pipelines-abc123-Train-0f, judged on 20" in each
        assert "4,930 training rows, 1,056 validation rows and 1,057 test rows" in each
        assert "The label is Churn, and there are 19 features." in each
        assert "best of 9 trials at most by validation:auc" in each
    assert page.index("Passed: the lower end") < page.index("<h2>Overview")
    assert "Missing: nobody has written [card] purpose" in page
    chosen = found["training_details"]["training_job_details"]["user_provided_hyper_parameters"]
    assert chosen == [{"name": "eta", "value": "0.07"}, {"name": "max_depth", "value": "3"}]
    assert "<h2>Training data" in report
    test = found["evaluation_details"][0]
    auc = next(one for one in test["metric_groups"][0]["metric_data"] if one["name"] == "AUC")
    assert 0.8 < auc["value"] < 0.9
    assert auc["notes"].startswith("95 % interval 0.8")
    assert test["evaluation_observation"].startswith("Passed: the lower end")
    assert found["training_details"]["training_observations"].startswith("Decides between No, Yes at a score of 0.")
    details = found["additional_information"]["custom_details"]
    assert details["input data"] == "s3://b/rows.csv"
    assert len(details["artefact sha256"]) == 64
    assert details["review"] == "2026-11"


def test_bias_explanations_and_champion_have_entries_each() -> None:
    metrics = [
        {"name": "DI", "description": "Disparate impact", "value": 0.7},
        {"name": "TE", "description": "Treatment equality", "value": None, "error": "No false negatives."},
    ]
    analysis = {
        "post_training_bias_metrics": {"facets": {"sex": [{"value_or_threshold": "F", "metrics": metrics}]}},
        "explanations": {
            "kernel_shap": {"label0": {"global_shap_values": {f"c{n}": n / 10 for n in range(30)}}},
            "method": "TreeSHAP.",
        },
    }
    champion = {
        "passed": True, "clause": "auc is better", "champion": "3", "compared": True, "metric": "auc",
        "candidate": 0.8, "reference": 0.7, "advantage": {"value": 0.1, "lower": 0.05, "upper": 0.15},
    }  # fmt: skip
    evaluation = {
        "dataset": {"item_count": 10}, "method": "Intervals",
        "model": {"decision": {"task": "binary", "classes": ["No", "Yes"]}},
        "binary_classification_metrics": {"auc": {"value": None, "lower": None, "reason": "One class."}},
    }  # fmt: skip
    found = Found(evaluation, Verdict(True, "Passed.", "a" * 64), analysis, champion=champion)
    entries = card.content({}, found)["evaluation_details"]
    names = ["Test split", "Champion", "Four-fifths rule", "Warnings about groups", "Bias: sex = F", "Explanations"]
    assert [entry["name"] for entry in entries] == names
    rule, warned = (entries.pop(2)["evaluation_observation"] for _ in range(2))
    assert warned == "sex = F: how many rows the group has is not known with this engine."
    assert rule.startswith("sex = F: the share of “the favourable decision” is 0.70 of that of the others, which fails")
    assert entries[2]["evaluation_observation"] == "Clarify's metrics of the decisions on the test rows."
    auc, beside, bias, chart = (entry["metric_groups"][0]["metric_data"] for entry in entries)
    assert auc == [{"name": "AUC", "type": "string", "value": "undefined", "notes": "One class."}]
    assert [one["value"] for one in beside] == [0.8, 0.7, 0.1]
    assert bias[1] == {
        "name": "TE", "type": "string", "value": "undefined", "notes": "Treatment equality. No false negatives.",
    }  # fmt: skip
    assert entries[-1]["metric_groups"][0]["name"] == "What moves the score of Yes"
    assert chart[0]["x_axis_name"][:2] == ["c29", "c28"]
    assert len(chart[0]["value"]) == card.STRONGEST


def test_charts_of_explanations_are_in_the_order_of_the_classes() -> None:
    classes = [f"class {n}" for n in range(12)]
    evaluation = {
        "dataset": {"item_count": 10}, "method": "Intervals",
        "model": {"decision": {"task": "multiclass", "classes": classes}},
        "multiclass_classification_metrics": {"accuracy": {"value": 0.5, "lower": 0.4, "upper": 0.6}},
    }  # fmt: skip
    as_text = sorted(f"label{n}" for n in range(12))
    analysis = {"explanations": {"kernel_shap": {key: {"global_shap_values": {"c": 0.1}} for key in as_text}}}
    found = Found(evaluation, Verdict(True, "Passed.", "a" * 64), analysis)
    charts = card.content({}, found)["evaluation_details"][-1]["metric_groups"]
    assert [chart["name"].rpartition("of ")[2] for chart in charts] == classes


def large(groups: int, details: int, classes: int = 2) -> dict[str, Any]:
    """A card of as many groups with all metrics before and after training, details at their limit, and classes."""
    metrics = [{"name": f"M{n}", "description": "what it says " * 12, "value": 0.123456789012345} for n in range(13)]
    metrics.append({"name": "M" * 300, "description": "", "value": None, "error": "e" * 2000})
    of_groups = [{"value_or_threshold": f"group {n}", "metrics": metrics} for n in range(groups)]
    facets = {"facets": {"a facet " * 9: of_groups}} if groups else {}
    shap = {f"label{n}": {"global_shap_values": {f"c{n}": n / 10 for n in range(30)}} for n in range(classes)}
    names = [f"{n}, a class of which the name is rather long for a chart" for n in range(classes)]
    evaluation = {
        "dataset": {"item_count": 10}, "method": "Intervals " * 300,
        "model": {"decision": {"task": "multiclass", "classes": names}},
        "multiclass_classification_metrics": {
            "accuracy": {"value": 0.5, "lower": 0.4, "upper": 0.6, "reason": None},
            "confusion_matrix": {"n" * 80 + one: dict.fromkeys(names, 1) for one in names},
        },
    }  # fmt: skip
    analysis = {
        "pre_training_bias_metrics": facets, "post_training_bias_metrics": facets,
        "explanations": {"kernel_shap": shap},
    }  # fmt: skip
    own = {"additional_information": {"custom_details": {f"detail {n}": "x" * 1024 for n in range(details)}}}
    found = Found(evaluation, Verdict(True, "Passed." * 300, "a" * 64), analysis, training=LONG)
    return card.content(own, found)


LONG = Training("XGBoost", {f"h{n}": "v" * 999 for n in range(150)}, label="y", features=("feature",) * 900)


@pytest.mark.parametrize(
    ("sizes", "left"),
    [
        ((2, 3), ""),
        ((60, 0), "descriptions of bias metrics"),
        ((90, 0), "bias metrics of the last groups, which report.html has"),
        ((0, 120), "of [card.details] the last ones, which config.toml has"),
        ((20, 9, 150), "charts of explanations, which report.html has"),
        pytest.param((200, 200, 200), "of [card.details] the last ones", marks=pytest.mark.long),
    ],
    ids=["fits", "descriptions", "groups", "details", "charts", "all"],
)
def test_a_card_is_not_longer_than_sagemaker_takes_and_says_what_it_lacks(sizes: tuple[int, ...], left: str) -> None:
    found = large(*sizes)
    assert len(card_size.text(found)) <= 100_000
    cards.require(card_size.text(found), cards.PACKAGE, "the card")
    details = found["additional_information"]["custom_details"]
    assert left in details.get("left out of this card", "")
    assert ("left out of this card" in details) is bool(left)
    assert details["artefact sha256"] == "a" * 64, "what was found stays"


@pytest.mark.parametrize(("classes", "drawn"), [(20, True), (21, False)])
def test_a_matrix_is_drawn_up_to_the_limit_of_the_schema(classes: int, drawn: bool) -> None:
    groups = large(0, 0, classes)["evaluation_details"][0]["metric_groups"]
    assert ("Decisions" in [group["name"] for group in groups]) is drawn


def test_nothing_may_be_left_out_of_what_people_must_write() -> None:
    with pytest.raises(InputError, match=r"characters without all that may be left out, SageMaker takes 100,000"):
        card_size.fitting(
            {"additional_information": {"custom_details": {"a": "x" * 100_000}}, "evaluation_details": []}
        )
