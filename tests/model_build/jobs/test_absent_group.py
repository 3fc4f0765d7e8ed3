"""A group of which the test split holds no row: undefined in every document, and judged where a limit asks for it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from contract import documents, package
from tests.model_build.jobs.conftest import Jobs

ROWS = 600
ABSENT = "town = south"
SAYS = "the test split holds no row of the group"


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """Rows in the order of time, of which the last are tested: nobody of the south is among them, few of the west."""
    folder = tmp_path_factory.mktemp("towns")
    random = np.random.default_rng(5)
    x = random.normal(size=ROWS)
    town = np.array(["north", "east"])[np.arange(ROWS) % 2]
    town[:300:5], town[::40] = "south", "west"
    frame = pd.DataFrame(
        {
            "x": x,
            "income": np.where(np.arange(ROWS) < 300, random.uniform(0, 9, ROWS), 3.0),
            "town": town,
            "day": pd.date_range("2025-01-01", periods=ROWS).strftime("%Y-%m-%d"),
            "paid": np.where(x + random.normal(size=ROWS) > 0, "yes", "no"),
        }
    )
    frame.to_csv(folder / "rows.csv", index=False)
    columns = {
        "label": "paid", "task": "binary", "positive": "yes", "numeric": ["x", "income"], "categorical": ["town"],
        "event_time": "day", "facets": ["town", "income"],
    }  # fmt: skip
    jobs = Jobs(folder / "jobs", pytest.MonkeyPatch())
    jobs.preprocess(folder / "rows.csv", columns, split={"by": "time"})
    jobs.train()
    jobs.pack()
    jobs.evaluate(explain=10)
    return jobs


def metrics(analysis: dict[str, Any], section: str, facet: str, group: str) -> dict[str, dict[str, Any]]:
    found = {one["value_or_threshold"]: one["metrics"] for one in analysis[section]["facets"][facet]}
    return {metric["name"]: metric for metric in found[group]}


def told(jobs: Jobs) -> dict[str, str]:
    """What is written for people."""
    folder = jobs.folder / "verdict"
    card = documents.read(folder / package.CARD)["evaluation_details"]
    return {
        "card": "\n".join(entry["evaluation_observation"] for entry in card),
        "report": (folder / package.REPORT).read_text(),
        "page": (folder / package.CARD_PAGE).read_text(),
    }


def test_it_is_undefined_in_every_document(towns: Jobs) -> None:
    analysis = towns.analyze(explain=5)
    after = metrics(analysis, "post_training_bias_metrics", "town", "south")
    assert {name: one["value"] for name, one in after.items() if name != "GE"} == dict.fromkeys(set(after) - {"GE"})
    assert after["DI"]["error"].lower() == f"{SAYS}."
    before = metrics(analysis, "pre_training_bias_metrics", "town", "south")
    assert before["DPL"]["value"] is not None, "there are training rows"
    verdict = towns.verdict()
    assert verdict["passed"], "no limit asks for it"
    assert f"{ABSENT}: the test split holds none; its rates are undefined." in verdict["warnings"]
    for text in told(towns).values():
        assert f"{ABSENT}: {SAYS}, so the ratio is undefined" in text
        assert f"{ABSENT}: the test split holds none; its rates are undefined." in text
        assert "town = west: " in text
        assert "rows only; its rates are little more than chance" in text


def test_a_limit_that_it_leaves_undefined_rejects_and_names_it(towns: Jobs) -> None:
    towns.analyze(explain=5)
    verdict = towns.verdict(bias={"DI": 0.0001})
    assert verdict["passed"] is False
    assert f"{ABSENT} is undefined ({SAYS})" in verdict["reason"]
    assert towns.verdict(bias={"CI": 0.99})["passed"], "the training rows define it"


def test_a_facet_of_one_value_in_the_test_split_is_parted_as_in_training(towns: Jobs) -> None:
    analysis = towns.analyze(explain=5)
    (group,) = analysis["post_training_bias_metrics"]["facets"]["income"]
    assert group["value_or_threshold"].startswith("("), "at the median of the training rows"
    assert metrics(analysis, "post_training_bias_metrics", "income", group["value_or_threshold"])["DI"]["value"] is None


def test_a_group_that_is_named(towns: Jobs) -> None:
    analysis = towns.analyze(explain=5, facet_values={"town": ["south", "east"]}, facet_thresholds={"income": 8.0})
    names = [one["value_or_threshold"] for one in analysis["post_training_bias_metrics"]["facets"]["town"]]
    assert names == ["south", "east"]
    assert towns.verdict(bias={"RD": 0.9})["reason"].count(f"undefined ({SAYS})") == 1


def test_clarify_which_leaves_it_out(towns: Jobs, tmp_path: Path) -> None:
    """Its documents lie in a folder each, and have neither words nor counts."""
    analysis = towns.analyze(explain=5)
    post = analysis["post_training_bias_metrics"]
    post["facets"]["town"] = [one for one in post["facets"]["town"] if one["value_or_threshold"] != "south"]
    parts = Jobs(tmp_path / "parts", towns.patch)
    for name in ("fit", "output"):
        parts.folder.mkdir(exist_ok=True)
        (parts.folder / name).symlink_to(towns.folder / name)
    for name in ("pre_training_bias_metrics", "post_training_bias_metrics"):
        documents.write(parts.folder / "analysis" / name / package.ANALYSIS, {"version": "1.0", name: analysis[name]})
    verdict = parts.verdict(bias={"DI": 0.0001})
    assert verdict["passed"] is False
    assert f"{ABSENT} is undefined ({SAYS})" in verdict["reason"]
    for text in ["\n".join(verdict["warnings"]), *told(parts).values()]:
        assert f"{ABSENT}: the test split holds none; its rates are undefined." in text
        assert "town = west: " in text
        assert "rows only; its rates are little more than chance" in text
