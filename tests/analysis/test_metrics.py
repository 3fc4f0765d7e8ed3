"""Metrics and intervals against scikit-learn: on the rows themselves, and on resamples as sample weights."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from analysis import curves
from analysis.binary import Binary
from analysis.bootstrap import estimates, resamples
from analysis.metrics import evaluate, flat, sample
from analysis.multiclass import Multiclass
from analysis.ranking import Ranking
from analysis.regression import Regression
from contract.decision import Decision
from contract.errors import InputError

BINARY = Decision("binary", ("good", "bad"), 0.5)


def rows(seed: int = 0, n: int = 500) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.random(n) < 0.3
    # Rounded, so that there are ties.
    scores = np.round(np.clip(0.3 + 0.2 * labels + 0.2 * generator.normal(size=n), 0.01, 0.99), 2)
    return labels.astype(np.int64), scores


def classes(seed: int = 0, n: int = 400, k: int = 4) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, k, n)
    scores = generator.random((n, k)) + 0.5 * np.eye(k)[labels]
    return labels, scores / scores.sum(axis=1, keepdims=True)


def numbers(seed: int = 0, n: int = 401) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.normal(1000, 5, n)
    return labels, labels + generator.normal(0, 2, n)


def test_binary_resample_is_scikit_learn_with_sample_weights() -> None:
    labels, scores = rows()
    binary = Binary(labels, scores, 0.45, BINARY.classes)
    predicted = scores >= 0.45
    for weights in resamples(len(labels), 5, seed=1):
        got = binary.resampled(weights)
        assert got["auc"] == pytest.approx(sk.roc_auc_score(labels, scores, sample_weight=weights))
        assert got["average_precision"] == pytest.approx(
            sk.average_precision_score(labels, scores, sample_weight=weights)
        )
        assert got["log_loss"] == pytest.approx(sk.log_loss(labels, scores, sample_weight=weights))
        assert got["brier"] == pytest.approx(sk.brier_score_loss(labels, scores, sample_weight=weights))
        assert got["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted, sample_weight=weights))
        assert got["precision"] == pytest.approx(sk.precision_score(labels, predicted, sample_weight=weights))
        assert got["recall"] == pytest.approx(sk.recall_score(labels, predicted, sample_weight=weights))
        assert got["f1"] == pytest.approx(sk.f1_score(labels, predicted, sample_weight=weights))


def test_multiclass_resample_is_scikit_learn_with_sample_weights() -> None:
    labels, scores = classes()
    multiclass = Multiclass(labels, scores, ("a", "b", "c", "d"))
    predicted = scores.argmax(axis=1)
    for weights in resamples(len(labels), 5, seed=1):
        got = multiclass.resampled(weights)
        by_class = [sk.roc_auc_score(labels == k, scores[:, k], sample_weight=weights) for k in range(4)]
        assert got["macro_auc"] == pytest.approx(np.mean(by_class))
        assert got["accuracy"] == pytest.approx(sk.accuracy_score(labels, predicted, sample_weight=weights))
        assert got["log_loss"] == pytest.approx(sk.log_loss(labels, scores, sample_weight=weights))
        for kind in ("macro", "weighted"):
            expected = sk.f1_score(labels, predicted, sample_weight=weights, average=kind)
            assert got[f"{kind}_f1"] == pytest.approx(expected)


def test_regression_resample_is_the_metric_on_repeated_rows() -> None:
    labels, scores = numbers()
    regression = Regression(labels, scores)
    for weights in resamples(len(labels), 5, seed=1):
        drawn = np.repeat(np.arange(len(labels)), weights.astype(int))
        got = regression.resampled(weights)
        assert got["r2"] == pytest.approx(sk.r2_score(labels[drawn], scores[drawn]))
        assert got["mse"] == pytest.approx(sk.mean_squared_error(labels[drawn], scores[drawn]))
        assert got["mae"] == pytest.approx(sk.mean_absolute_error(labels[drawn], scores[drawn]))
        assert got["median_absolute_error"] == pytest.approx(sk.median_absolute_error(labels[drawn], scores[drawn]))


@pytest.mark.parametrize(
    "judged",
    [
        Binary(*rows(), 0.4, BINARY.classes),
        Multiclass(*classes(), ("a", "b", "c", "d")),
        Regression(*numbers()),
    ],
    ids=["binary", "multiclass", "regression"],
)
def test_each_row_once_is_the_value_itself(judged: Binary | Multiclass | Regression) -> None:
    values = judged.values()
    assert judged.resampled(np.ones(len(judged.labels))) == pytest.approx(values)
    assert all(np.isfinite(value) for value in values.values())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_ranking_equals_scikit_learn_for_any_ties(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([label for label, _ in pairs]), np.array([score / 5 for _, score in pairs])
    ranking = Ranking(labels, scores)
    if labels.all() or not labels.any():
        assert np.isnan(ranking.auc())
        return
    assert ranking.auc() == pytest.approx(sk.roc_auc_score(labels, scores))
    assert ranking.average_precision() == pytest.approx(sk.average_precision_score(labels, scores))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # Two unit normals one apart: AUC = Φ(1 / √2) = .7602 (Green and Swets, 1966).
    generator, covered = np.random.default_rng(5), 0
    for trial in range(100):
        labels = np.arange(300) % 2
        scores = generator.normal(labels, 1.0)
        judged = sample(labels, 1 / (1 + np.exp(-scores)), BINARY)
        auc = evaluate(judged, 300, 100, seed=trial)["binary_classification_metrics"]["auc"]
        covered += auc["lower"] <= 0.7602 <= auc["upper"]
    assert 87 <= covered <= 100


@pytest.mark.parametrize(
    ("labels", "scores", "decision"),
    [
        (*rows(), BINARY),
        (*classes(), Decision("multiclass", ("a", "b", "c", "d"))),
        (*numbers(), Decision("regression", ())),
    ],
    ids=["binary", "multiclass", "regression"],
)
def test_error_and_interval_are_those_of_the_resamples_of_the_seed(
    labels: np.ndarray, scores: np.ndarray, decision: Decision
) -> None:
    judged = sample(labels, scores, decision)
    metrics = evaluate(judged, len(labels), 60, seed=4)[judged.section]
    generator = np.random.default_rng(4)
    n = len(labels)
    weights = [np.bincount(generator.integers(0, n, n), minlength=n).astype(float) for _ in range(60)]
    draws = [judged.resampled(each) for each in weights]
    for name in draws[0]:
        values = [draw[name] for draw in draws]
        assert [metrics[name]["lower"], metrics[name]["upper"]] == pytest.approx(np.percentile(values, [2.5, 97.5]))
        assert metrics[name]["standard_deviation"] == pytest.approx(np.std(values, ddof=1), rel=1e-9)


def test_confusion_matrices_have_the_actual_class_first() -> None:
    labels, scores = np.array([0, 0, 0, 1, 1, 1]), np.array([0.1, 0.2, 0.9, 0.3, 0.4, 0.8])
    binary = sample(labels, scores, BINARY).details()
    assert binary["confusion_matrix"] == {"good": {"good": 2, "bad": 1}, "bad": {"good": 2, "bad": 1}}
    three = Multiclass(np.array([0, 0, 1, 2]), np.eye(3)[[1, 1, 1, 0]], ("a", "b", "c")).details()
    assert three["confusion_matrix"] == {
        "a": {"a": 0, "b": 2, "c": 0}, "b": {"a": 0, "b": 1, "c": 0}, "c": {"a": 1, "b": 0, "c": 0}
    }  # fmt: skip
    assert (three["classes"]["b"]["precision"], three["classes"]["b"]["recall"]) == (pytest.approx(1 / 3), 1.0)


def test_calibration_sums_the_gaps_of_the_bins_without_their_signs() -> None:
    # Score .2 where a half is positive, score .8 where a half is: .3 too low, .3 too high.
    labels, scores = np.array([0, 1, 0, 1]), np.array([0.2, 0.2, 0.8, 0.8])
    binary = Binary(labels, scores, 0.5, BINARY.classes)
    assert binary.values()["expected_calibration_error"] == pytest.approx(0.3)
    # Weights 3, 1 | 1, 1: shares .25 and .5 in bins of 4 and 2 rows.
    weighted = binary.resampled(np.array([3.0, 1.0, 1.0, 1.0]))["expected_calibration_error"]
    assert weighted == pytest.approx((4 * 0.05 + 2 * 0.3) / 6)
    bins = {each["lower_bound"]: each for each in binary.calibration_bins() if each["count"]}
    assert set(bins) == {0.2, 0.8}
    for bound, each in bins.items():
        assert (each["count"], each["mean_score"], each["positive_rate"]) == (2, pytest.approx(bound), 0.5)


def test_curves_are_those_of_scikit_learn() -> None:
    labels, scores = rows()
    details = Binary(labels, scores, 0.5, BINARY.classes).details()
    curve = details["receiver_operating_characteristic_curve"]
    false, true, _ = sk.roc_curve(labels, scores, drop_intermediate=False)
    assert curve["false_positive_rates"] == pytest.approx(false)
    assert curve["true_positive_rates"] == pytest.approx(true)
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    assert details["precision_recall_curve"]["precisions"] == pytest.approx(precision[-2::-1])
    assert details["precision_recall_curve"]["recalls"] == pytest.approx(recall[-2::-1])


def test_the_band_of_the_roc_curve_is_the_95_percent_interval_of_the_resamples() -> None:
    labels, scores = rows()
    ranking, n = Ranking(labels, scores), len(labels)
    grid, lower, upper = curves.roc_band(ranking, n, 60, seed=4)
    draws = []
    for weights in resamples(n, 60, seed=4):
        true, false = ranking.counts(weights)
        draws.append(np.interp(grid, np.append(0, false / false[-1]), np.append(0, true / true[-1])))
    expected = np.percentile(draws, [2.5, 97.5], axis=0)
    assert lower == pytest.approx(expected[0])
    assert upper == pytest.approx(expected[1])
    assert grid == pytest.approx(np.arange(101) / 100)


def test_residuals_are_labels_minus_predictions() -> None:
    residuals = np.arange(101.0) ** 2
    regression = Regression(residuals + 7, np.full(101, 7.0))
    assert regression.residuals == pytest.approx(residuals)
    assert regression.details()["residual_quantiles"] == pytest.approx(
        {"0.05": 25, "0.25": 625, "0.5": 2500, "0.75": 5625, "0.95": 9025}
    )


def test_the_report_has_sagemakers_shape() -> None:
    labels, scores = rows()
    report = evaluate(sample(labels, scores, BINARY), len(labels), 50, seed=0)
    metrics = report["binary_classification_metrics"]
    assert set(metrics["auc"]) == {"value", "standard_deviation", "lower", "upper"}
    assert metrics["auc"]["lower"] < metrics["auc"]["value"] < metrics["auc"]["upper"]
    matrix = metrics["confusion_matrix"]
    assert sum(count for row in matrix.values() for count in row.values()) == len(labels)
    assert matrix["bad"]["bad"] == int(((scores >= 0.5) & (labels == 1)).sum())
    curve = metrics["receiver_operating_characteristic_curve"]
    assert curve["false_positive_rates"][-1] == curve["true_positive_rates"][-1] == 1.0
    assert sum(each["count"] for each in metrics["calibration"]["bins"]) == len(labels)
    assert flat(report)["auc"] == metrics["auc"]["value"]
    assert evaluate(sample(labels, scores, BINARY), len(labels), 50, seed=0) == report


def test_undefined_is_null_with_a_reason() -> None:
    report = evaluate(sample(np.zeros(50), np.full(50, 0.1), BINARY), 50, 20, seed=0)
    metrics = report["binary_classification_metrics"]
    for name in ("auc", "average_precision", "precision", "recall", "f1"):
        assert metrics[name]["value"] is None
        assert "bad" in metrics[name]["reason"] or "good" in metrics[name]["reason"]
    assert metrics["accuracy"]["value"] == 1.0
    assert "auc" not in flat(report)


def test_a_constant_label_leaves_r2_undefined() -> None:
    report = evaluate(sample(np.ones(9), np.zeros(9), Decision("regression", ())), 9, 20, seed=0)
    assert report["regression_metrics"]["r2"]["value"] is None
    assert report["regression_metrics"]["mse"]["value"] == 1.0


def test_an_absent_class_leaves_the_macro_auc_undefined() -> None:
    labels, scores = classes(k=3)
    judged = sample(np.minimum(labels, 1), scores, Decision("multiclass", ("a", "b", "c")))
    report = evaluate(judged, len(labels), 20, seed=0)
    assert "class c" in report["multiclass_classification_metrics"]["macro_auc"]["reason"]
    assert report["multiclass_classification_metrics"]["classes"]["c"]["recall"] is None


def test_a_metric_that_most_resamples_do_not_define_has_no_interval() -> None:
    def twice(weights: np.ndarray) -> dict[str, float]:  # row 0 is drawn twice or more in a quarter of the resamples
        return {"x": float(weights[0]) if weights[0] >= 2 else float("nan")}

    found = estimates({"x": 1.5}, {}, twice, 50, 200, seed=0)["x"]
    defined = sum(weights[0] >= 2 for weights in resamples(50, 200, seed=0))
    assert 0 < defined < 100
    assert (found.value, found.standard_deviation, found.lower, found.upper) == (1.5, None, None, None)
    assert found.reason == f"No interval: {defined} of 200 resamples define it."


def test_a_metric_that_some_resamples_do_not_define_has_an_interval() -> None:
    labels = np.array([1] + [0] * 3)
    report = evaluate(sample(labels, np.array([0.9, 0.1, 0.2, 0.3]), BINARY), 4, 200, seed=0)
    auc = report["binary_classification_metrics"]["auc"]
    assert auc["value"] == 1.0
    assert auc["lower"] is not None  # 1 - (3/4)^4 - (1/4)^4 = 68 % of the resamples hold both classes


def test_no_rows_and_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="no rows"):
        sample(np.zeros(0), np.zeros(0), BINARY)
    with pytest.raises(InputError, match="NaN"):
        sample(np.zeros(2), np.array([0.1, np.nan]), BINARY)


def test_scores_that_are_no_probabilities_are_refused() -> None:
    with pytest.raises(InputError, match="-3 to 3; a class needs probabilities"):
        sample(np.array([0, 1]), np.array([-3.0, 3.0]), BINARY)
    with pytest.raises(InputError, match=r"shape \(2,\), a multiclass task needs \(2, 3\)"):
        sample(np.array([0, 1]), np.array([0.1, 0.2]), Decision("multiclass", ("a", "b", "c")))


def test_a_hundred_thousand_rows_take_seconds() -> None:
    labels, scores = rows(n=100_000)
    scores = np.clip(scores + np.random.default_rng(1).random(len(scores)) / 100, 0, 1)
    start = time.process_time()
    evaluate(sample(labels, scores, BINARY), len(labels), 200, seed=0)
    assert time.process_time() - start < 3
