"""Train on real rows: the artefact is whole, the same twice, and bad input ends with a sentence."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xgboost as xgb

from contract import documents
from model_build.jobs.encoded import Encoded
from tests.model_build.jobs.conftest import QUICK, Jobs


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_artefact_is_whole_and_the_same_twice(telco: Jobs, capfd: pytest.CaptureFixture[str]) -> None:
    arguments = (*QUICK, "--subsample", "0.8", "--colsample_bytree", "0.8", "--sagemaker_region", "eu-central-1")
    first = content(telco.train(*arguments))
    assert set(first) == {
        "xgboost-model",
        "code/preprocessor.json",
        "code/decision.json",
        "code/inference/app.py",
    }
    decision = json.loads(first["code/decision.json"])
    assert decision["classes"] == ["No", "Yes"]
    assert 0 < decision["threshold"] < 1
    assert decision["rule"] == "best F1 on the validation split"
    printed = capfd.readouterr().out.splitlines()
    assert printed[0].startswith("[0]\ttrain-logloss:")
    assert "\tvalidation-auc:0." in printed[0]
    assert first["code/preprocessor.json"] == (telco.folder / "fit" / "preprocessor.json").read_bytes()
    assert content(telco.train(*arguments, cpus=2)) == first
    assert not (telco.folder / "failure").exists()


def test_early_stopping_keeps_the_best_round(telco: Jobs, capfd: pytest.CaptureFixture[str]) -> None:
    model = telco.train(
        "--num_round", "200", "--early_stopping_rounds", "4", "--eta", "0.5", "--eval_metric", "auc,logloss"
    )
    lines = [line for line in capfd.readouterr().out.splitlines() if line.startswith("[")]
    scores = [float(line.split("validation-auc:")[1].split("\t")[0]) for line in lines]
    booster = xgb.Booster(model_file=bytearray((model / "xgboost-model").read_bytes()))
    assert len(lines) < 200
    # The best round's line comes once more at the end, for whoever compares trainings by their last value.
    assert lines.pop() == lines[booster.num_boosted_rounds() - 1]
    assert booster.num_boosted_rounds() == len(lines) - 4
    assert max(scores) == pytest.approx(scores[booster.num_boosted_rounds() - 1], abs=1e-5)


def test_regression(abalone: Jobs) -> None:
    model = abalone.train()
    booster = xgb.Booster(model_file=bytearray((model / "xgboost-model").read_bytes()))
    assert json.loads(booster.save_config())["learner"]["objective"]["name"] == "reg:squarederror"
    assert documents.read(model / "code" / "decision.json")["threshold"] is None


def test_three_classes(sexes: Jobs) -> None:
    model = sexes.train()
    booster = xgb.Booster(model_file=bytearray((model / "xgboost-model").read_bytes()))
    assert booster.inplace_predict(np.zeros((2, booster.num_features()), np.float32)).shape == (2, 3)
    assert documents.read(model / "code" / "decision.json")["classes"] == ["F", "I", "M"]


def test_dropout(abalone: Jobs) -> None:
    model = abalone.train(*QUICK, "--booster", "dart", "--rate_drop", "0.1")
    booster = xgb.Booster(model_file=bytearray((model / "xgboost-model").read_bytes()))
    assert 0 < booster.num_boosted_rounds() <= 40


@pytest.mark.parametrize("method", ["exact", "approx"])
def test_tree_methods_that_need_the_floats(abalone: Jobs, method: str) -> None:
    assert (abalone.train(*QUICK, "--tree_method", method) / "xgboost-model").stat().st_size > 1000


def test_the_streamed_bins_are_those_of_the_whole_matrix(telco: Jobs) -> None:
    document = documents.read(telco.folder / "fit" / "preprocessor.json")
    features = tuple(feature["column"] for feature in document["features"])
    split = Encoded(telco.folder / "train", features, "train")
    matrix, labels = next(split.batches())
    assert split.rows == len(labels) == len(split.labels())
    whole = xgb.train({"tree_method": "hist"}, xgb.QuantileDMatrix(matrix, labels), 3)
    from model_build.jobs.matrices import binned

    streamed = xgb.train({"tree_method": "hist"}, binned(split, 256), 3)
    assert streamed.save_raw("ubj") == whole.save_raw("ubj")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--objective", "reg:squarederror"), "does not fit a binary label"),
        (("--num_round", "many"), "num_round"),
        (("--max_depth", "-3"), "max_depth"),
        (("--max_depth",), "--name value"),
        (("--threshold_rule", "best"), "threshold rule"),
        (("--eval_metric", "fantasy", "--num_round", "2"), "fantasy"),
        (("--num_round", "2", "--threshold_rule", "precision:1.0"), "No threshold reaches"),
        (("--max_bin", "0"), "`max_bin` must be equal to or greater than 2"),
        (("--eta", "nan"), "eta is 'nan', a finite number"),
    ],
)
def test_bad_hyperparameters_end_with_a_sentence(telco: Jobs, arguments: tuple[str, ...], words: str) -> None:
    assert words in refusal(telco, *arguments)


def test_an_empty_split_ends_with_a_sentence(telco: Jobs) -> None:
    for path in (telco.folder / "validation").iterdir():
        pq.write_table(pq.read_table(path).slice(0, 0), path)
    assert "validation split has no rows" in refusal(telco)


def test_one_class_in_training_ends_with_a_sentence(telco: Jobs) -> None:
    relabel(telco.folder / "train", lambda labels: labels * 0)
    assert "no row of class Yes" in refusal(telco)


def test_one_class_in_validation_ends_with_a_sentence(telco: Jobs) -> None:
    relabel(telco.folder / "validation", lambda labels: labels * 0)
    assert "validation split has one class only" in refusal(telco)


def test_a_constant_label_ends_with_a_sentence(abalone: Jobs) -> None:
    relabel(abalone.folder / "train", lambda labels: labels * 0 + 3)
    assert "have the label 3" in refusal(abalone)


def test_scores_without_bounds_end_with_a_sentence(abalone: Jobs) -> None:
    assert "diverged" in refusal(abalone, "--num_round", "1", "--eta", "3e38")


def test_a_metric_that_is_no_number_ends_with_a_sentence(abalone: Jobs) -> None:
    """This loss has no value for predictions below zero."""
    said = refusal(abalone, "--num_round", "9", "--base_score", "-50", "--eval_metric", "tweedie-nloglik@1.5")
    assert "validation-tweedie-nloglik@1.5 is not a number" in said


def test_constant_features_end_with_a_sentence(abalone: Jobs) -> None:
    for path in (abalone.folder / "train").iterdir():
        table = pq.read_table(path)
        flat = [table["label"], *(pa.array(np.ones(len(table), np.float32)) for _ in table.column_names[1:])]
        pq.write_table(pa.table(flat, table.column_names), path)
    assert "constant" in refusal(abalone)


def test_foreign_columns_end_with_a_sentence(telco: Jobs) -> None:
    for path in (telco.folder / "train").iterdir():
        table = pq.read_table(path)
        pq.write_table(table.rename_columns(["label", *(f"x{i}" for i in range(table.num_columns - 1))]), path)
    assert "not those of the preprocessor" in refusal(telco)


def relabel(folder: Path, change: object) -> None:
    for path in folder.iterdir():
        table = pq.read_table(path)
        labels = change(table["label"].to_numpy())  # type: ignore[operator]
        pq.write_table(table.set_column(0, "label", pa.array(labels.astype(np.float32))), path)


def refusal(jobs: Jobs, *arguments: str) -> str:
    """The sentence with which Train ends, before there is a model."""
    with pytest.raises(SystemExit) as ended:
        jobs.train(*arguments)
    assert ended.value.code == 1
    reason = (jobs.folder / "failure").read_text()
    assert "\n" not in reason.strip()
    assert not (jobs.folder / "model").exists() or not any((jobs.folder / "model").iterdir())
    return reason


@pytest.mark.parametrize("method", ["hist", "exact"])
def test_names_that_xgboost_refuses(jobs: Jobs, tmp_path: Path, method: str) -> None:
    rng = np.random.default_rng(0)
    size, kind = rng.normal(size=300), rng.choice(["<1", "[2]"], 300)
    answer = np.where(size + rng.normal(size=300) > 0, "yes", "no")
    rows = (f"{number},{text},{said}\n" for number, text, said in zip(size, kind, answer, strict=True))
    (tmp_path / "data.csv").write_text("size [m]<,[kind],y\n" + "".join(rows))
    columns = {"label": "y", "task": "binary", "positive": "yes", "numeric": ["size [m]<"], "categorical": ["[kind]"]}
    jobs.preprocess(tmp_path / "data.csv", columns, encoding="one_hot")
    jobs.train(*QUICK, "--tree_method", method)
    jobs.pack()
    assert documents.read(jobs.evaluate() / "evaluation.json")
