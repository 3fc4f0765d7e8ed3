"""Explanations against the definition of the Shapley value, the prediction they share out, and `shap`."""

import json
from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost as xgb

from analysis.explanations import coalitions
from analysis.explanations.dependence import categorical_grid, dependence, numeric_grid
from analysis.explanations.ensemble import parse
from analysis.explanations.explain import Explainer, Explanation, baseline
from analysis.explanations.records import records
from analysis.explanations.tree_shap import TreeShap
from contract.errors import InputError

GENERATOR = np.random.default_rng(0)
FEATURES = 6
X = GENERATOR.normal(size=(600, FEATURES)).astype(np.float32)
X[GENERATOR.random(X.shape) < 0.1] = np.nan
SIGNAL = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1] * X[:, 2]) + GENERATOR.normal(size=600) * 0.3
SINGLE = {f"x{index}": [index] for index in range(FEATURES)}
GROUPED = {"a": [0, 1], "b": [2], "c": [3, 4, 5]}
LABELS = {
    "binary:logistic": SIGNAL > 0,
    "reg:squarederror": SIGNAL,
    "count:poisson": np.round(np.exp(np.clip(SIGNAL, -2, 2))),
    "multi:softprob": np.digitize(SIGNAL, [-0.5, 0.5]),
}


def booster(objective: str, **more: object) -> xgb.Booster:
    parameters = {"objective": objective, "max_depth": 4, "nthread": 1, **more}
    if objective == "multi:softprob":
        parameters["num_class"] = 3
    return xgb.train(parameters, xgb.DMatrix(X, LABELS[objective], nthread=1), 12)


def predictor(model: xgb.Booster, margin: bool = False) -> Callable[[np.ndarray], np.ndarray]:
    return lambda matrix: model.predict(xgb.DMatrix(matrix, nthread=1), output_margin=margin)


def by_definition(
    predict: Callable[[np.ndarray], np.ndarray], row: np.ndarray, zero: np.ndarray, groups: list[list[int]]
) -> np.ndarray:
    """Shapley (1953): the mean over all orders, here as the sum over all coalitions; (outputs, players)."""
    players = range(len(groups))
    coalitions_ = [members for size in range(len(groups) + 1) for members in combinations(players, size)]
    mixed = np.tile(zero, (len(coalitions_), 1, 1))
    for place, members in enumerate(coalitions_):
        for player in members:
            mixed[place][:, groups[player]] = row[groups[player]]
    answers = np.asarray(predict(mixed.reshape(-1, len(row))), dtype=np.float64)
    means = dict(zip(coalitions_, answers.reshape(len(coalitions_), len(zero), -1).mean(axis=1), strict=True))

    def value(player: int) -> np.ndarray:
        total = np.zeros(1)
        for members in coalitions_:
            if player not in members:
                weight = factorial(len(members)) * factorial(len(groups) - len(members) - 1) / factorial(len(groups))
                total = total + weight * (means[tuple(sorted((*members, player)))] - means[members])
        return total

    return np.array([value(player) for player in players]).T


@pytest.mark.parametrize("groups", [SINGLE, GROUPED], ids=["single", "grouped"])
@pytest.mark.parametrize("objective", LABELS)
@pytest.mark.parametrize("background", [1, 3])
def test_tree_values_are_shapleys(objective: str, groups: dict[str, list[int]], background: int) -> None:
    model = booster(objective)
    column_of = np.empty(FEATURES, dtype=np.int64)
    for index, members in enumerate(groups.values()):
        column_of[members] = index
    values = TreeShap(parse(bytes(model.save_raw("json"))), X[:background], column_of).values(X[10:14])
    for row, found in zip(X[10:14], values, strict=True):
        expected = by_definition(predictor(model, margin=True), row, X[:background], list(groups.values()))
        assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"booster": "dart", "rate_drop": 0.3},
        {"max_depth": 9},
        {"max_leaves": 40, "max_depth": 0, "grow_policy": "lossguide"},
    ],
)
def test_deep_trees_and_dart_add_up_as_well(more: dict[str, object]) -> None:
    model = booster("reg:squarederror", **more)
    shap = TreeShap(parse(bytes(model.save_raw("json"))), X[:1], np.arange(FEATURES))
    margin = predictor(model, margin=True)
    assert shap.values(X).sum(axis=2)[:, 0] == pytest.approx(margin(X) - margin(X[:1]), abs=1e-4)


@pytest.mark.parametrize("objective", ["binary:logistic", "reg:squarederror", "count:poisson"])
def test_values_add_up_to_the_prediction(objective: str) -> None:
    model = booster(objective)
    found = Explainer(predictor(model), GROUPED, X[:1], bytes(model.save_raw("json"))).explain(X)
    assert found.note is None
    assert "exact" in found.method
    assert found.values.sum(axis=2)[:, 0] + found.expected[0] == pytest.approx(predictor(model)(X), abs=1e-4)


@pytest.mark.parametrize(
    "more",
    [{}, {"base_score": 0.9}, {"base_score": [0.2, 0.3, 0.5]}, {"booster": "dart", "rate_drop": 0.3}],
    ids=["from the labels", "one for all", "one a class", "dart"],
)
def test_values_add_up_to_the_margins_of_unequal_classes(more: dict[str, object]) -> None:
    labels = np.digitize(SIGNAL, [0.5, 2.0])
    parameters = {"objective": "multi:softprob", "num_class": 3, "nthread": 1, **more}
    model = xgb.train(parameters, xgb.DMatrix(X, labels, nthread=1), 6)
    found = Explainer(predictor(model), GROUPED, X[:1], bytes(model.save_raw("json"))).explain(X)
    assert found.note is None
    margins = predictor(model, margin=True)
    assert found.values.sum(axis=2) + found.expected == pytest.approx(margins(X), abs=1e-4)
    assert found.scale == "before softmax"
    assert found.expected == pytest.approx(margins(X[:1])[0], abs=1e-4)


def test_a_record_is_of_the_class_that_is_decided() -> None:
    """Its answer is that class's, the values that are told add up to it, and the lowest answer comes first."""
    values = np.zeros((3, 3, 8))
    values[0, 1, 0], values[1, 2, :], values[2, 0, 7] = 2.0, 0.5, -0.2
    found = Explanation(tuple("abcdefgh"), values, np.array([0.1, 0.0, -0.1]), "any", scale="before softmax")
    raw = {"a": np.array([1.0, 2.0, np.nan, 7.0]), "h": np.array(["x", None, "z", "y"], dtype=object)}
    told = list(records(found, raw, np.array([0, 1, 3])))
    assert [(each["row"], each["output"], each["scale"]) for each in told] == [
        (3, "label1", "before softmax"), (0, "label1", "before softmax"), (1, "label2", "before softmax"),
    ]  # fmt: skip
    assert [each["answer"] for each in told] == pytest.approx([0.0, 2.0, 3.9])
    assert [each["expected"] for each in told] == [0.0, 0.0, -0.1]
    assert told[2]["others"] == 1.0
    assert told[1]["others"] == 0.0
    assert told[1]["columns"][0] == {"name": "a", "value": "1", "shap": 2.0}
    for each in told:
        shared = each["others"] + sum(one["shap"] for one in each["columns"])
        assert each["expected"] + shared == pytest.approx(each["answer"])


def test_probabilities_that_are_not_the_trees_are_sampled() -> None:
    model = booster("multi:softprob")

    def calibrated(matrix: np.ndarray) -> np.ndarray:
        raised = predictor(model)(matrix) ** 2
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

    found = Explainer(calibrated, SINGLE, X[:1], bytes(model.save_raw("json"))).explain(X[:20])
    assert "part by" in str(found.note)
    assert found.values.sum(axis=2) + found.expected == pytest.approx(calibrated(X[:20]), abs=1e-6)


def test_the_single_number_of_older_models_counts_for_all_classes() -> None:
    raw = json.loads(bytes(booster("multi:softprob", base_score=0.5).save_raw("json")))
    raw["learner"]["learner_model_param"]["base_score"] = "5E-1"
    assert parse(json.dumps(raw).encode()).base == (0.5, 0.5, 0.5)


def test_shap_agrees() -> None:
    shap = pytest.importorskip("shap", reason="shap is not installed")
    model = booster("binary:logistic")
    ours = TreeShap(parse(bytes(model.save_raw("json"))), X[:5], np.arange(FEATURES)).values(X)[:, 0]
    theirs = shap.TreeExplainer(model, X[:5], feature_perturbation="interventional").shap_values(X)
    assert ours == pytest.approx(theirs, abs=1e-5)


def test_sampled_values_add_up_exactly_and_come_near() -> None:
    model = booster("binary:logistic")
    predict = predictor(model)
    found = Explainer(predict, SINGLE, X[:1], permutations=40, seed=1).explain(X[10:14])
    assert found.values.sum(axis=2)[:, 0] + found.expected[0] == pytest.approx(predict(X[10:14]), abs=1e-6)
    again = Explainer(predict, SINGLE, X[:1], permutations=40, seed=1).explain(X[10:14])
    assert np.array_equal(found.values, again.values), "the same seed gives the same values"
    for row, values in zip(X[10:14], found.values, strict=True):
        assert values == pytest.approx(by_definition(predict, row, X[:1], list(SINGLE.values())), abs=0.05)


def test_what_trees_cannot_say_is_sampled_and_said() -> None:
    linear = xgb.train(
        {"booster": "gblinear", "objective": "reg:squarederror", "nthread": 1},
        xgb.DMatrix(np.nan_to_num(X), SIGNAL, nthread=1),
        3,
    )
    found = Explainer(predictor(linear), SINGLE, np.zeros((1, FEATURES), np.float32), bytes(linear.save_raw("json")))
    explanation = found.explain(np.nan_to_num(X[:3]))
    assert explanation.note is not None
    assert "gblinear" in explanation.note
    other = booster("binary:logistic")
    calibrated = Explainer(lambda matrix: predictor(other)(matrix) ** 2, SINGLE, X[:1], bytes(other.save_raw("json")))
    assert "part by" in str(calibrated.explain(X[:20]).note)


def test_columns_must_cover_the_features_once() -> None:
    with pytest.raises(InputError, match="do not cover"):
        Explainer(lambda matrix: matrix[:, 0], {"a": [0, 1]}, X[:1]).explain(X[:2])


def test_the_weights_of_a_leaf_share_out_its_value() -> None:
    background = np.zeros((1, 1, 4), dtype=bool)
    table = coalitions.tables(background, np.array([8.0]))[0]
    assert table[-1] == pytest.approx([2.0] * 4), "four columns that only the row satisfies share alike"
    assert not table[:-1].any()


def test_the_baseline_is_means_and_most_frequent_texts() -> None:
    texts = np.array(["b", "a", None, "a", "b"], dtype=object)
    empty = np.array([None, None], dtype=object)
    found = baseline({"n": np.array([1.0, np.nan, 3.0]), "none": np.array([np.nan])}, {"t": texts, "e": empty})
    assert found == {"n": 2.0, "none": None, "t": "a", "e": None}


def test_partial_dependence() -> None:
    raw = np.nan_to_num(X[:, 0].astype(np.float64))
    matrix = np.nan_to_num(X)
    grid = numeric_grid("x0", raw, matrix[:, 0], 0)
    assert grid is not None
    found = dependence(lambda rows: 3 * rows[:, 0] + rows[:, 1], matrix, grid, seed=0)
    expected = 3 * np.array(found["feature_values"]) + matrix[:, 1].mean()
    assert found["model_predictions"][0] == pytest.approx(expected, abs=1e-4)
    assert sum(found["data_distribution"]) == pytest.approx(1)
    assert numeric_grid("x", np.full(3, np.nan), matrix[:3, 0], 0) is None
    texts = np.array(["u", "v", None, "u"], dtype=object)
    categorical = categorical_grid("t", texts, np.array([[0.0], [1.0], [9.0], [0.0]], np.float32), [0])
    assert categorical is not None
    assert (categorical.shown, categorical.encoded.ravel().tolist()) == (["u", "v"], [0.0, 1.0])


@pytest.mark.parametrize("rows", [1000, 5])
def test_the_curve_of_a_skewed_column_is_known_where_rows_are_few(rows: int) -> None:
    """Most rows are 0, as Adult's capital gain is: the quantiles alone are two points and a straight line."""
    raw = np.zeros(rows)
    raw[: rows // 5] = np.arange(1, rows // 5 + 1) ** 2.0
    raw[-1] = np.nan
    encoded = (raw + 0.5).astype(np.float32)
    grid = numeric_grid("gain", raw, encoded, 0)
    assert grid is not None
    assert len(grid.shown) == min(12, rows // 5 + 1)
    assert (grid.shown[0], grid.shown[-1]) == (0, (rows // 5) ** 2)
    assert grid.shown == sorted(set(grid.shown))
    assert grid.encoded.ravel().tolist() == [value + 0.5 for value in grid.shown], "the encoded value of that row"
    assert sum(grid.share) == pytest.approx(1)
    assert grid.share[0] > 0.7


def test_the_grid_of_numbers_near_the_end_of_float64() -> None:
    raw = np.array([1e308, 1.1e308, 1.2e308])
    grid = numeric_grid("n", raw, np.zeros(3, np.float32), 0)
    assert grid is not None
    assert grid.share == pytest.approx([1 / 3] * 3)


def test_the_grid_of_an_even_column_is_its_quantiles() -> None:
    raw = GENERATOR.permutation(np.arange(111.0))
    grid = numeric_grid("n", raw, raw.astype(np.float32), 0)
    assert grid is not None
    assert grid.shown == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]


def test_the_baseline_is_the_mean_and_not_the_median() -> None:
    assert baseline({"n": np.array([1.0, 2.0, 9.0])}, {}) == {"n": 4.0}
    assert baseline({"n": np.full(20, 1e308)}, {})["n"] == pytest.approx(1e308)


def test_sampled_permutations_are_walked_backwards_as_well() -> None:
    """Of two columns that act together, both orders are met with a single permutation: the values are exact."""
    found = Explainer(
        lambda rows: rows[:, 0] * rows[:, 1], {"a": [0], "b": [1]}, np.zeros((1, 2), np.float32), permutations=1
    ).explain(np.array([[2.0, 3.0]], np.float32))
    assert found.values[0, 0].tolist() == [3.0, 3.0]
    assert "2 sampled permutations" in found.method
