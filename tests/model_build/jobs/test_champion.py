"""The champion answers with its own code for the candidate's test rows; what it cannot answer is said."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from analysis.champion import Rule
from contract import documents, package
from contract.decision import Decision
from contract.words import plain
from inference.model import load
from model_build.bundle import collect
from model_build.jobs import champion
from model_build.jobs.artefact import unpack
from model_build.jobs.encoded import Encoded
from tests.model_build.jobs.conftest import QUICK, Jobs
from tests.preprocessing.tables import read

RULE = {"metric": "auc", "bound": "upper", "margin": 0.0}
WEAK = ("--num_round", "1", *QUICK[2:])


def approve(jobs: Jobs, **files: str) -> None:
    """Put a model of one round aside as the champion, with the code that serves; `files` are written beside it."""
    model = jobs.train(*WEAK)
    for path, content in collect(["inference.app"], jobs.folder).files.items():
        (model / "code" / path).parent.mkdir(parents=True, exist_ok=True)
        (model / "code" / path).write_bytes(content)
    for name, content in files.items():
        (model / "code" / f"{name}.py").write_text(content)
    shutil.copytree(jobs.pack().parent, jobs.folder / "champion")


def environment(jobs: Jobs, patch: pytest.MonkeyPatch, version: str = "3") -> None:
    for name, value in {"CHAMPION": "champion", "TEST_RAW": "test_raw"}.items():
        patch.setenv(name, str(jobs.folder / value))
    patch.setenv("CHAMPION_VERSION", version)


def judged(jobs: Jobs, candidate: str = "artefact", version: str = "3") -> dict[str, Any]:
    """The comparison alone, without the rest of Evaluate."""
    with jobs.patch.context() as patch:
        environment(jobs, patch, version)
        with champion.asked(RULE) as reference:
            assert reference
            unpacked = jobs.folder / f"{candidate}-unpacked"
            unpack(jobs.folder / candidate / "model.tar.gz", unpacked)
            model = load(unpacked)
            test = Encoded(jobs.folder / "test", model.preprocessor.feature_names, "test")
            return reference.judge(model, test.labels(), test.predict(model.predict), 40, 3).to_document()


def deciding(decision: Decision) -> Any:
    """A candidate of which only the decision is looked at."""
    return SimpleNamespace(decision=decision)


def test_the_better_candidate_passes_and_the_worse_one_does_not(telco: Jobs) -> None:
    approve(telco)
    telco.train()
    telco.pack()
    with telco.patch.context() as patch:
        environment(telco, patch)
        output = telco.evaluate(champion=RULE)
    found = documents.read(output / "champion.json")
    assert found["compared"] is found["passed"] is True
    assert found["candidate"] > found["reference"] > 0.7
    assert (
        found["candidate"]
        == documents.read(output / "evaluation.json")["binary_classification_metrics"]["auc"]["value"]
    )
    assert found["advantage"]["lower"] > 0
    assert "better than that of version 3 on the same test rows" in found["clause"]

    (telco.folder / "champion").rename(telco.folder / "weak")
    serving = telco.folder / "weak-unpacked" / "code" / "inference"
    unpack(telco.folder / "weak" / "model.tar.gz", serving.parents[1])
    for room in ("inference", "contract", "preprocessing"):  # the strong one, with code that serves
        shutil.copytree(serving.parent / room, telco.folder / "model" / "code" / room, dirs_exist_ok=True)
    shutil.copytree(telco.pack().parent, telco.folder / "champion")
    found = judged(telco, "weak")
    assert found["passed"] is False
    assert "worse than that of version 3" in found["clause"]


def test_the_champion_beside_itself(telco: Jobs) -> None:
    """Its own code in another process, from raw rows: the same scores as the candidate's path, to the last bit."""
    approve(telco)
    found = judged(telco)
    assert found["compared"] is True
    assert found["reference"] == found["candidate"]
    assert found["advantage"] == {"value": 0.0, "standard_deviation": 0.0, "lower": 0.0, "upper": 0.0}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("import sys\nsys.modules['xgboost'] = None\n", "its own code fails: ModuleNotFoundError"),
        ("import os\nos._exit(7)\n", "it ended with exit code 7"),
    ],
)
def test_code_that_fails_decides_nothing(telco: Jobs, content: str, said: str) -> None:
    approve(telco, sitecustomize=content)
    found = judged(telco)
    assert (found["compared"], found["passed"]) == (False, True)
    assert said in found["clause"]
    assert found["clause"].endswith("so the absolute threshold alone decides")


def test_what_its_code_prints_reaches_the_verdict_as_plain_words(tmp_path: Path) -> None:
    class Ended:
        def wait(self) -> int:
            return 1

    decision = Decision("binary", ("No", "Yes"), 0.5)
    documents.write(tmp_path / package.DECISION, decision.to_document())
    (tmp_path / "answers.log").write_text("boom\nStack trace:\n\tat\x1b[31m" + "x" * 5000 + "\n\x1b\n\n")
    beside = champion.Champion("3", tmp_path, tmp_path, tmp_path / "answers.json", Ended(), Rule("auc"))  # type: ignore[arg-type]
    labels = np.array([0, 1])
    found = beside.judge(deciding(decision), labels, np.array([0.1, 0.9]), 20, 1)
    assert "its own code fails: at [31mxxx" in found.finding.clause
    assert found.finding.clause == plain(found.finding.clause)
    assert len(found.finding.clause) < 500


def test_other_columns_are_said(telco: Jobs) -> None:
    """The champion wants a column that the candidate's rows do not have any more."""
    approve(telco)
    for path in (telco.folder / "test_raw").glob("*.parquet"):
        table = pq.read_table(path)
        path.unlink()
        pq.write_table(table.drop_columns(["Contract"]), path)
    found = judged(telco)
    assert (found["compared"], found["passed"]) == (False, True)
    assert "version 3 cannot be compared (the body lacks the column 'Contract')" in found["clause"]


def test_other_classes_are_said(telco: Jobs) -> None:
    approve(telco)
    unpacked = telco.folder / "other"
    unpack(telco.folder / "champion" / "model.tar.gz", unpacked)
    decision = documents.read(unpacked / "code" / "decision.json")
    documents.write(telco.folder / "model" / "code" / "decision.json", decision | {"classes": ["stays", "leaves"]})
    telco.pack()
    assert "it decides about No and Yes, the candidate about stays and leaves" in judged(telco)["clause"]


def test_a_champion_that_leaves_rows_out_cannot_be_compared(tmp_path: Path) -> None:
    decision = Decision("binary", ("no", "yes"), 0.5, "fixed:0.5")
    documents.write(tmp_path / package.DECISION, decision.to_document())
    documents.write(tmp_path / "answers.json", {"scores": [0.1, 0.9]})
    ended = subprocess.Popen([sys.executable, "-c", ""])
    reference = champion.Champion("3", tmp_path, tmp_path, tmp_path / "answers.json", ended, Rule("auc"))
    labels = np.array([0, 1, 1])
    found = reference.judge(deciding(decision), labels, np.array([0.1, 0.9, 0.8]), 10, 1)
    assert found.compared is False
    assert "version 3 cannot be compared (it answers 2 of 3 rows)" in found.finding.clause


def test_without_a_champion(telco: Jobs) -> None:
    telco.train(*WEAK)
    telco.pack()
    found = judged(telco, version="none")
    assert (found["passed"], found["champion"], found["compared"]) == (True, "", False)
    assert "no approved version" in found["clause"]
    assert "version 3 cannot be compared" in judged(telco)["clause"], "its artefact is gone"


def test_a_comparison_that_is_switched_off(tmp_path: Path) -> None:
    with champion.asked({}) as reference:
        assert reference is None


def champion_split(jobs: Jobs, **split: Any) -> None:
    """Let the champion be one that was split otherwise."""
    approve(jobs)
    unpack(jobs.folder / "champion" / "model.tar.gz", jobs.folder / "approved")
    sealed = documents.read(jobs.folder / "approved" / "code" / "preprocessor.json")
    documents.write(jobs.folder / "model" / "code" / "preprocessor.json", sealed | {"split": sealed["split"] | split})
    shutil.copy(jobs.pack(), jobs.folder / "champion" / "model.tar.gz")
    documents.write(jobs.folder / "model" / "code" / "preprocessor.json", sealed)
    jobs.pack()


def test_a_champion_of_another_seed_is_compared_on_what_it_has_not_seen(telco: Jobs) -> None:
    champion_split(telco, seed=43)
    found = judged(telco)
    rows = len(read(telco.folder / "test"))
    said = re.search(
        r"on the (\d+) of ([\d,]+) test rows that it has not seen \(it was split with seed 43, here 0\)",
        found["clause"],
    )
    assert said, found["clause"]
    assert said[2] == f"{rows:,}"
    assert abs(int(said[1]) / rows - 0.15) < 0.05
    assert found["advantage"]["value"] == 0


def test_a_champion_that_has_seen_the_rows_decides_nothing(telco: Jobs) -> None:
    champion_split(telco, by="random", thresholds={"": [0.9, 1.0]})
    found = judged(telco)
    assert (found["compared"], found["passed"]) == (False, True)
    assert (
        "(it was split by random, here by stratified, so it has seen 1,057 of the 1,057 test rows)" in found["clause"]
    )
