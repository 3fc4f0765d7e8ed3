"""Verdict: one flat document out of what the other jobs left, with the reason in words."""

from typing import Any

import pytest

from contract import documents
from tests.model_build.jobs.conftest import Jobs


def bias(**groups: float | None) -> dict[str, Any]:
    """`analysis.json` with DI of groups of the facet `sex`."""
    facets = [
        {
            "value_or_threshold": group,
            "metrics": [{"name": "DI", "description": "", "value": value, "error": "No rows."}],
        }
        for group, value in groups.items()
    ]
    return {"version": "1.0", "post_training_bias_metrics": {"facets": {"sex": facets}}}


@pytest.fixture
def evaluated(jobs: Jobs) -> Jobs:
    """What Evaluate leaves of a model that passes by its AUC."""
    auc = {"value": 0.8, "standard_deviation": 0.01, "lower": 0.78, "upper": 0.82}
    decision = {"task": "binary", "classes": ["No", "Yes"], "threshold": 0.4, "rule": "best F1", "scale": "probability"}
    documents.write(
        jobs.folder / "output/evaluation.json",
        {
            "dataset": {"item_count": 100},
            "method": "counted",
            "binary_classification_metrics": {"auc": auc},
            "model": {"artefact": "f" * 64, "decision": decision},
            "plots": [],
        },
    )
    return jobs


def test_the_evaluation_alone(evaluated: Jobs) -> None:
    verdict = evaluated.verdict()
    assert verdict == {
        "passed": True,
        "reason": "Passed: the lower end of the 95 % interval of auc is 0.7800, above 0.5.",
        "artefact": "f" * 64,
        "metrics": {"auc": 0.8},
    }
    assert verdict["reason"] in (evaluated.folder / "verdict/report.html").read_text()


@pytest.mark.parametrize(
    ("groups", "passed", "words"),
    [
        (
            {"Female": 0.92, "Male": 1.09},
            True,
            "sex = Male is 1.0900, between 0.8 and 1.25 (the four-fifths rule)",
        ),
        ({"Female": 0.36, "Male": 2.77}, False, "DI of sex = Female is 0.3600, it must be between 0.8 and 1.25"),
        ({"Female": 0.8, "Male": 1.25}, True, "the four-fifths rule"),
        ({"Female": 0.0}, False, "is 0.0000, it must be"),
        ({"Female": 1.0, "Diverse": None}, False, "DI of sex = Diverse is undefined (no rows)"),
    ],
)
def test_a_gate_on_bias(evaluated: Jobs, groups: dict[str, float | None], passed: bool, words: str) -> None:
    documents.write(evaluated.folder / "analysis/analysis.json", bias(**groups))
    verdict = evaluated.verdict(bias={"DI": 0.8})
    assert verdict["passed"] is passed
    assert words in verdict["reason"]
    assert evaluated.verdict()["passed"], "nothing asks for it"


def test_the_champion_counts(evaluated: Jobs) -> None:
    documents.write(
        evaluated.folder / "output/champion.json",
        {"passed": False, "clause": "auc is worse", "champion": "3", "compared": False},
    )
    verdict = evaluated.verdict()
    assert verdict["passed"] is False
    assert verdict["reason"] == "Rejected: auc is worse."


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"gate": {"metric": "f7", "minimum": 0.1}}, "asks for f7"),
        ({"gates": {}}, "gates"),
        ({"bias": {"DI": 0.8}}, "the bias metric DI"),
    ],
)
def test_settings_that_make_no_sense(evaluated: Jobs, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        evaluated.verdict(**settings)
    assert ended.value.code == 1
    assert words in (evaluated.folder / "message").read_text()
