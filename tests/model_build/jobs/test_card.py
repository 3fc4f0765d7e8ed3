"""The model card: what was said and what was found, within the schema of a model package's card."""

import json
from typing import Any

import pytest
from sagemaker.core.shapes.model_card_shapes import ModelCardContent

from contract import documents
from contract.findings import Verdict
from model_build import config
from model_build.card import sections
from model_build.jobs import card
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
    telco.verdict(card=said(), name="churn")
    found = documents.read(telco.folder / "verdict" / "card.json")
    ModelCardContent.model_validate(found)  # the SDK's own reading of the schema
    assert json.loads(documents.read(telco.folder / "verdict" / "registration.json")["card"]) == found
    page = (telco.folder / "verdict" / "card.html").read_text(encoding="utf-8")
    assert "Risk: high" in page
    assert "churn" in page
    test = found["evaluation_details"][0]
    auc = next(one for one in test["metric_groups"][0]["metric_data"] if one["name"] == "auc")
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
    verdict = Verdict(True, "Passed.", "a" * 64)
    entries = card.content({}, evaluation, analysis, champion, verdict)["evaluation_details"]
    assert [entry["name"] for entry in entries] == ["Test split", "Champion", "Bias: sex = F", "Explanations"]
    auc, beside, bias, chart = (entry["metric_groups"][0]["metric_data"] for entry in entries)
    assert auc == [{"name": "auc", "type": "string", "value": "undefined", "notes": "One class."}]
    assert [one["value"] for one in beside] == [0.8, 0.7, 0.1]
    assert bias[1] == {
        "name": "TE", "type": "string", "value": "undefined", "notes": "Treatment equality. No false negatives.",
    }  # fmt: skip
    assert entries[-1]["metric_groups"][0]["name"] == "What moves the score of Yes"
    assert chart[0]["x_axis_name"][:2] == ["c29", "c28"]
    assert len(chart[0]["value"]) == card.STRONGEST
