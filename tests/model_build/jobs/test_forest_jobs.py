"""Random Cut Forest through the programs of the jobs, by both engines, on the sample of `invoices`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from contract import documents, package
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from inference.model import load
from model_build import catalogue
from model_build.jobs import csv_channels, evaluate_scores, scores, threshold, train_forest
from model_build.jobs.artefact import unpack
from model_build.jobs.encoded import Encoded
from random_cut_forest import serving
from tests.conftest import ROOT
from tests.model_build.jobs.conftest import EVALUATE, Jobs

COLUMNS = {
    "label": "Error",
    "task": "binary",
    "positive": "True",
    "numeric": ["Minutes", "Fee", "Total"],
    "categorical": ["Matter Type", "Resource", "Activity"],
    "drop": ["Matter Number", "Firm Name"],
}


@pytest.fixture
def invoices(jobs: Jobs) -> Jobs:
    sample = catalogue.load(ROOT / "model_build/pipelines/invoices/sample.py")
    sample.write(jobs.folder / "invoices.csv", rows=8000)
    jobs.preprocess(jobs.folder / "invoices.csv", COLUMNS, scale="standard", encoding="one_hot")
    return jobs


def run(jobs: Jobs, main: Callable[[], None], environment: dict[str, Any], *arguments: str) -> None:
    jobs._run(main, {"MESSAGE_FILE": jobs.folder / "message", "FAILURE_FILE": jobs.folder / "failure", **environment},
              *arguments)  # fmt: skip


def grow(jobs: Jobs, *arguments: str) -> Path:
    """Train in script mode; the model folder."""
    serving_code = jobs.folder / "bundle/serving"
    (serving_code / "inference").mkdir(parents=True, exist_ok=True)
    shutil.rmtree(jobs.folder / "model", ignore_errors=True)
    environment = {
        "SM_CHANNEL_TRAIN": jobs.folder / "train",
        "SM_CHANNEL_VALIDATION": jobs.folder / "validation",
        "SM_CHANNEL_PREPROCESSOR": jobs.folder / "fit",
        "SM_MODEL_DIR": jobs.folder / "model",
        "SERVING": serving_code,
    }
    run(jobs, train_forest.main, environment, *arguments)
    return jobs.folder / "model"


def test_script(invoices: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
    first = grow(invoices, "--num_trees", "60", "--threshold_rule", "known_errors_median", "--sagemaker_region", "x")
    log = capsys.readouterr().out
    assert "test f1 <score>=" in log
    assert float(log.split("validation-auc:")[1].split()[0]) > 0.7
    content = {path.relative_to(first): path.read_bytes() for path in first.rglob("*") if path.is_file()}
    assert Path(package.FOREST) in content
    second = grow(invoices, "--num_trees", "60", "--threshold_rule", "known_errors_median")
    assert {path.relative_to(second): path.read_bytes() for path in second.rglob("*") if path.is_file()} == content

    model = load(second)
    validation = Encoded(invoices.folder / "validation", model.preprocessor.feature_names, "validation")
    found, labels = validation.predict(model.predict), validation.labels()
    assert model.decision.scale == "anomaly"
    above = np.array(model.decide(found)) == "True"
    assert np.mean(above[labels == 1]) == pytest.approx(0.5, abs=0.5 / float(labels.sum())), (
        "the median, by construction"
    )

    invoices.pack()
    evaluation = documents.read(invoices.evaluate() / package.EVALUATION)["binary_classification_metrics"]
    assert evaluation["auc"]["value"] > 0.8
    assert evaluation["log_loss"] == {
        "value": None, "standard_deviation": None, "lower": None, "upper": None,
        "reason": "Anomaly scores are no probabilities.",
    }  # fmt: skip
    assert "calibration" not in evaluation
    assert invoices.verdict()["passed"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--num_trees", "5"), "takes 50 to 1000"),
        (("--num_trees", "many"), "a whole number"),
        (("--seed", "-1"), "hyperparameter seed"),
        (("--threshold_rule", "best"), "is none of known_errors_median"),
        (("--num_trees", "50", "--colour", "red"), "no hyperparameter colour"),
    ],
)
def test_script_refuses(invoices: Jobs, arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(SystemExit):
        grow(invoices, *arguments)
    assert words in (invoices.folder / "failure").read_text()


def test_neighbours_in_the_files_share_no_tree(tmp_path: Path) -> None:
    """Few rows are cut into slices, one a tree: grown from sorted rows a tree would see a fiftieth of the values."""
    values = pa.array(np.arange(1000), pa.float32())
    pq.write_table(pa.table({"label": values, "x": values}), tmp_path / "rows.parquet")
    rows = Encoded(tmp_path, ("x",), "train")
    forest, _ = train_forest.grow({"num_trees": "50"}, rows, rows)
    points = np.split(forest.trees.points[:, 0], 50)
    assert np.array_equal(np.sort(np.concatenate(points)), np.arange(1000))
    assert min(np.ptp(tree) for tree in points) > 200


@pytest.fixture
def answered(invoices: Jobs) -> Jobs:
    """The builtin engine up to the answers of the transform job, which the forest of the script engine gives here."""
    folder = invoices.folder
    csv_channels.write(folder, folder / "csv")
    forest = load(grow(invoices))
    for side in ("validation", "test"):
        (folder / "scores" / side).mkdir(parents=True)
        for path in (folder / "csv/scored" / side).glob("*.csv"):
            rows = serving.parse(path.read_bytes(), "text/csv")
            body, _ = serving.respond(forest.engine.predict(rows.astype(np.float32)), "application/jsonlines")
            (folder / "scores" / side / f"{path.name}.out").write_bytes(body)
    invoices.pack().rename(folder / "artefact/model.tar.gz")
    return invoices


def decide(jobs: Jobs, rule: str = "f1") -> None:
    folder = jobs.folder
    environment = {
        "SCORES": folder / "scores/validation",
        "VALIDATION": folder / "validation",
        "PREPROCESSOR": folder / "fit",
        "FOREST": folder / "artefact",
        "RULE": rule,
        "SERVING": folder / "bundle/serving",
        "ENCODING": folder / "encoding",
        "DECIDING": folder / "deciding",
    }
    run(jobs, threshold.main, environment)


def judge(jobs: Jobs) -> Path:
    folder = jobs.folder
    documents.write(folder / "evaluate.json", EVALUATE)
    environment = {
        "MODEL": folder / "encoding",
        "SCORES": folder / "scores/test",
        "TEST": folder / "test",
        "TEST_RAW": folder / "test_raw",
        "SETTINGS": folder / "evaluate.json",
        "OUTPUT": folder / "output",
    }
    run(jobs, evaluate_scores.main, environment)
    return folder / "output"


def test_builtin_decides_and_is_judged_as_script_is(answered: Jobs) -> None:
    """The same scores, so the same threshold, figures and golden records."""
    folder = answered.folder
    script = documents.read(answered.evaluate() / package.EVALUATION)
    golden = (folder / "output" / package.GOLDEN).read_text()
    decide(answered)
    builtin = documents.read(judge(answered) / package.EVALUATION)
    assert (folder / "output" / package.GOLDEN).read_text() == golden
    assert builtin["model"].pop("artefact") != script["model"].pop("artefact")
    assert builtin == script


def test_the_hash_of_the_first_container_names_the_chain(answered: Jobs, tmp_path: Path) -> None:
    decide(answered)
    first = {name: (answered.folder / name / "model.tar.gz").read_bytes() for name in ("encoding", "deciding")}
    decide(answered)
    again = {name: (answered.folder / name / "model.tar.gz").read_bytes() for name in first}
    assert again == first
    unpack(answered.folder / "encoding/model.tar.gz", tmp_path)
    forest = answered.folder / "artefact/model.tar.gz"
    assert documents.read(tmp_path / threshold.CHAIN) == {
        "forest": documents.sha256(forest.read_bytes()),
        "deciding": documents.sha256(first["deciding"]),
    }
    forest.write_bytes(forest.read_bytes() + b"\0")
    decide(answered)
    assert (answered.folder / "encoding/model.tar.gz").read_bytes() != first["encoding"]


def test_scores_that_are_not_those_of_the_rows(answered: Jobs) -> None:
    (file,) = (answered.folder / "scores/validation").iterdir()
    whole = file.read_text()
    for content, words in (
        (whole[: whole.rindex("\n", 0, -1) + 1], "scores stand against"),
        ("x\n", "no scores of"),
        (whole[: whole.index("\n") + 1] + '{"score": null}\n', "no scores of"),
        (f'{{"score": {"9" * 400}}}\n', "no scores of"),
    ):
        file.write_text(content)
        with pytest.raises(SystemExit):
            decide(answered)
        assert words in (answered.folder / "message").read_text()
    file.unlink()
    preprocessor = Preprocessor.from_document(documents.read(answered.folder / "fit/preprocessor.json"))
    split = Encoded(answered.folder / "validation", preprocessor.feature_names, "validation")
    with pytest.raises(InputError, match="run Score again"):
        scores.read(answered.folder / "scores/validation", split)


def test_csv_channels_hold_the_same_rows(invoices: Jobs) -> None:
    folder = invoices.folder
    csv_channels.write(folder, folder / "csv")
    train = pq.read_table(folder / "train").drop_columns(["label"])
    parts = sorted((folder / "csv/train").iterdir())
    assert len(parts) == csv_channels.PARTS
    plain = pyarrow.csv.ReadOptions(column_names=train.column_names)
    spread = pa.concat_tables([pyarrow.csv.read_csv(part, plain) for part in parts])
    rows, expected = (np.column_stack([column.to_numpy() for column in table.columns]) for table in (spread, train))
    assert not np.array_equal(rows, expected)
    assert np.array_equal(_sorted(rows), _sorted(expected))
    validation = pq.read_table(folder / "validation")
    (labelled,) = (folder / "csv/validation").iterdir()
    read = pyarrow.csv.read_csv(labelled, pyarrow.csv.ReadOptions(column_names=validation.column_names))
    assert np.array_equal(read["Total"].to_numpy(), validation["Total"].to_numpy().astype(np.float64))
    assert np.array_equal(read["label"].to_numpy(), validation["label"].to_numpy())


def _sorted(rows: Any) -> Any:
    rows = np.asarray(rows, dtype=np.float64)
    return rows[np.lexsort(rows.T)]


def powerless(path: Path, rows: int) -> None:
    """Errors are frequent where two measures agree in sign: nothing about them is unusual, and all of it learnable."""
    random = np.random.default_rng(5)
    measures = random.uniform(-1, 1, (rows, 3))
    share = np.where(measures[:, 0] * measures[:, 1] > 0, 0.4, 0.01)  # so that the best AUC is 0.80
    error = np.where(random.random(rows) < share, "yes", "no")
    pyarrow.csv.write_csv(
        pa.table({"a": measures[:, 0], "b": measures[:, 1], "c": measures[:, 2], "error": error}), path
    )


def test_a_forest_without_power_is_rejected_in_words(jobs: Jobs) -> None:
    powerless(jobs.folder.parent / "rows.csv", 6000)
    columns = {"label": "error", "task": "binary", "positive": "yes", "numeric": ["a", "b", "c"]}
    jobs.preprocess(jobs.folder.parent / "rows.csv", columns, scale="standard")
    jobs.train()
    jobs.pack()
    boosted = documents.read(jobs.evaluate() / package.EVALUATION)["binary_classification_metrics"]["auc"]["value"]
    shutil.rmtree(jobs.folder / "model")
    grow(jobs)
    jobs.pack()
    jobs.evaluate()
    verdict = jobs.verdict()
    assert boosted >= 0.75
    assert verdict["metrics"]["auc"] <= 0.55
    assert not verdict["passed"]
    assert verdict["reason"].startswith("Rejected: ")
    assert "Random Cut Forest has shown no power on these data" in verdict["reason"]
