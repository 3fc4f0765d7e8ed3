"""Evaluate on real rows: reports, verdict, golden records that hold, and bad input that ends with a sentence."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis import threshold
from contract import documents
from contract.package import Golden
from inference.model import load
from model_build.jobs import golden
from model_build.jobs.encoded import Encoded
from tests.model_build.jobs.conftest import QUICK, Jobs, members


def records(output: Path) -> list[Golden]:
    return [Golden(**json.loads(line)) for line in (output / "golden.jsonl").read_text().splitlines()]


def test_telco_from_rows_to_verdict(telco: Jobs) -> None:
    model = telco.train()
    archive = telco.pack()
    output = telco.evaluate()
    assert {path.name for path in output.iterdir()} == {
        "evaluation.json", "golden.jsonl", "payload.tar.gz",
        "roc.png", "precision_recall.png", "calibration.png", "confusion_matrix.png",
    }  # fmt: skip
    report = documents.read(output / "evaluation.json")["binary_classification_metrics"]
    assert 0.8 < report["auc"]["lower"] < report["auc"]["value"] < report["auc"]["upper"] < 0.9
    verdict = telco.verdict()
    assert verdict["passed"] is True
    assert verdict["artefact"] == documents.sha256(archive.read_bytes())
    assert verdict["metrics"]["auc"] == report["auc"]["value"]

    chosen = records(output)
    assert len(chosen) == 30
    assert {one.decision for one in chosen} == {"Yes", "No"}
    loaded = load(model)
    assert golden.decide(loaded, [one.record for one in chosen]) == chosen, "read back, they answer the same"
    assert all(set(one.record) == set(loaded.preprocessor.columns.raw_features) for one in chosen)


def test_the_configuration_decides_about_resamples_and_golden_records(telco: Jobs) -> None:
    telco.train()
    telco.pack()

    def run(**settings: int) -> tuple[dict[str, Any], list[Golden]]:
        output = telco.evaluate(**settings)
        return documents.read(output / "evaluation.json"), records(output)

    first, chosen = run(bootstrap=20, golden=10, seed=3)
    assert "from 20 bootstrap resamples of the test rows, seed 3" in first["method"]
    assert len(chosen) == 10
    second, others = run(bootstrap=20, golden=10, seed=4)
    assert "from 20 bootstrap resamples of the test rows, seed 4" in second["method"]
    assert [one.record for one in others] != [one.record for one in chosen]
    names = ("binary_classification_metrics", "auc")
    one, other = (document[names[0]][names[1]] for document in (first, second))
    assert one["value"] == other["value"]
    assert one["lower"] != other["lower"]


@pytest.mark.parametrize("rule", ["f1", "youden", "recall:0.8"])
def test_the_sealed_threshold_is_chosen_on_the_validation_rows(telco: Jobs, rule: str) -> None:
    telco.train(*QUICK, "--threshold_rule", rule)
    telco.pack()
    with tarfile.open(telco.folder / "artefact" / "model.tar.gz") as archive:
        archive.extractall(telco.folder / "sealed", filter="data")
    model = load(telco.folder / "sealed")

    def chosen(side: str) -> tuple[float, str]:
        split = Encoded(telco.folder / side, model.preprocessor.feature_names, side)
        return threshold.choose(rule, split.labels(), split.predict(model.predict))

    assert (model.decision.threshold, model.decision.rule) == chosen("validation")
    assert model.decision.threshold != chosen("train")[0], "so they can be told apart"


def test_the_same_input_gives_the_same_bytes(telco: Jobs) -> None:
    telco.train()
    telco.pack()
    first = {path.name: path.read_bytes() for path in telco.evaluate().iterdir()}
    assert {path.name: path.read_bytes() for path in telco.evaluate().iterdir()} == first


def test_golden_records_cover_classes_categories_and_missing_values(telco: Jobs) -> None:
    telco.train()
    telco.pack()
    tests = pq.read_table(telco.folder / "test_raw").to_pylist()
    chosen = [one.record for one in records(telco.evaluate(golden=60))]
    for name in ("Contract", "PaymentMethod", "InternetService", "gender"):
        assert {record[name] for record in chosen} == {row[name] for row in tests}
    if any(not row["TotalCharges"].strip() for row in tests):
        assert any(not record["TotalCharges"].strip() for record in chosen)


def test_payload_holds_records_that_the_endpoint_takes(telco: Jobs) -> None:
    telco.train()
    telco.pack()
    payload = members(telco.evaluate() / "payload.tar.gz")
    assert set(payload) == {"payload.csv", "payload.json"}
    assert len(json.loads(payload["payload.json"])["instances"]) == len(payload["payload.csv"].splitlines()) == 5


def test_three_classes(sexes: Jobs) -> None:
    sexes.train()
    sexes.pack()
    output = sexes.evaluate()
    report = documents.read(output / "evaluation.json")["multiclass_classification_metrics"]
    assert report["macro_auc"]["value"] > 0.7
    assert set(report["confusion_matrix"]) == {"F", "I", "M"}
    one = records(output)[0]
    assert isinstance(one.score, list)
    assert sum(one.score) == pytest.approx(1)
    assert one.decision == ["F", "I", "M"][one.score.index(max(one.score))]


def test_regression(abalone: Jobs) -> None:
    abalone.train()
    abalone.pack()
    output = abalone.evaluate()
    report = documents.read(output / "evaluation.json")["regression_metrics"]
    assert report["mse"]["value"] < 7
    assert abalone.verdict()["passed"] is True
    assert all(one.score == one.decision for one in records(output))


def test_a_gate_that_fails_is_a_result(telco: Jobs) -> None:
    telco.train()
    telco.pack()
    telco.evaluate()
    verdict = telco.verdict(gate={"metric": "auc", "bound": "lower", "minimum": 0.95})
    assert verdict["passed"] is False
    assert "must be above 0.95" in verdict["reason"]
    assert "Rejected" in (telco.folder / "verdict" / "report.html").read_text()
    assert not (telco.folder / "message").exists()


def test_a_changed_encoder_is_found(telco: Jobs) -> None:
    model = telco.train()
    path = model / "code" / "preprocessor.json"
    document = documents.read(path)
    contract = next(feature for feature in document["features"] if feature["column"] == "Contract")
    contract["categories"] = contract["categories"][::-1]
    documents.write(path, document)
    telco.pack()
    assert "alone and" in refusal(telco)


def test_raw_rows_of_another_run_are_refused(telco: Jobs) -> None:
    telco.train()
    telco.pack()
    for path in (telco.folder / "test_raw").iterdir():
        pq.write_table(pq.read_table(path).slice(1), path)
    assert "raw test rows stand against" in refusal(telco)


def test_a_missing_or_broken_artefact_is_refused(telco: Jobs) -> None:
    assert "is missing" in refusal(telco)
    (telco.folder / "artefact").mkdir()
    (telco.folder / "artefact" / "model.tar.gz").write_bytes(b"no archive")
    assert "cannot be unpacked" in refusal(telco)
    with tarfile.open(telco.folder / "artefact" / "model.tar.gz", "w:gz"):
        pass
    assert "preprocessor.json is missing" in refusal(telco)


def test_unknown_settings_are_refused(telco: Jobs) -> None:
    telco.train()
    telco.pack()
    assert "bootstraps" in refusal(telco, bootstraps=3)


def refusal(jobs: Jobs, **settings: object) -> str:
    """The sentence with which Evaluate ends."""
    with pytest.raises(SystemExit) as ended:
        jobs.evaluate(**settings)
    assert ended.value.code == 1
    reason = (jobs.folder / "message").read_text()
    assert "\n" not in reason.strip()
    return reason
