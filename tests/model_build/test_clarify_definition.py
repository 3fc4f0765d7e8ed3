"""`engine = "clarify"`: Clarify's check steps in the place of Analyze."""

import json
from pathlib import Path
from typing import Any

import pytest

from contract.errors import InputError
from model_build import config
from model_build.check import violations
from model_build.pipeline import get_pipeline
from tests.model_build.conftest import SMALL, TARGET

FACETS = SMALL + 'drop = ["sex"]\nfacets = ["sex"]\n'
CLARIFY = '[analysis]\nengine = "clarify"\n'


def made(folder: Path, text: str) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """Steps by name, and what the checks are told, by the check."""
    (folder / config.FILE).write_text(text, encoding="utf-8")
    pipeline = get_pipeline(pipeline_name=folder.name, folder=folder, target=TARGET)
    definition = json.loads(pipeline.definition())
    assert violations(definition) == []
    steps = {step["Name"]: step for step in definition["Steps"]}
    told = {
        name: json.loads(pipeline.context.assets.folders[settings(step).removeprefix(f"s3://{TARGET.bucket}/")][FILE])
        for name, step in steps.items()
        if step["Type"] == "ClarifyCheck"
    }
    return steps, told


FILE = "analysis_config.json"


def settings(step: dict[str, Any]) -> str:
    (found,) = (one for one in step["Arguments"]["ProcessingInputs"] if one["InputName"] == "analysis_config")
    return str(found["S3Input"]["S3Uri"])


def test_three_checks_stand_in_the_place_of_analyze(small: Path) -> None:
    steps, told = made(small, FACETS + CLARIFY)
    assert "Analyze" not in steps
    kinds = {name: step["CheckType"] for name, step in steps.items() if step["Type"] == "ClarifyCheck"}
    assert kinds == {
        "DataBias": "DATA_BIAS",
        "ModelBias": "MODEL_BIAS",
        "Explainability": "MODEL_EXPLAINABILITY",
    }
    assert told["DataBias"]["facet"] == [{"name_or_index": "sex"}]
    assert told["ModelBias"]["excluded_columns"] == ["sex"]
    assert told["ModelBias"]["predictor"]["label"] == "decision"
    assert len({settings(steps[name]) for name in kinds}) == 3, "no two checks share a place for their settings"
    places = [one["S3Input"]["S3Uri"] for one in steps["Verdict"]["Arguments"]["ProcessingInputs"]]
    assert [{"Get": f"Steps.{name}.CalculatedBaselineConstraints"} for name in kinds] == places[1:4]
    (register,) = steps["Gate"]["Arguments"]["IfSteps"]
    bias = register["Arguments"]["DriftCheckBaselines"]["Bias"]
    used = {"Get": "Steps.ModelBias.BaselineUsedForDriftCheckConstraints"}
    assert bias["PostTrainingConstraints"]["S3Uri"] == used


def test_what_the_configuration_says_reaches_the_checks(small: Path) -> None:
    more = (
        "skip_check = false\nregister_new_baseline = false\nfail_on_violation = false\nfacet_values = { sex = ['f'] }"
    )
    steps, told = made(small, FACETS + CLARIFY + more)
    for name in told:
        assert steps[name]["SkipCheck"] is steps[name]["RegisterNewBaseline"] is steps[name]["FailOnViolation"] is False
        assert steps[name]["ModelPackageGroupName"] == small.name
    assert told["DataBias"]["facet"] == [{"name_or_index": "sex", "value_or_threshold": ["f"]}]


@pytest.mark.parametrize(
    ("text", "told"),
    [("facet_thresholds = { age = 40 }", [40]), ('facet_values = { age = ["30", "31.5"] }', [30, 31.5])],
    ids=["threshold", "values"],
)
def test_groups_of_a_numeric_facet_are_numbers(small: Path, text: str, told: list[float]) -> None:
    _, checks = made(small, FACETS.replace('facets = ["sex"]', 'facets = ["age"]') + CLARIFY + text)
    assert checks["DataBias"]["facet"] == [{"name_or_index": "age", "value_or_threshold": told}]


def test_without_facets_explanations_alone(small: Path) -> None:
    _, told = made(small, SMALL + CLARIFY)
    assert list(told) == ["Explainability"]


def test_the_same_definition_again(small: Path) -> None:
    assert made(small, FACETS + CLARIFY) == made(small, FACETS + CLARIFY)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('partial_dependence = ["age"]', 'analysis.partial_dependence belongs to engine = "open"'),
        ('[train]\nalgorithm = "random_cut_forest"\nengine = "builtin"', "asks a model in one container"),
        ("", "needs the threshold of the numeric facet 'age'"),
        ('facet_values = { age = ["30"] }', "needs the threshold of the numeric facet 'age', or two or more"),
        ('facet_values = { age = ["30", "old"] }', "'old' is no number, and the facet 'age' is numeric"),
    ],
    ids=["curves", "builtin", "a median", "one value", "no number"],
)
def test_what_clarify_does_not_do_is_refused(small: Path, text: str, sentence: str) -> None:
    facets = FACETS.replace('facets = ["sex"]', 'facets = ["age"]') if "facet" in sentence else FACETS
    (small / config.FILE).write_text(facets + CLARIFY + text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        config.load(small)
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
