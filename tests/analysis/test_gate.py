"""The gate's verdicts and their words."""

import pytest

from analysis.gate import DEFAULTS, Rule, judge
from contract.errors import InputError
from contract.findings import Finding
from contract.words import plain


def report(lower: float | None = 0.7, value: float | None = 0.8, reason: str | None = None) -> dict[str, object]:
    metric = {"value": value, "standard_deviation": 0.01, "lower": lower, "upper": 0.9}
    return {"binary_classification_metrics": {"auc": metric | ({"reason": reason} if reason else {}), "threshold": 0.5}}


def test_it_passes_with_a_reason_and_the_metrics() -> None:
    verdict = judge(report(), [DEFAULTS["binary"]], "abc")
    assert verdict.passed
    assert verdict.reason == "Passed: the lower end of the 95 % interval of auc is 0.7000, above 0.5."
    assert verdict.metrics == {"auc": 0.8}
    assert verdict.artefact == "abc"


def test_a_model_that_guesses_fails() -> None:
    verdict = judge(report(lower=0.5, value=0.5), [DEFAULTS["binary"]], "abc")
    assert not verdict.passed
    assert "must be above 0.5" in verdict.reason


@pytest.mark.parametrize(
    ("rule", "passed"),
    [
        (Rule("auc", "value", minimum=0.79), True),
        (Rule("auc", "value", minimum=0.81), False),
        (Rule("auc", "upper", maximum=0.95), True),
        (Rule("auc", "upper", maximum=0.9), False),
        (Rule("auc", "lower", minimum=0.6, maximum=0.71), True),
    ],
)
def test_bounds(rule: Rule, passed: bool) -> None:
    assert judge(report(), [rule], "abc").passed is passed


def test_all_rules_must_hold_and_the_reason_names_the_failures() -> None:
    rules = [Rule("auc", "value", minimum=0.5), Rule("auc", "value", minimum=0.99)]
    verdict = judge(report(), rules, "abc")
    assert not verdict.passed
    assert "0.99" in verdict.reason
    assert "Passed" not in verdict.reason


def test_an_undefined_metric_fails_with_its_reason() -> None:
    verdict = judge(report(None, None, "All 3 test rows are of class no."), [DEFAULTS["binary"]], "abc")
    assert not verdict.passed
    assert "undefined (all 3 test rows are of class no)" in verdict.reason
    assert verdict.metrics == {}
    assert verdict.to_document()["metrics"] == {"auc": "undefined"}, "registration asks for it by name"


def test_a_metric_that_no_rule_asks_for_may_be_undefined_and_is_named() -> None:
    section = {"macro_auc": {"value": None, "lower": None}, "accuracy": {"value": 0.8, "lower": 0.7}, "classes": {}}
    verdict = judge({"multiclass_classification_metrics": section}, [Rule("accuracy", minimum=0.3)], "abc")
    assert verdict.passed
    assert verdict.to_document()["metrics"] == {"accuracy": 0.8, "macro_auc": "undefined"}


def test_the_reason_is_a_description_that_sagemaker_takes() -> None:
    others = [Finding(True, f"M{index} of sex = \x1b[31mFe\n\tmale is 0.0, between -1 and 1") for index in range(30)]
    verdict = judge(report(), [DEFAULTS["binary"]], "abc", others)
    assert len(verdict.reason) <= 1024
    assert verdict.reason == plain(verdict.reason)
    said = verdict.reason.count("; M")
    assert verdict.reason.endswith(f"; and {30 - said} more, which report.html tells.")
    assert verdict.clauses[-1] == "M29 of sex = [31mFe male is 0.0, between -1 and 1"
    assert judge(report(), [DEFAULTS["binary"]], "abc", others[: said - 1]).reason.endswith("between -1 and 1.")


def test_a_clause_that_is_too_long_by_itself_is_cut() -> None:
    for others in ([Finding(False, "x" * 1019)], [Finding(False, "x" * 5000), Finding(False, "y")]):
        assert len(judge(report(), [], "abc", others).reason) == 1024


def test_an_interval_that_is_missing_fails_too() -> None:
    assert not judge(
        report(lower=None, reason="No interval: 3 of 20 resamples define it."), [DEFAULTS["binary"]], "a"
    ).passed


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"metric": "auc"}, "minimum or a maximum"),
        ({"metric": "auc", "bound": "middle", "minimum": 1}, "lower, value, upper"),
        ({"metrik": "auc", "minimum": 1}, "metrik"),
    ],
)
def test_a_bad_rule_is_one_sentence(document: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Rule.from_document(document)


def test_an_unknown_metric_is_named_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="asks for f7, the report has auc"):
        judge(report(), [Rule("f7", minimum=0)], "abc")


@pytest.mark.parametrize(
    ("value", "clause"),
    [
        (0.5, "auc is 0.5000, it must be above 0.5"),
        (0.50001, "auc is 0.50001, above 0.5"),
        (0.00001, "auc is 1.0e-05, it must be above 0.5"),
    ],
)
def test_a_clause_has_the_digits_that_it_turns_on(value: float, clause: str) -> None:
    assert clause in judge(report(value=value), [Rule("auc", minimum=0.5)], "abc").reason


@pytest.mark.parametrize(
    ("metric", "classes", "said"),
    [
        (
            "macro_auc", {"UK": 900, "Iceland": 1, "Spain": 12},
            "is undefined (no interval: 57 of 200 resamples define it, since the rarest class, Iceland, has 1 test "
            'row): gate.bound = "value", another gate.metric, more test rows of rare classes or fewer classes would '
            "mend it",
        ),
        (
            "auc", {"no": 900, "yes": 2},
            "is undefined (no interval: 57 of 200 resamples define it, since the rarest class, yes, has 2 test rows): "
            'gate.bound = "value", another gate.metric or more test rows of rare classes would mend it',
        ),
        (
            "precision", {"no": 900, "yes": 200},
            "is undefined (no interval: 57 of 200 resamples define it): "
            'gate.bound = "value" or another gate.metric would mend it',
        ),
        (
            "r2", {},
            "is undefined (no interval: 57 of 200 resamples define it): "
            'gate.bound = "value" or another gate.metric would mend it',
        ),
    ],
    ids=["classes", "binary", "predicted", "regression"],
)  # fmt: skip
def test_a_missing_interval_names_its_cause_and_what_would_mend_it(
    metric: str, classes: dict[str, int], said: str
) -> None:
    found = {"value": 0.8, "lower": None, "upper": None, "reason": "No interval: 57 of 200 resamples define it."}
    matrix = {"confusion_matrix": {name: {"one": rows - 1, "other": 1} for name, rows in classes.items()}}
    section = {metric: found} | (matrix if classes else {})
    verdict = judge({"multiclass_classification_metrics": section}, [Rule(metric, "lower", minimum=0.5)], "abc")
    assert verdict.clauses[0] == f"the lower end of the 95 % interval of {metric} {said}"


def test_a_metric_without_a_value_is_not_mended_by_the_bound() -> None:
    found = {"macro_auc": {"value": None, "reason": "No test row is of class a."}}
    verdict = judge({"multiclass_classification_metrics": found}, [Rule("macro_auc", "lower", minimum=0.5)], "abc")
    assert "(no test row is of class a): another gate.metric or more test rows" in verdict.clauses[0]
    assert "bound" not in verdict.clauses[0]
