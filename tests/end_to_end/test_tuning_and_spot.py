"""Tuning that finds better than the defaults, and Spot that ends with the same model, through the whole of it."""

import hashlib
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.conftest import Commands

TELCO = ("telco_churn/Telco-Customer-Churn.csv", "Churn")
ABALONE = ("abalone/abalone.csv", "Class_number_of_rings")


def project(commands: Commands, data: Path, source: tuple[str, str], text: str = "") -> str:
    """A pipeline for one of the real sets, with `text` appended to its configuration; its name."""
    path, label = source
    name = Path(path).parts[0].replace("_", "-")
    if not (commands.folder / "model_build/pipelines" / name).exists():
        made = commands("new", name, "--data", str(data / path), "--label", label)
        assert made.returncode == 0, made.stderr
    config = commands.folder / "model_build/pipelines" / name / "config.toml"
    config.write_text(config.read_text() + text)
    return name


def client(commands: Commands, service: str) -> Any:
    status = commands.json("local", "status")
    return boto3.client(
        service, endpoint_url=status["Endpoint"], region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local",
    )  # fmt: skip


def trained(commands: Commands, report: dict[str, Any]) -> dict[str, Any]:
    """The training job of an execution, as AWS describes it."""
    arn = next(step["Metadata"]["TrainingJob"]["Arn"] for step in report["Steps"] if step["StepName"] == "Train")
    found: dict[str, Any] = client(commands, "sagemaker").describe_training_job(TrainingJobName=arn.rpartition("/")[2])
    return found


def digest(commands: Commands, job: dict[str, Any]) -> str:
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    body = client(commands, "s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return hashlib.sha256(body).hexdigest()


@pytest.mark.long
@pytest.mark.parametrize("source", [TELCO, ABALONE], ids=["telco", "abalone"])
def test_tuning_beats_the_defaults(source: tuple[str, str], mlops: Commands, data: Path) -> None:
    name = project(mlops, data, source)
    path = str(data / source[0])
    plain = trained(mlops, mlops.json("run", name, "--data", path))
    project(mlops, data, source, "\n[tuning]\nenabled = true\nmax_jobs = 10\n")
    report = mlops.json("run", name, "--data", path)
    assert report["PipelineExecutionStatus"] == "Succeeded"
    identifier = report["PipelineExecutionArn"].rpartition("/")[2]
    (trials,) = mlops.json("execution", identifier)["Trials"].values()
    assert len(trials) == 10
    objectives = [trial["FinalHyperParameterTuningJobObjectiveMetric"] for trial in trials]
    metric = objectives[0]["MetricName"]
    before = next(row["Value"] for row in plain["FinalMetricDataList"] if row["MetricName"] == metric)
    values = [objective["Value"] for objective in objectives]
    if metric == "validation:auc":
        assert max(values) > before
    else:
        assert min(values) < before
    shown = mlops("execution", identifier).stdout
    assert metric in shown
    assert all(f"{value:.5g}" in shown for value in values)


@pytest.mark.long
def test_an_interrupted_training_ends_with_the_same_artefact(new_commands: Callable[[], Commands], data: Path) -> None:
    commands = new_commands()
    sampled = "\n[train.hyperparameters]\nsubsample = 0.8\ncolsample_bytree = 0.8\nnum_round = 200\n"
    name, path = project(commands, data, TELCO, sampled), str(data / TELCO[0])
    whole = commands.json("run", name, "--data", path)
    plain = trained(commands, whole)

    project(commands, data, TELCO, "\n[spot]\nenabled = true\n")
    plan = {"TrainingJobName": "*-Train-*", "AtLogLine": r"^.(25|47)[^0-9]", "Times": 2}
    endpoint = commands.json("local", "status")["Endpoint"]
    with urllib.request.urlopen(f"{endpoint}/_local/spot", json.dumps(plan).encode()) as answer:
        assert json.load(answer)["Plans"]
    report = commands.json("run", name, "--data", path)
    job = trained(commands, report)
    assert [row["Status"] for row in job["SecondaryStatusTransitions"]].count("Interrupted") == 2
    assert digest(commands, job) == digest(commands, plain)
    assert job["BillableTimeInSeconds"] < job["TrainingTimeInSeconds"]

    identifier = report["PipelineExecutionArn"].rpartition("/")[2]
    share = commands.json("execution", identifier)["SpotSavings"]["Train"]
    assert share == pytest.approx(1 - job["BillableTimeInSeconds"] / job["TrainingTimeInSeconds"])
    assert f"Train: Spot saved {share:.0%} of the training time" in commands("execution", identifier).stdout
    identifier = whole["PipelineExecutionArn"].rpartition("/")[2]
    assert "SpotSavings" not in commands.json("execution", identifier)
