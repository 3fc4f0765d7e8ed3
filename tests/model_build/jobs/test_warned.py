"""Warnings beside the verdict: what a person reads in every document before they approve."""

from typing import Any

import pytest

from contract import documents
from contract.decision import Decision
from model_build.jobs.training_told import Training
from model_build.jobs.warned import warnings
from tests.model_build.jobs.conftest import Jobs

BINARY = Decision("binary", ("No", "Yes"), 0.4, "best F1")


def counted(no: tuple[int, int], yes: tuple[int, int]) -> dict[str, Any]:
    """`evaluation.json` of rows that are No and Yes, each decided No and Yes."""
    auc = {"value": 0.8, "standard_deviation": 0.01, "lower": 0.78, "upper": 0.82}
    matrix = {"No": dict(zip(BINARY.classes, no, strict=True)), "Yes": dict(zip(BINARY.classes, yes, strict=True))}
    return {
        "dataset": {"item_count": sum(no) + sum(yes)},
        "method": "counted",
        "binary_classification_metrics": {"auc": auc, "confusion_matrix": matrix},
        "model": {"artefact": "f" * 64, "decision": BINARY.to_document()},
        "plots": [],
    }


@pytest.mark.parametrize(
    ("no", "yes", "said"),
    [
        ((90, 0), (10, 0), "At the threshold of 0.4 (best F1) no test row is decided 'Yes', though 10 of 100 are"),
        ((86, 4), (10, 0), "none of the 10 test rows that are 'Yes' is found, and all of the 4 decided so are false"),
        ((0, 90), (0, 10), "every test row is decided 'Yes', though 10 of 100 are"),
        ((89, 1), (9, 1), ""),
        ((100, 0), (0, 0), ""),
        ((99, 1), (0, 0), ""),
    ],
    ids=["none", "no hit", "all", "some", "nothing to find", "false alarm alone"],
)
def test_decisions_that_say_nothing(no: tuple[int, int], yes: tuple[int, int], said: str) -> None:
    found = list(warnings(counted(no, yes), BINARY, {}, Training()))
    assert len(found) == bool(said)
    assert all(said in sentence and "train.threshold" in sentence for sentence in found)


@pytest.mark.parametrize(
    ("decision", "key"),
    [
        (Decision("regression", ()), "analysis.favourable_above"),
        (Decision("multiclass", ("a", "b", "c")), "analysis.favourable names"),
    ],
    ids=["regression", "multiclass"],
)
def test_facets_that_nobody_compared(decision: Decision, key: str) -> None:
    facets = Training(facets=("sex", "age"))
    [sentence] = warnings({}, decision, {"explanations": {}}, facets)
    assert sentence.startswith("The bias between the groups of 'sex', 'age' is not analysed: a ")
    assert key in sentence
    assert not list(warnings({}, decision, {"post_training_bias_metrics": {}}, facets))
    assert not list(warnings({}, decision, {}, facets)), "there was no analysis at all"
    assert not list(warnings({}, decision, {"explanations": {}}, Training()))


def test_every_document_tells_them(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    shifted = "The split gives test 3 of 100 rows, 3 % where 30 % was asked."
    documents.write(jobs.folder / "fit/findings.json", {"rows": {"test": 3, "train": 97}, "split": [shifted]})
    documents.write(jobs.folder / "output/evaluation.json", counted((90, 0), (10, 0)))
    monkeypatch.setenv("FINDINGS", str(jobs.folder / "fit"))
    verdict = jobs.verdict()
    assert verdict["passed"]
    assert verdict["warnings"][0] == shifted
    assert "no test row is decided 'Yes'" in verdict["warnings"][1]
    for name in ("report.html", "card.html"):
        page = (jobs.folder / "verdict" / name).read_text(encoding="utf-8")
        assert page.count(shifted) == page.count("no test row is decided") == 1, name
