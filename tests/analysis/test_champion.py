"""Champion and challenger: who wins, by how much, and what is said when there is nothing to compare."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from analysis import champion, metrics
from analysis.bootstrap import Estimate
from analysis.champion import Comparison, Rule, alone, compare, incomparable
from analysis.losses import LOSSES
from contract.decision import Decision
from contract.errors import InputError

ROWS = 2000
BINARY = Decision("binary", ("no", "yes"), 0.5, "fixed:0.5")
REGRESSION = Decision("regression", ())


def scored(noise: float, seed: int = 1) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Labels, the same for every seed, and scores that follow them but for the noise."""
    labels = (np.random.default_rng(0).random(ROWS) < 0.3).astype(np.int64)
    margin = labels + noise * np.random.default_rng(seed).normal(size=ROWS)
    return labels, 1 / (1 + np.exp(-margin))


def versus(noise: float, other: float, rule: Rule, seed: int = 2) -> Comparison:
    labels, scores = scored(noise)
    _, reference = scored(other, seed)
    one, two = (metrics.sample(labels, each, BINARY) for each in (scores, reference))
    return compare(one, two, "3", rule, ROWS, 100, 7)


@pytest.mark.parametrize("bound", ["lower", "value", "upper"])
def test_a_better_candidate_passes_and_a_worse_one_does_not(bound: str) -> None:
    rule = Rule.from_document({"metric": "auc", "bound": bound})
    better, worse = versus(0.5, 2.0, rule), versus(2.0, 0.5, rule)
    assert better.finding.passed
    assert not worse.finding.passed
    assert "better than that of version 3 on the same test rows" in better.finding.clause
    assert "must not be below 0" in worse.finding.clause


def test_the_bounds_differ_where_the_rows_do_not_decide() -> None:
    rules = {bound: Rule("auc", bound) for bound in ("lower", "upper")}  # type: ignore[arg-type]
    found = {bound: versus(1.0, 1.0, rule, seed=5) for bound, rule in rules.items()}
    assert found["upper"].finding.passed
    assert not found["lower"].finding.passed
    assert versus(1.0, 1.0, Rule("auc", "lower", margin=0.1), seed=5).finding.passed


def test_a_loss_is_better_when_it_is_less() -> None:
    rule = Rule("log_loss")
    better, worse = versus(0.5, 2.0, rule), versus(2.0, 0.5, rule)
    assert better.advantage
    assert worse.advantage
    assert (better.candidate or 0) < (better.reference or 0)
    assert better.advantage.value == pytest.approx((better.reference or 0) - (better.candidate or 0))
    assert better.finding.passed
    assert not worse.finding.passed


def test_the_interval_is_that_of_paired_resamples() -> None:
    """Against a bootstrap that copies rows and asks scikit-learn."""
    labels, scores = scored(1.0)
    _, reference = scored(1.2, 1)  # nearly the same noise: what is hard for one is hard for the other
    samples = [metrics.sample(labels, each, BINARY) for each in (scores, reference)]
    found = compare(samples[0], samples[1], "3", Rule("auc"), ROWS, 100, 7).advantage
    generator = np.random.default_rng(7)
    draws = []
    for _ in range(100):
        rows = generator.integers(0, ROWS, ROWS)
        draws.append(roc_auc_score(labels[rows], scores[rows]) - roc_auc_score(labels[rows], reference[rows]))
    assert found
    assert found.lower == pytest.approx(np.percentile(draws, 2.5))
    assert found.upper == pytest.approx(np.percentile(draws, 97.5))
    assert found.standard_deviation == pytest.approx(np.std(draws, ddof=1))


def test_a_model_beside_itself_passes_every_bound_with_nothing_between() -> None:
    labels, scores = scored(1.0)
    sample = metrics.sample(labels, scores, BINARY)
    for bound in ("lower", "value", "upper"):
        found = compare(sample, sample, "3", Rule("auc", bound), ROWS, 50, 1)  # type: ignore[arg-type]
        assert found.finding.passed
        assert found.finding.clause.startswith("auc is that of version 3 on the same test rows")


def test_an_undefined_metric_cannot_be_compared() -> None:
    labels = np.zeros(50, dtype=np.int64)
    sample = metrics.sample(labels, np.linspace(0, 1, 50), BINARY)
    found = compare(sample, sample, "3", Rule("auc"), 50, 20, 1)
    assert found.finding.passed
    assert (
        "version 3 cannot be compared (its auc is undefined: all 50 test rows are of class no)" in found.finding.clause
    )
    assert "advantage" not in found.to_document()


def test_a_candidate_that_leaves_the_metric_undefined_has_shown_nothing() -> None:
    """One that predicts nobody has no precision: it must not pass a champion that has one."""
    labels, scores = scored(1.0)
    nobody = metrics.sample(labels, np.zeros(ROWS), BINARY)
    somebody = metrics.sample(labels, scores, BINARY)
    rule = Rule("precision")
    found = compare(nobody, somebody, "7", rule, ROWS, 20, 1)
    assert not found.finding.passed
    assert not found.compared
    value = somebody.values()["precision"]
    assert found.finding.clause == (
        f"precision is undefined (no test row is predicted as yes), and that of version 7 is {value:.4f}"
    )
    other = compare(somebody, nobody, "7", rule, ROWS, 20, 1)
    assert other.finding.passed
    assert "version 7 cannot be compared (its precision is undefined" in other.finding.clause
    assert compare(nobody, nobody, "7", rule, ROWS, 20, 1).finding.passed


@pytest.mark.parametrize("metric", sorted(LOSSES))
def test_less_is_better_of_every_loss(metric: str) -> None:
    labels, good = scored(0.3)
    sides = [metrics.sample(labels, each, BINARY) for each in (good, 1 - good)]
    if metric not in sides[0].values():
        sides = [metrics.sample(labels.astype(float), labels + width, REGRESSION) for width in (0.1, 0.5)]
    found = compare(sides[0], sides[1], "1", Rule(metric, "lower"), ROWS, 20, 1)
    assert found.finding.passed
    assert found.candidate is not None
    assert found.reference is not None
    assert found.candidate < found.reference
    assert not compare(sides[1], sides[0], "1", Rule(metric), ROWS, 20, 1).finding.passed


@pytest.mark.parametrize("metric", ["auc", "average_precision", "accuracy", "precision", "recall", "f1", "r2"])
def test_more_is_better_of_every_other_metric(metric: str) -> None:
    assert metric not in LOSSES
    samples = [metrics.sample(np.arange(4.0), np.arange(4.0), REGRESSION), metrics.sample(*scored(1.0), BINARY)]
    assert set(samples[0].values()) | set(samples[1].values()) == LOSSES | {
        "auc", "average_precision", "accuracy", "precision", "recall", "f1", "r2"
    }  # fmt: skip


def told(advantage: float, bound: str, margin: float) -> tuple[bool, str]:
    """The finding on an advantage whose interval is ±.001."""
    found = Estimate(advantage, 0.001, advantage - 0.001, advantage + 0.001)
    finding = champion._finding(found, "3", Rule("auc", bound, margin), champion.SAME)  # type: ignore[arg-type]
    return finding.passed, finding.clause


def test_the_clause_has_the_digits_that_it_needs() -> None:
    assert told(0.80 - 0.82, "value", 0.02)[0], "what rounding explains is no difference"
    passed, clause = told(-0.02000004, "value", 0.02)
    assert not passed
    assert clause.startswith("auc is 0.02000004 worse than")
    passed, clause = told(-0.00100001, "upper", 0.0)
    assert not passed
    assert "-0.0020 to -1.0e-08), but the advantage's upper end must not be below 0" in clause
    assert told(-0.03, "lower", 0.02)[1].endswith(", but the advantage's lower end must be at least -0.02")
    passed, clause = told(0.00002, "value", 0.0)
    assert clause.startswith("auc is 2.0e-05 better than that of version 3 ")
    assert "(95 % interval of the advantage -0.0010 to +0.0010)" in clause
    assert told(0.0, "value", 0.0)[1].startswith("auc is that of version 3 on")
    assert told(0.0305, "lower", 0.0)[1] == (
        "auc is 0.0305 better than that of version 3 on the same test rows "
        "(95 % interval of the advantage +0.0295 to +0.0315)"
    )


def test_a_regression_is_compared_by_its_own_metric() -> None:
    values = np.random.default_rng(0).normal(size=300)
    close, far = (metrics.sample(values, values + width, REGRESSION) for width in (0.1, 0.5))
    found = compare(close, far, "1", Rule("rmse"), 300, 50, 1)
    assert found.finding.passed
    assert found.to_document()["advantage"]["value"] == pytest.approx(0.4)
    with pytest.raises(InputError, match="compared by auc, the report has r2"):
        compare(close, far, "1", Rule("auc"), 300, 50, 1)


def test_what_is_said_without_a_champion() -> None:
    assert alone().to_document() == {
        "passed": True,
        "clause": "no approved version was given to be compared with, so the absolute threshold alone decides",
        "champion": "",
        "compared": False,
    }
    assert incomparable("4", "It lacks the column 'x'.").finding.clause == (
        "version 4 cannot be compared (it lacks the column 'x'), so the absolute threshold alone decides"
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"metric": "auc", "bound": "middle"}, "bound is 'middle'; it is one of lower, value, upper"),
        ({"metric": "auc", "margin": -0.1}, "margin is -0.1; it must not be negative"),
        ({"metric": "auc", "margin": float("nan")}, "must not be negative"),
        ({"margin": 0.1}, "cannot be read"),
    ],
)
def test_rules_that_make_no_sense(document: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        Rule.from_document(document)


def test_a_missing_interval_names_the_rarest_class_and_what_would_mend_it() -> None:
    labels = np.append(np.arange(60) % 2, [2, 2, 3, 4])
    scores = np.random.default_rng(0).dirichlet(np.ones(5), len(labels))
    rows = metrics.sample(labels, scores, Decision("multiclass", ("a", "b", "few", "rare", "one")))
    found = compare(rows, rows, "3", Rule("macro_auc"), len(labels), 8, 0).finding
    defined = re.fullmatch(
        r"macro_auc beside version 3 cannot be judged \(no interval: [0-3] of 8 resamples define it, since the rarest "
        r"class, rare, has 1 test row\): champion.bound = \"value\", another champion.metric, more test rows of rare "
        r"classes or fewer classes would mend it",
        found.clause,
    )
    assert defined, found.clause
    assert not found.passed
    assert compare(rows, rows, "3", Rule("macro_auc", "value"), len(labels), 8, 0).finding.passed
