"""Parts of the pages: names, figures, axes, and the four-fifths rule in words."""

import re
from typing import Any

import pytest

from analysis.fairness import SECTIONS
from analysis.pages import bias, card, champion, explanations, quality
from analysis.pages.charts import ticks
from analysis.pages.names import MEANINGS, name, sentence
from analysis.pages.origin import Origin
from analysis.pages.style import number, numbers
from contract.findings import Verdict


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((0.5, 0.25, None), ["0.5000", "0.2500", "undefined"]),
        ((9.98, 9.5, 10.4), ["9.98", "9.50", "10.40"]),
        ((99.5, 100.04), ["99.5", "100.0"]),
        ((9999.9, 3.0), ["10,000", "3"]),
        ((1234567.0,), ["1,234,567"]),
        ((2e-6, -0.1), ["2.0e-06", "-0.1000"]),
    ],
    ids=["rates", "tens", "hundreds", "thousands", "millions", "tiny"],
)
def test_figures_that_stand_together_have_the_same_digits(values: tuple[float | None, ...], shown: list[str]) -> None:
    assert numbers(*values) == shown
    assert number(values[-1]) == numbers(values[-1])[0]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((0.0683, 0.17, 0.2717), ["0.068", "0.170", "0.272"]),
        ((0.0, 100_000.0), ["0", "100,000"]),
        ((0.0, 72.0), ["0.0", "72.0"]),
        ((5.0, 5.0), ["5.00", "5.00"]),
        ((0.0, 0.0), ["0.00", "0.00"]),
        ((1e-9, 3e-9), ["1.00e-09", "3.00e-09"]),
    ],
    ids=["shares", "large", "tens", "constant", "zero", "tiny"],
)
def test_the_numbers_along_an_axis_have_the_same_digits(values: tuple[float, ...], shown: list[str]) -> None:
    assert ticks(*values) == shown


def test_metrics_have_names() -> None:
    assert sentence("auc is 0.01 better than that of version 3") == "AUC is 0.01 better than that of version 3."
    assert sentence("no version was given") == "No version was given."
    assert name("own_metric") == "own_metric"
    assert all(" " in meaning for _, meaning in MEANINGS.values())


def words(group: str, rows: int, others: int, rate: float, other: float, facet: str = "sex") -> dict[str, Any]:
    return {
        "facet": facet, "group": group, "rows": rows, "other_rows": others, "rate": rate, "other_rate": other,
        "passes": True, "sentence": f"{facet} = {group}.", "warnings": [f"{group} is small."],
    }  # fmt: skip


def test_two_groups_that_mirror_each_other_are_told_once() -> None:
    page = {
        "bias": [
            words("F", 40, 60, 0.2, 0.3), words("M", 60, 40, 0.3, 0.2),
            *(words(group, 30, 70, 0.1, 0.3, "age") for group in ("young", "old")), words("F", 40, 60, 0.2, 0.3, "x"),
        ]
    }  # fmt: skip
    told = [each["sentence"] for each in bias.four_fifths({}, page)]
    assert told == ["sex = F.", "age = young.", "age = old.", "x = F."]


def ratios(**groups: float | None) -> dict[str, Any]:
    """`analysis.json` of Clarify, which has no words."""
    found = [
        {"value_or_threshold": group, "metrics": [{"name": "DI", "description": "Disparate Impact", "value": value}]}
        for group, value in groups.items()
    ]
    return {SECTIONS[1]: {"label_value_or_threshold": "Yes", "facets": {"sex": found}}}


@pytest.mark.parametrize(
    ("ratio", "passes", "said"),
    [
        (0.8, True, "sex = F: the share of “Yes” is 0.80 of that of the others, which passes the four-fifths rule"),
        (0.7999, False, "sex = F: the share of “Yes” is 0.7999 of that of the others, which fails"),
        (1.6, False, "The others: the share of “Yes” is 0.62 of that of sex = F, which fails"),
        (0.0, False, "sex = F: the share of “Yes” is 0.00 of that of the others, which fails"),
        (None, None, "sex = F: the ratio of the shares of “Yes” is undefined: the four-fifths rule says nothing here."),
    ],
    ids=["limit", "below", "others", "none", "undefined"],
)
def test_the_four_fifths_rule_out_of_the_ratio_alone(ratio: float | None, passes: bool | None, said: str) -> None:
    (told,) = bias.four_fifths(ratios(F=ratio), {})
    assert told["passes"] is passes
    assert told["sentence"].startswith(said)
    page = bias.section(ratios(F=ratio), {})
    assert "four-fifths rule" in page
    assert "<details open>" in page, "folded tables are not printed"


def test_two_ratios_that_mirror_each_other_are_told_once() -> None:
    assert len(bias.four_fifths(ratios(F=0.5, M=2.0), {})) == 1
    assert len(bias.four_fifths(ratios(F=0.5, M=1.9), {})) == 2
    assert len(bias.four_fifths(ratios(F=0.5, M=None), {})) == 2
    assert len(bias.four_fifths(ratios(F=0.5, M=2.0, X=1.0), {})) == 3


def test_few_rows_are_told_where_they_were_counted_beside_the_ratio() -> None:
    page = {"sizes": {"sex": {"F": [12, 500], "M": [0, 512]}}}
    told = bias.four_fifths(ratios(F=0.9, M=None, X=1.0), page)
    assert bias.warnings([*told, *told]) == [
        "sex = F: 12 rows only; its rates are little more than chance.",
        "sex = M: the test split holds none; its rates are undefined.",
        "sex = X: how many rows the group has is not known with this engine.",
    ]
    assert all(warning in bias.section(ratios(F=0.9, M=None, X=1.0), page) for warning in bias.warnings(told))


def test_a_reason_that_metrics_share_is_told_once() -> None:
    metrics = [{"name": name, "description": name, "value": None, "error": "No row."} for name in ("AD", "DI", "RD")]
    metrics[2]["error"] = "No label."
    section = {"label": "y", "label_value_or_threshold": "1", "facets": {}}
    section["facets"] = {"sex": [{"value_or_threshold": "F", "metrics": metrics}]}
    page = bias.section({SECTIONS[1]: section}, {})
    assert "every group" not in page
    assert "AD, DI of sex = F are undefined: No row." in page
    assert "RD of sex = F is undefined: No label." in page


def test_a_reason_of_every_group_lists_none() -> None:
    found = ratios(**dict.fromkeys(["F", "M", "X"]))
    for group in found[SECTIONS[1]]["facets"]["sex"]:
        group["metrics"][0]["error"] = "No label."
    assert "DI of every group is undefined: No label." in bias.section(found, {})


def test_the_champion_is_told_in_names() -> None:
    found = {
        "passed": True, "clause": "brier is 0.1 better", "champion": "3", "compared": True, "metric": "brier",
        "candidate": 0.1, "reference": 0.2, "advantage": {"value": 0.1, "lower": None, "upper": None},
    }  # fmt: skip
    page = champion.section(found)
    assert "Brier score is 0.1 better." in page
    assert ">brier<" not in page


def test_whole_numbers_have_whole_ends() -> None:
    def column(kind: str, high: float) -> dict[str, Any]:
        common = {"num_present": 9, "num_missing": 0}
        return {
            "name": kind, "inferred_type": kind,
            "numerical_statistics": {"common": common, "mean": 1.5, "min": 0.0, "max": high},
        }  # fmt: skip

    page = quality.section(
        {"dataset": {"item_count": 9}, "features": [column("Integral", 72.0), column("Fractional", 12.5)]}
    )
    assert "0 to 72<" in page
    assert "0.00 to 12.50<" in page


def test_a_card_says_who_it_is_of_and_the_verdict_first() -> None:
    origin = Origin("credit", "credit", "x1", "job-7", "2026-01-31")
    page = card.render({"intended_uses": {"risk_rating": "Low"}}, origin, Verdict(False, "Rejected: <b>.", "a" * 64))
    assert "Pipeline credit, execution x1, training job job-7, judged on 2026-01-31" in page
    assert page.index('"verdict rejected"><strong>Rejected: &lt;b&gt;.') < page.index("<h2>")
    assert Origin("credit").line() == ""


def explained(classes: int) -> tuple[dict[str, Any], dict[str, str]]:
    """`analysis.json` as it is read, its keys sorted as texts, and the names of the outputs."""
    outputs = {f"label{place}": f"score of k{place}" for place in range(classes)}
    answers = [[place / 100, 0.5 + place / 100] for place in range(classes)]
    curve = {
        "feature_name": "age", "data_type": "numerical", "feature_values": [1.0, 2.0], "model_predictions": answers,
    }  # fmt: skip
    sheets = {key: {"global_shap_values": {"age": 0.1}} for key in sorted(outputs)}
    return {"explanations": {"kernel_shap": sheets, "pdp": [curve]}}, outputs


@pytest.mark.parametrize("classes", [3, 16])
def test_the_sheets_of_many_classes_have_their_order(classes: int) -> None:
    found, outputs = explained(classes)
    page = explanations.section(found, {}, outputs, {})
    sheets = page.partition("<h2>How they move it")[0]
    assert re.findall(r"<h3>score of (\w+)</h3>", sheets) == [f"k{place}" for place in range(classes)]


def test_partial_dependence_is_that_of_the_classes_with_the_most_rows_by_name() -> None:
    found, outputs = explained(16)
    page = explanations.section(found, {}, outputs, {"label2": 5, "label11": 900, "label15": 40, "label0": 1})
    curves = page.partition("<h2>How they move it")[2]
    assert re.findall(r"<h3>score of (\w+)</h3>", curves) == ["k11", "k15", "k2"]
    assert re.findall(r'aria-label="([^"]+)"', curves)[0] == "Mean score of k11 by age"
    assert ">0.610<" in curves, "the scale is that of the class"
    assert "Shown are, of 16 classes, the 3 with the most test rows." in curves
    found, outputs = explained(3)
    few = explanations.section(found, {}, outputs, {"label0": 1, "label1": 1, "label2": 2})
    assert re.findall(r"<h3>score of (\w+)</h3>", few.partition("<h2>How they move it")[2]) == ["k2", "k0", "k1"]
    assert "with the most" not in few


def test_one_output_is_the_answer_and_needs_no_name() -> None:
    found, _ = explained(1)
    record = {"row": 7, "output": "label0", "scale": "", "answer": 0.9, "expected": 0.2, "columns": [], "others": 0.0}
    page = explanations.section(found, {"records": [record]}, {"label0": "score of yes"}, {})
    assert 'aria-label="Mean answer by age"' in page
    assert "<h3>Test row 7: 0.9000</h3>" in page
    assert "score of yes" not in page


def test_a_record_names_the_class_whose_answer_it_is() -> None:
    found, outputs = explained(16)
    record = {
        "row": 1234, "output": "label11", "scale": "before softmax", "answer": 2.5, "expected": 0.2, "columns": [],
        "others": 0.0,
    }  # fmt: skip
    page = explanations.section(found, {"records": [record]}, outputs, {})
    assert "<h3>Test row 1,234, score of k11: 2.5000</h3>" in page
    assert "<small>before softmax; the baseline row: 0.2000</small>" in page
    assert "the lowest to the highest answer of the class that is decided" in page


@pytest.mark.parametrize("count", [1, bias.MOST_GROUPS, 13])
def test_tables_of_many_groups_stand_below_each_other(count: int) -> None:
    """So that none is wider than the page: all groups are there, in their order, and with each the metric's name."""
    section = ratios(**{f"g{place}": 1.0 + place for place in range(count)})
    tables = bias.section(section, {}).split("<table>")[1:]
    heads = [re.findall(r"<th[^>]*>(sex = \w+)</th>", table) for table in tables]
    assert max(map(len, heads)) <= bias.MOST_GROUPS
    assert [name for head in heads for name in head] == [f"sex = g{place}" for place in range(count)]
    assert all("<td>Disparate Impact</td>" in table for table in tables)
    shown = [value for table in tables for value in re.findall(r'<td class="number">([^<]+)</td>', table)]
    assert shown == [number(1.0 + place) for place in range(count)]
