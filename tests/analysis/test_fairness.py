"""The gate on bias: limits that are met exactly, and sentences that do not contradict themselves."""

import re
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import fairness
from analysis.bias.groups import Group
from analysis.bias.report import Outcomes, words
from analysis.figures import figure
from contract.documents import Document
from contract.errors import InputError
from contract.findings import Finding

#: 4/25 against 5/25 and its like: counts whose rates are in the ratio of four to five.
EXACT = [
    (4 * rows * taken // (5 * others), rows, taken, others)
    for rows, others in product(range(1, 41), repeat=2)
    for taken in range(1, others + 1)
    if not 4 * rows * taken % (5 * others)
]


def analysis(metric: str, *values: float | None) -> Document:
    groups = [{"value_or_threshold": str(index), "metrics": [{"name": metric, "value": value}]}
              for index, value in enumerate(values)]  # fmt: skip
    return {"post_training_bias_metrics": {"facets": {"sex": groups}}}


def judged(metric: str, limit: float, *values: float | None) -> Finding:
    (finding,) = fairness.judge(analysis(metric, *values), {metric: limit})
    return finding


def said(member: list[int], decided: list[int]) -> Document:
    """The words on a group; `member` and `decided` are rows and favourable ones of the group and of the others."""
    rows = [np.repeat([True, False], [taken, of - taken]) for taken, of in zip(decided, member, strict=True)]
    favourable = np.concatenate(rows)
    group = Group("sex", "f", np.repeat([True, False], member))
    (found,) = words([group], Outcomes("y", "yes", favourable, favourable, favourable))
    return found


def test_exactly_four_fifths_passes_whatever_the_counts() -> None:
    assert len(EXACT) > 500
    for few, rows, taken, others in EXACT:
        impact = (few / rows) / (taken / others)
        for value in (impact, 1 / impact, (taken / others) / (few / rows)):
            assert fairness.allows("DI", value, fairness.FOUR_FIFTHS), (few, rows, taken, others)


def test_words_and_gate_say_the_same_of_exactly_four_fifths() -> None:
    for few, rows, taken, others in EXACT[::40]:
        found = said([rows, others], [few, taken])
        assert found["passes"] is True, found
        assert "0.80 of it, which passes" in found["sentence"]
        assert judged("DI", 0.8, found["impact"]).passed


@given(st.integers(1, 400), st.integers(1, 400), st.data())
@settings(max_examples=150)
def test_no_sentence_contradicts_the_rule(rows: int, others: int, data: st.DataObject) -> None:
    taken = data.draw(st.integers(1, others))
    few = data.draw(st.integers(0, rows))
    found = said([rows, others], [few, taken])
    ratio = sorted([few * others, taken * rows])
    assert found["passes"] is (5 * ratio[0] >= 4 * ratio[1])
    told = re.search(r"that is (\S+) of it, which (passes|fails)", found["sentence"])
    assert told
    assert (float(told[1]) >= 0.8) is found["passes"]
    gate = judged("DI", 0.8, found["impact"])
    assert gate.passed is found["passes"]
    assert (0.8 <= float(re.findall(r"is (\S+),", gate.clause)[0]) <= 1.25) is gate.passed


@pytest.mark.parametrize(
    ("metric", "limit", "value", "clause"),
    [
        ("DI", 0.8, 0.79999, "DI of sex = 0 is 0.79999, it must be between 0.8 and 1.25 (the four-fifths rule)"),
        ("DI", 0.8, 1.25, "DI of sex = 0 is 1.2500, between 0.8 and 1.25 (the four-fifths rule)"),
        ("DI", 0.85, 1 / 0.85, "DI of sex = 0 is 1.17647, between 0.85 and 1.176471"),
        ("DI", 0.9, 0.0, "DI of sex = 0 is 0.0000, it must be between 0.9 and 1.11111"),
        ("DPPL", 0.2, 0.9 - 0.7, "DPPL of sex = 0 is 0.2000, between -0.2 and 0.2"),
        ("DPPL", 0.2, 0.7 - 0.9, "DPPL of sex = 0 is -0.2000, between -0.2 and 0.2"),
        ("DPPL", 0.2, 0.20001, "DPPL of sex = 0 is 0.20001, it must be between -0.2 and 0.2"),
        ("AD", 0.1, 0.00002, "AD of sex = 0 is 2.0e-05, between -0.1 and 0.1"),
    ],
)
def test_figures_have_the_digits_that_they_need(metric: str, limit: float, value: float, clause: str) -> None:
    assert judged(metric, limit, value).clause == clause


def test_the_sentence_shows_where_a_rate_falls_short() -> None:
    sentence = said([1000, 1000], [399, 500])["sentence"]
    assert "for 39.90%, against 50.00% for the others; that is 0.798 of it, which fails" in sentence
    assert "for 0.04%, against 0.08%" in said([2500, 2500], [1, 2])["sentence"]


def test_the_group_that_fares_worst_decides() -> None:
    found = judged("DI", 0.8, 0.9, 1.4, 0.75)
    assert (found.passed, found.clause.split(" is ")[0]) == (False, "DI of sex = 1")
    undefined = judged("DI", 0.8, 0.9, None)
    assert (undefined.passed, undefined.clause) == (False, "DI of sex = 1 is undefined (no reason was given)")
    assert not judged("DI", 0.8, 0.9, float("nan"), 1.0).passed, "no number is no number that is allowed"
    with pytest.raises(InputError, match="asks for the bias metric AD"):
        fairness.judge(analysis("DI", 1.0), {"AD": 0.1})


def test_what_is_undefined_hides_no_group_that_fares_badly() -> None:
    assert judged("DI", 0.8, None, 0.5, None).clause == (
        "DI of sex = 0, sex = 2 is undefined (no reason was given); DI of sex = 1 is 0.5000, it must be between 0.8 "
        "and 1.25 (the four-fifths rule)"
    )


def test_a_group_that_one_section_leaves_out_is_undefined_there() -> None:
    def group(name: str, **metrics: float) -> Document:
        found = [{"name": metric, "description": metric, "value": value} for metric, value in metrics.items()]
        return {"value_or_threshold": name, "metrics": found}

    document = {
        "version": "1.0",
        fairness.SECTIONS[0]: {"facets": {"sex": [group("f", CI=0.1), group("x", CI=0.9)]}},
        fairness.SECTIONS[1]: {"facets": {"sex": [group("f", DI=1.1, GE=0.2), group("m", DI=0.9, GE=0.2)]}},
    }
    found = fairness.completed(document)
    before, after = (found[name]["facets"]["sex"] for name in fairness.SECTIONS)
    assert [each["value_or_threshold"] for each in before] == ["f", "x", "m"]
    assert [each["value_or_threshold"] for each in after] == ["f", "x", "m"]
    assert before[2]["metrics"] == [
        {"name": "CI", "description": "CI", "value": None, "error": "The training split holds no row of the group."}
    ]
    assert [metric["value"] for metric in after[1]["metrics"]] == [None, 0.2], "GE is of all rows"
    assert fairness.completed(found) == found
    assert fairness.completed({"version": "1.0"}) == {"version": "1.0"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0000"), (-0.0, "0.0000"), (0.00005, "0.0001"), (4.9e-5, "4.9e-05"), (-3e-6, "-3.0e-06")],
)
def test_a_figure_is_0_when_it_is_0(value: float, text: str) -> None:
    assert figure(value) == text
