"""The two programs as SageMaker runs them: environment in, files out, a sentence and exit code 1 when they cannot."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contract import documents
from contract.preprocessor import Preprocessor
from tests.preprocessing.tables import COLUMNS, read, sample

REPOSITORY = Path(__file__).resolve().parents[3]
FEATURES = """
import numpy as np

def features(columns):
    return {"size": np.hypot(columns["n"], columns["m"])}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    sample(600).to_csv(tmp_path / "in" / "data.csv", index=False)
    documents.write(tmp_path / "preprocess.json", {"columns": COLUMNS, "deduplicate": True})
    documents.write(tmp_path / "resourceconfig.json", {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]})
    return tmp_path


def run(home: Path, program: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "INPUT": home / "in",
        "SETTINGS": home / "preprocess.json",
        "PREPROCESSOR": home / "fit",
        "OUTPUT": home / ("fit" if program == "preprocess_fit" else "out"),
        "RESOURCE_CONFIG": home / "resourceconfig.json",
        "MESSAGE_FILE": home / "output" / "message",
        "PYTHONPATH": f"{home}{os.pathsep}{REPOSITORY}",
    }
    return subprocess.run(
        [sys.executable, "-m", f"model_build.jobs.{program}"],
        env={key: str(value) for key, value in environment.items()},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )


def test_fit_then_encode(home: Path) -> None:
    (home / "in" / "again.csv").write_bytes((home / "in" / "data.csv").read_bytes())
    fitted = run(home, "preprocess_fit")
    assert (fitted.returncode, fitted.stderr) == (0, "")
    assert "rows: read 1200, duplicates 600, train 4" in fitted.stdout
    findings = documents.read(home / "fit" / "findings.json")
    encoded = run(home, "preprocess_encode")
    assert (encoded.returncode, encoded.stderr) == (0, "")
    preprocessor = Preprocessor.from_document(documents.read(home / "fit" / "preprocessor.json"))
    for side in ("train", "validation", "test"):
        frame = read(home / "out" / side)
        assert list(frame) == ["label", *preprocessor.feature_names]
        assert len(frame) == findings["rows"][side]
    assert len(read(home / "out" / "test_raw")) == findings["rows"]["test"]
    assert [path.name for path in (home / "out" / "train").iterdir()] == ["part-algo-2-00000.parquet"]


def test_the_statistics_are_those_of_the_rows_to_train_on(home: Path) -> None:
    """Raw values before imputation and scaling; a copy of a row, which is left out, does not count."""
    (home / "in" / "again.csv").write_bytes((home / "in" / "data.csv").read_bytes())
    assert run(home, "preprocess_fit").returncode == 0
    rows = documents.read(home / "fit" / "findings.json")["rows"]["train"]
    preprocessor = Preprocessor.from_document(documents.read(home / "fit" / "preprocessor.json"))
    found = documents.read(home / "fit" / "statistics.json")
    assert found["dataset"]["item_count"] == rows
    columns = preprocessor.columns
    assert {feature["name"] for feature in found["features"]} == {*columns.numeric, *columns.categorical}
    for feature in found["features"]:
        kind = "numerical_statistics" if feature["name"] in columns.numeric else "string_statistics"
        common = feature[kind]["common"]
        assert common["num_present"] + common["num_missing"] == rows
    constraints = documents.read(home / "fit" / "constraints.json")
    assert [one["name"] for one in constraints["features"]] == [one["name"] for one in found["features"]]


def test_own_features_come_from_the_bundle(home: Path) -> None:
    (home / "features.py").write_text(FEATURES)
    documents.write(home / "preprocess.json", {"columns": {**COLUMNS, "derived_numeric": ["size"]}})
    for program in ("preprocess_fit", "preprocess_encode"):
        done = run(home, program)
        assert (done.returncode, done.stderr) == (0, "")
    assert "size" in read(home / "out" / "test")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda home: (home / "in" / "data.csv").unlink(), "holds no data files"),
        (lambda home: (home / "in" / "data.csv").write_text("a,b\n1,2\n"), "data.csv lacks the described column 'y'"),
        (lambda home: (home / "preprocess.json").unlink(), "preprocess.json is missing"),
        (lambda home: (home / "preprocess.json").write_text("{"), "preprocess.json is not a JSON document"),
        (lambda home: (home / "preprocess.json").write_text("{}"), "lack the description of the columns"),
        (
            lambda home: (home / "preprocess.json").write_text(
                json.dumps({"columns": {**COLUMNS, "derived_numeric": ["size"]}})
            ),
            "the pipeline's folder has no features.py",
        ),
        (
            lambda home: (home / "preprocess.json").write_text(json.dumps({"columns": COLUMNS, "colour": "red"})),
            "have unknown keys: colour",
        ),
    ],
)
def test_what_cannot_work_ends_with_one_sentence(home: Path, change: Any, said: str) -> None:
    change(home)
    done = run(home, "preprocess_fit")
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert (home / "output" / "message").read_text() == done.stderr.strip()
    assert not (home / "fit" / "preprocessor.json").exists()


def test_encode_without_fit(home: Path) -> None:
    done = run(home, "preprocess_encode")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "preprocessor.json is missing" in done.stderr


def test_a_disk_that_fills_up(home: Path) -> None:
    assert run(home, "preprocess_fit").returncode == 0
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    (home / "out" / "train").mkdir(parents=True)
    (home / "out" / "train" / "part-algo-2-00000.parquet").symlink_to(full)
    done = run(home, "preprocess_encode")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "The disk is full" in done.stderr


def test_parquet_needs_no_pandas(home: Path) -> None:
    sample(600).to_parquet(home / "in" / "data.parquet")
    (home / "in" / "data.csv").unlink()
    (home / "pandas.py").write_text("raise AssertionError('pandas was imported')")
    for program in ("preprocess_fit", "preprocess_encode"):
        done = run(home, program)
        assert (done.returncode, done.stderr) == (0, "")
