"""Bias metrics against hand-computed cases, and against the definitions counted row by row."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.bias import posttraining, pretraining
from analysis.bias.groups import Facet, Group, above, check, groups, threshold_of
from analysis.bias.posttraining import Decisions
from analysis.bias.pretraining import Labels, UndefinedError
from analysis.bias.report import Outcomes, sections, words
from contract.errors import InputError

Row = tuple[bool, bool, bool, str]  # in the group, label, prediction, subgroup

#: Ten rows of the others: 4 true and 1 false positives, 2 false and 3 true negatives; five of the group: 1, 1, 1, 2.
HAND = (
    [(False, True, True)] * 4 + [(False, False, True)] + [(False, True, False)] * 2 + [(False, False, False)] * 3
    + [(True, True, True), (True, False, True), (True, True, False)] + [(True, False, False)] * 2
)  # fmt: skip
EXPECTED = {
    "CI": (10 - 5) / 15,
    "DPL": 6 / 10 - 2 / 5,
    "KL": 0.6 * math.log(0.6 / 0.4) + 0.4 * math.log(0.4 / 0.6),
    "JS": 0.5 * (0.6 * math.log(1.2) + 0.4 * math.log(0.8)) * 2,
    "LP": math.sqrt(0.08),
    "TVD": 0.2,
    "KS": 0.2,
    "CDDL": 3 / 7 - 2 / 8,
    "DPPL": 5 / 10 - 2 / 5,
    "DI": 0.4 / 0.5,
    "DCA": 6 / 5 - 2 / 2,
    "DCR": 3 / 3 - 4 / 5,
    "RD": 4 / 6 - 1 / 2,
    "SD": 2 / 3 - 3 / 4,
    "DAR": 4 / 5 - 1 / 2,
    "DRR": 2 / 3 - 3 / 5,
    "AD": 7 / 10 - 3 / 5,
    "CDDPL": 3 / 8 - 2 / 7,
    "TE": 1 / 1 - 2 / 1,
    "GE": (10 * 1 + 2 * 4 + 3 * 0) / (14 / 15) ** 2 / 15 / 2 - 0.5,
}


def every(rows: list[Row], features: np.ndarray | None = None) -> dict[str, float | None]:
    """All metrics; None where they are undefined."""
    member, actual, predicted = (np.array([row[index] for row in rows], dtype=bool) for index in range(3))
    subgroups = np.array([row[3] for row in rows])
    before = Labels(member, actual, actual, subgroups)
    after = Decisions(member, actual, predicted, subgroups, features)
    return _values(pretraining.METRICS, before) | _values(posttraining.METRICS, after)


def _values(table: dict[str, tuple[str, Callable[[Any], float]]], rows: Any) -> dict[str, float | None]:
    values: dict[str, float | None] = {}
    for name, (_, function) in table.items():
        try:
            values[name] = function(rows)
        except UndefinedError:
            values[name] = None
    return values


def test_all_21_by_hand() -> None:
    found = every([(*row, "one") for row in HAND], np.array([[float(row[2])] for row in HAND]))
    assert len(found) == 21
    assert {name: found[name] for name in EXPECTED} == pytest.approx(EXPECTED)
    # The prediction is the only feature, but for one far row: each has neighbours of its own kind.
    assert found["FT"] == 0


def test_the_flip_test_counts_whom_the_others_would_have_treated_otherwise() -> None:
    member = np.array([False] * 8 + [True] * 4)
    predicted = np.array([True] * 8 + [False, False, False, True])
    features = np.arange(12.0)[:, None]
    rows = Decisions(member, predicted, predicted, features=features)
    assert posttraining.METRICS["FT"][1](rows) == 3 / 4
    flipped = Decisions(member, predicted, ~predicted, features=features)
    assert posttraining.METRICS["FT"][1](flipped) == -3 / 4
    with pytest.raises(UndefinedError, match="needs the features"):
        posttraining.METRICS["FT"][1](Decisions(member, predicted, predicted))


def flip(others: list[bool], places: list[float], group: list[float]) -> float:
    """The flip test of refused rows at `group` beside `others`, decided so at `places`."""
    member = np.repeat([False, True], [len(others), len(group)])
    predicted = np.array([*others, *[False] * len(group)])
    return posttraining.METRICS["FT"][1](
        Decisions(member, predicted, predicted, features=np.array([*places, *group], dtype=float)[:, None])
    )


def test_the_flip_test_asks_five_neighbours_of_many_and_one_of_few() -> None:
    nearest = [True, True, False, False, False]
    far = [100.0 + place for place in range(6)]
    many = nearest + [True] * 6
    assert flip(many, [1, 2, 3, 4, 5, *far], [0.0]) == 0, "two of five"
    assert flip([True, *many[1:2], True, *many[3:]], [1, 2, 3, 4, 5, *far], [0.0]) == 1, "three of five"
    assert flip([False, False, True, True, True, *[False] * 6], [1, 2, 3, 4, 5, *far], [0.0]) == 1, "one of three"
    assert flip(many[:10], [1, 2, 3, 4, 5, *far[:5]], [0.0]) == 1, "the nearest alone"


def test_the_flip_test_draws_many_rows_and_is_the_same_each_time() -> None:
    generator = np.random.default_rng(1)
    places = generator.random(3000)
    others = (places > 0.5).tolist()
    group = generator.random(3000)
    found = flip(others, places.tolist(), group.tolist())
    assert found == flip(others, places.tolist(), group.tolist())
    assert found == pytest.approx((group > 0.5).mean(), abs=0.03)
    assert round(found * posttraining.FLIP_ROWS) == pytest.approx(found * 2000), "a share of 2000 rows"


def count(rows: list[Row], **wanted: Any) -> int:
    """Rows with these values; keys d, y, p, s."""
    return sum(all(dict(zip("dyps", row, strict=True))[key] == value for key, value in wanted.items()) for row in rows)


def over(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def less(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def by_counting(rows: list[Row]) -> dict[str, float | None]:
    """The definitions of AWS's documentation, each out of counts of its own."""
    n = {side: count(rows, d=side) for side in (True, False)}

    def fraction(side: bool, top: dict[str, bool], bottom: dict[str, bool]) -> float | None:
        return over(count(rows, d=side, **top), count(rows, d=side, **bottom))

    def gap(top: dict[str, bool], bottom: dict[str, bool], first: bool = False) -> float | None:
        return less(fraction(first, top, bottom), fraction(not first, top, bottom))

    share = {side: [count(rows, d=side, y=y) / n[side] for y in (True, False)] for side in n}
    pairs = list(zip(share[False], share[True], strict=True))
    kl = None if any(a and not d for a, d in pairs) else sum(a * math.log(a / d) for a, d in pairs if a)
    js = sum(v * math.log(2 * v / (a + d)) for a, d in pairs for v in (a, d) if v) / 2

    def conditional(key: str) -> float | None:
        total: float | None = 0.0
        for s in {row[3] for row in rows}:
            refused = over(count(rows, d=True, s=s, **{key: False}), count(rows, s=s, **{key: False}))
            accepted = over(count(rows, d=True, s=s, **{key: True}), count(rows, s=s, **{key: True}))
            disparity = less(refused, accepted)
            total = None if total is None or disparity is None else total + count(rows, s=s) * disparity / len(rows)
        return total

    benefits = [row[2] - row[1] + 1 for row in rows]
    mean = sum(benefits) / len(rows)
    accuracy = {side: sum(row[1] == row[2] for row in rows if row[0] == side) / n[side] for side in n}
    impact = {side: count(rows, d=side, p=True) / n[side] for side in n}
    return {
        "CI": (n[False] - n[True]) / len(rows),
        "DPL": share[False][0] - share[True][0],
        "KL": kl,
        "JS": js,
        "LP": math.hypot(*(a - d for a, d in pairs)),
        "TVD": sum(abs(a - d) for a, d in pairs) / 2,
        "KS": max(abs(a - d) for a, d in pairs),
        "CDDL": conditional("y"),
        "CDDPL": conditional("p"),
        "DPPL": impact[False] - impact[True],
        "DI": over(impact[True], impact[False]),
        "DCA": gap({"y": True}, {"p": True}),
        "DCR": gap({"y": False}, {"p": False}, first=True),
        "RD": gap({"y": True, "p": True}, {"y": True}),
        "SD": gap({"y": False, "p": False}, {"y": False}, first=True),
        "DAR": gap({"y": True, "p": True}, {"p": True}),
        "DRR": gap({"y": False, "p": False}, {"p": False}, first=True),
        "TE": gap({"y": True, "p": False}, {"y": False, "p": True}, first=True),
        "AD": accuracy[False] - accuracy[True],
        "GE": sum((b / mean) ** 2 - 1 for b in benefits) / 2 / len(rows) if mean else None,
    }


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans(), st.sampled_from("ab")), min_size=2, max_size=30))
@settings(max_examples=150)
def test_all_metrics_as_counted(rows: list[Row]) -> None:
    if len({row[0] for row in rows}) < 2:
        return
    found = every(rows)
    assert found.pop("FT") is None
    expected = by_counting(rows)
    assert {name for name, value in found.items() if value is None} == {n for n, v in expected.items() if v is None}
    for name, value in expected.items():
        assert found[name] == (None if value is None else pytest.approx(value, abs=1e-9)), name


def test_groups_by_value_by_threshold_and_missing() -> None:
    columns = {"sex": np.array(["f", "m", None, "f"], dtype=object), "age": np.array([30.0, 50.0, np.nan, 41.0])}
    found = groups([Facet("sex"), Facet("age", threshold=40)], columns)
    assert [(group.name, group.size) for group in found] == [("(missing)", 1), ("f", 2), ("m", 1), ("(40, +∞)", 2)]


def test_a_row_at_the_threshold_is_not_above_it() -> None:
    (group,) = groups([Facet("age", threshold=40)], {"age": np.array([39.0, 40.0, 41.0])})
    assert group.member.tolist() == [False, False, True]


def test_a_group_of_other_rows_alone_is_one_without_rows() -> None:
    columns, beside = {"sex": np.array(["f", "m"], dtype=object)}, {"sex": np.array(["x", None, "f"], dtype=object)}
    assert [(group.name, group.size) for group in groups([Facet("sex")], columns, beside)] == [
        ("(missing)", 0), ("f", 1), ("m", 1), ("x", 0)
    ]  # fmt: skip
    assert [group.size for group in groups([Facet("sex", ("x", "m"))], columns, beside)] == [0, 1]
    numbers = {"n": np.array([1.0])}
    assert [(group.name, group.size) for group in groups([Facet("n", ("2.0",))], numbers)] == [("2", 0)]


def test_numbers_that_differ_are_groups_that_differ() -> None:
    columns = {"id": np.array([1000001.0, 1000002.0, 1000003.0, np.nan, -0.0, 0.0])}
    found = groups([Facet("id")], columns)
    assert [(group.name, group.size) for group in found] == [
        ("(missing)", 1), ("0", 2), ("1000001", 1), ("1000002", 1), ("1000003", 1)
    ]  # fmt: skip
    (chosen,) = groups([Facet("id", ("1000001.0",))], columns)
    assert (chosen.name, chosen.member.tolist()) == ("1000001", [True, *[False] * 5])
    (cut,) = groups([Facet("id", threshold=1000001.5)], columns)
    assert (cut.name, cut.size, threshold_of(cut.name)) == ("(1000001.5, +∞)", 2, 1000001.5)
    with pytest.raises(InputError, match=r"no row has 'much' in 'id', which has '\(missing\)', '0'"):
        check(Facet("id", ("much",)), columns["id"])


def test_a_text_that_reads_missing_is_not_what_is_missing() -> None:
    texts = np.array(["(missing)", None, "m", None], dtype=object)
    found = groups([Facet("t")], {"t": texts})
    assert [(group.name, group.size) for group in found] == [("((missing))", 2), ("(missing)", 1), ("m", 1)]
    (chosen,) = groups([Facet("t", ("(missing)",))], {"t": texts})
    assert chosen.member.tolist() == [True, False, False, False]


def test_subgroups_are_told_apart_as_groups_are() -> None:
    """-0 is 0, and what is missing is not the text that says so."""
    member, accepted = np.array([True, False] * 4), np.array([True, False, False, True] * 2)
    same = pretraining.disparity(member, accepted, np.array([0.0, -0.0, 0.0, -0.0, 0.0, 0.0, 0.0, 0.0]))
    assert same == pretraining.disparity(member, accepted, np.array(["a"] * 8, dtype=object))
    with pytest.raises(UndefinedError, match="in the subgroup None"):
        pretraining.disparity(member, accepted, np.array(["None", None, None, None, *"aaaa"], dtype=object))


@pytest.mark.parametrize(
    ("name", "threshold"),
    [("(40, +∞)", 40.0), ("(-0.5, +∞)", -0.5), ("(1e+16, +∞)", 1e16), ("40", None), ("(a, +∞)", None)],
)
def test_the_threshold_of_a_group(name: str, threshold: float | None) -> None:
    assert threshold_of(name) == threshold
    assert threshold is None or above(threshold) == name


@pytest.mark.parametrize(
    ("facet", "message"),
    [
        (Facet("colour"), "colour is no column"),
        (Facet("sex", ("x",)), "no row has 'x'"),
        (Facet("one"), "one group only"),
        (Facet("none"), "one group only among the rows, '.missing.'"),
        (Facet("age", threshold=99.0), "parts no rows"),
        (Facet("sex", threshold=1.0), "not numeric"),
        (Facet("age"), "21 groups"),
    ],
    ids=["absent", "value", "one group", "no value", "threshold", "text", "many"],
)
def test_facets_that_make_no_sense(facet: Facet, message: str) -> None:
    sex = np.array(["f", "m", "m"] * 7, dtype=object)
    one, none = np.array(["x"] * 21, dtype=object), np.full(21, np.nan)
    columns = {"sex": sex, "one": one, "age": np.arange(21.0), "none": none}
    with pytest.raises(InputError, match=message):
        compare(facet, columns)


def compare(facet: Facet, columns: dict[str, np.ndarray]) -> None:
    groups([facet], columns)
    check(facet, columns[facet.column])


def test_the_document_says_undefined_and_never_0() -> None:
    member = np.array([True, True, False, False])
    actual = np.array([False, False, True, True])
    outcomes = Outcomes("y", "yes", actual, actual, predicted=actual)
    document = sections([Group("sex", "f", member)], outcomes)
    entry = document["post_training_bias_metrics"]["facets"]["sex"][0]
    metrics = {metric["name"]: metric for metric in entry["metrics"]}
    assert metrics["RD"]["value"] is None
    assert metrics["RD"]["error"] == "The group has no favourable label."
    assert metrics["DI"] == {"name": "DI", "description": "Disparate Impact (DI)", "value": 0.0}
    [said] = words([Group("sex", "f", member)], outcomes)
    assert any("2 rows only" in warning for warning in said["warnings"])
    assert any("recall is undefined" in warning for warning in said["warnings"])
    none = Outcomes("y", "yes", actual, actual, predicted=np.zeros(4, bool))
    assert words([Group("sex", "f", member)], none)[0]["passes"] is None


@pytest.mark.parametrize(("rows", "warned"), [(99, True), (100, False)])
def test_small_groups_are_told(rows: int, warned: bool) -> None:
    member = np.repeat([True, False], [rows, 200])
    decided = np.arange(len(member)) % 2 == 0
    (said,) = words([Group("sex", "f", member)], Outcomes("y", "yes", decided, decided, decided))
    assert (f"sex = f: {rows} rows only; its rates are little more than chance." in said["warnings"]) is warned


def test_a_ratio_to_nobody_is_undefined_and_not_0() -> None:
    member = np.repeat([True, False], 10)
    decided = np.arange(20) < 3
    (said,) = words([Group("sex", "f", member)], Outcomes("y", "yes", decided, decided, decided))
    assert (said["impact"], said["passes"], said["rate"], said["other_rate"]) == (None, False, 0.3, 0.0)
    assert said["sentence"].startswith("The others: “yes” for 0.0%, against 30.0% for sex = f; that is 0.00 of it")


def test_telco_passes_the_four_fifths_rule_by_sex_and_adult_fails_it(data: Path) -> None:
    telco = pd.read_csv(data / "telco_churn" / "Telco-Customer-Churn.csv")
    names = [f"c{index}" for index in range(15)]
    adult = pd.read_csv(data / "adult" / "adult.data", names=names, skipinitialspace=True)
    for sex, favourable, woman, passes in (
        (telco["gender"], telco["Churn"] == "No", "Female", True),
        (adult["c9"], adult["c14"] == ">50K", "Female", False),
    ):
        found = groups([Facet("sex", (woman,))], {"sex": sex.to_numpy(dtype=object)})
        [said] = words(found, Outcomes("y", "favourable", favourable.to_numpy(), favourable.to_numpy()))
        assert said["passes"] is passes
        assert ("passes" if passes else "fails") in said["sentence"]
