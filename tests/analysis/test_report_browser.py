"""Report and model card in headless Chromium: no complaint on the console, in light and dark, wide and narrow."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import champion, gate, plots, report
from analysis.analyze import Settings
from analysis.metrics import evaluate, sample
from analysis.pages import card
from analysis.pages.origin import Origin
from analysis.quality.profile import Profile
from analysis.quality.statistics import statistics
from contract.errors import InputError

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")

#: Every part of the schema, with what could break a page.
CARD = {
    "model_overview": {
        "model_description": "Income & <b>adults</b>",
        "model_owner": "Lending",
        "model_artifact": ["s3://b/m"],
    },
    "intended_uses": {
        "purpose_of_model": "Rank applications for a closer look.",
        "intended_uses": "Support of a decision by a person.\nNot for a decision without one.",
        "risk_rating": "High",
        "explanations_for_risk_rating": "The model touches the income of people.",
    },
    "business_details": {"business_problem": "Too many files for too few hands.", "line_of_business": "Retail"},
    "training_details": {
        "training_observations": "Early stopping after 30 rounds.",
        "training_job_details": {
            "training_arn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/train",
            "training_environment": {"container_image": ["sagemaker-xgboost:3.2-0"]},
            "training_metrics": [{"name": "validation-auc", "value": 0.91}],
            "hyper_parameters": [{"name": "max_depth", "value": "4"}],
        },
    },
    "evaluation_details": [
        {
            "name": "Test rows",
            "evaluation_observation": "Passed.",
            "metric_groups": [
                {
                    "name": "binary_classification_metrics",
                    "metric_data": [
                        {"name": "auc", "type": "number", "value": 0.905, "notes": "0.89 to 0.92"},
                        {"name": "shap", "type": "bar_chart", "value": [0.2, 0.1], "x_axis_name": ["age", "sex"]},
                        {"name": "confusion", "type": "matrix", "value": [[9, 1], [2, 8]], "x_axis_name": ["a", "b"]},
                        {"name": "roc", "type": "linear_graph", "value": [[0, 0], [0.5, 0.9], [1, 1]]},
                    ],
                }
            ],
        }
    ],
    "additional_information": {
        "ethical_considerations": "Fails the four-fifths rule by sex.",
        "custom_details": {"k": "v"},
    },
}


@pytest.fixture(scope="module")
def pages(adult: Any, by_sex: Callable[[str], Settings]) -> dict[str, str]:
    """The report with all its sections, and the card."""
    scores = adult.model.predict(adult.rows.matrix)
    rows = sample(adult.rows.labels, scores, adult.decision)
    worse = sample(adult.rows.labels, np.clip(scores * 0.5 + 0.25 * adult.rows.matrix[:, 4] / 16, 0, 1), adult.decision)
    evaluation = evaluate(rows, len(scores), 30, seed=0)
    compared = champion.compare(rows, worse, "3", champion.Rule("auc"), len(scores), 30, seed=0)
    verdict = gate.judge(evaluation, [gate.DEFAULTS["binary"]], "0" * 64, [compared.finding])
    found = adult.analyze(by_sex("sex"))
    profile = Profile()
    profile.add(adult.rows.raw)
    beside = report.Beside(found.document, found.page, statistics(profile), compared.to_document())
    page = report.render(evaluation, verdict, plots.draw(rows, evaluation), adult.decision, beside)
    return {"report": page, "card": card.render(CARD, Origin("credit", "credit", "x1"), verdict)}


def test_all_sections_are_there_and_nothing_is_loaded(pages: dict[str, str]) -> None:
    for title in ("Beside the champion", "Bias by group", "What moves the answers", "Single records", "Training data"):
        assert f"<h2>{title}</h2>" in pages["report"]
    for text in ("Income &amp; &lt;b&gt;adults&lt;/b&gt;", "Risk: high", "validation-auc", "Early stopping", "Retail"):
        assert text in pages["card"]
    for page in pages.values():
        assert not re.search(r'(?:src|href)="(?!data:)', page)
        assert "<script" not in page


def test_a_card_beyond_the_schema_is_refused() -> None:
    with pytest.raises(InputError, match="unknown sections: notes"):
        card.render({"notes": {}}, Origin())
    with pytest.raises(InputError, match="High, Medium, Low, Unknown"):
        card.render({"intended_uses": {"risk_rating": "Huge"}}, Origin())


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium")
@pytest.mark.parametrize(
    ("name", "dark", "width"), [("report", False, 1280), ("report", True, 500), ("card", True, 1280)]
)
def test_chromium_shows_it_without_complaint(
    pages: dict[str, str], tmp_path: Path, name: str, dark: bool, width: int
) -> None:
    assert CHROMIUM is not None
    page, picture = tmp_path / f"{name}.html", tmp_path / f"{name}.png"
    page.write_text(pages[name], encoding="utf-8")
    done = subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
            "--disable-dev-shm-usage", f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1000",
            *(["--blink-settings=preferredColorScheme=0"] if dark else []),
            f"--screenshot={picture}", page.as_uri(),
        ],
        capture_output=True, text=True, timeout=200, check=False, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "CONSOLE" not in done.stderr, done.stderr
    assert picture.stat().st_size > 20_000, "the page is empty"
