"""The command line as a person meets it: exit codes, sentences, and what it leaves alone."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from awscli.customizations import overridesslcommonname

from local_aws import supported
from tests.conftest import ROOT, Commands


@pytest.fixture(scope="module")
def built(new_commands: Callable[[], Commands]) -> Commands:
    """A machine on which `credit` was built twice, the second time with another depth."""
    commands = new_commands()
    folder = commands.folder / "model_build/pipelines/credit"
    shutil.copytree(ROOT / "model_build/pipelines/credit", folder)
    program = [sys.executable, str(folder / "sample.py"), "--rows", "1500", "--seed", "5", "--output", "credit.csv"]
    subprocess.run(program, check=True, cwd=commands.folder)
    commands.json("run", "credit", "--data", "credit.csv")
    config = folder / "config.toml"
    config.write_text(config.read_text() + "\n[train.hyperparameters]\nmax_depth = 2\n")
    commands.json("run", "credit", "--data", "credit.csv")
    return commands


def test_the_newest_execution_is_shown(built: Commands) -> None:
    newest, oldest = built.json("executions")
    assert newest["StartTime"] > oldest["StartTime"]
    assert built.json("execution")["PipelineExecutionArn"] == newest["PipelineExecutionArn"]


def test_one_version_on_a_sheet(built: Commands) -> None:
    """Verdict, card and hashes, and the chain from the data to the version."""
    sheet = built.json("models", "credit", "--version", "2")
    assert sheet["ModelPackageVersion"] == 2
    assert sheet["ModelPackageDescription"].startswith("Passed: the lower end of the 95 % interval of auc")
    assert sheet["RiskRating"] == sheet["ModelCard"]["intended_uses"]["risk_rating"]
    assert {len(value) for value in sheet["Hashes"].values()} == {64}
    assert sheet["Standing"] == "Version 2 is not live: its approval status is PendingManualApproval."
    chain = {entry["Name"]: entry for entry in sheet["Lineage"]}
    assert list(chain)[-1] == "version 2"
    assert chain["data"]["From"] == []
    sources = {entry["Source"]: name for name, entry in chain.items()}
    named = {name: {sources[one] for one in entry["From"]} for name, entry in chain.items()}
    assert named["version 2"] == {"model.tar.gz"}
    assert named["model.tar.gz"] == {"Train"}
    assert named["Train"] == {"train", "validation", "preprocessor"}
    assert named["PreprocessEncode"] == {"data", "preprocessor"}
    assert named["PreprocessFit"] == {"data"}
    assert sheet["Metrics"] == built.json("execution")["Metrics"]
    shown = built("models", "credit", "--version", "2")
    s3 = boto3.client(
        "s3", endpoint_url=built.json("local", "status")["Endpoint"], region_name="us-east-1",
        aws_access_key_id="local", aws_secret_access_key="local",
    )  # fmt: skip
    for member in ("Report", "CardPage"):
        assert sheet[member] in "".join(shown.stdout.split())
        bucket, _, key = sheet[member].removeprefix("s3://").partition("/")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().startswith(b"<!doctype html>")
    assert "From the data to the version" in shown.stdout
    assert built("models", "credit", "--version", "7").returncode == 2
    assert "--version needs" in built("models", "--version", "7").stderr


def test_debug_shows_the_newest_job(built: Commands) -> None:
    newest = built.json("execution")["PipelineExecutionArn"].rpartition("/")[2]
    (host,) = built.json("debug", "credit", "Train")
    assert newest in host["Folder"]


def test_from_a_step(built: Commands) -> None:
    """The step and what follows runs, whatever the cache says; what came before is taken over."""
    report = built.json("run", "credit", "--data", "credit.csv", "--from", "Evaluate")
    shown = {step["StepName"] for step in report["Steps"] if step["StepStatus"] == "Succeeded"}
    assert "Evaluate" in shown
    assert not [step for step in report["Steps"] if step["StepName"] == "Train" and "CacheHitResult" in step]
    refused = built("run", "credit", "--data", "credit.csv", "--from", "Nowhere")
    assert refused.returncode == 2
    assert "Nowhere" in refused.stderr


def test_a_failed_step_shows_the_end_of_its_log(built: Commands) -> None:
    (built.folder / "bad.csv").write_text("nothing,of,this\n1,2,3\n")
    done = built("run", "credit", "--data", "bad.csv")
    assert done.returncode == 1
    assert "the end of the log of PreprocessFit" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_environment_is_for_a_shell(built: Commands) -> None:
    printed = built("local", "env").stdout
    aws = Path(sys.executable).with_name("aws")
    done = subprocess.run(
        ["sh", "-c", f"{printed}\n{aws} sagemaker list-model-packages --model-package-group-name credit"],
        capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"], "HOME": str(built.folder)},
    )  # fmt: skip
    assert len(json.loads(done.stdout)["ModelPackageSummaryList"]) == 2


def test_no_service_of_the_server_is_asked_elsewhere_by_aws(mlops: Commands) -> None:
    """Version 1 of `aws` has addresses of its own for some services, whatever the environment says."""
    services = {row.split("|")[1].strip() for row in supported.table().splitlines()}
    assert services & overridesslcommonname.SSL_COMMON_NAMES.keys() == {"sqs"}
    printed = mlops("local", "env").stdout
    done = subprocess.run(
        ["sh", "-c", f"{printed}\naws sqs list-queues"], capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(mlops.folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_an_address_of_the_user_does_not_lead_away(mlops: Commands) -> None:
    elsewhere = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    assert mlops.json("deployments", **elsewhere) == []
    program = "import boto3, os; print(boto3.client('sts').meta.endpoint_url == os.environ['AWS_ENDPOINT_URL'])"
    done = subprocess.run(
        ["sh", "-c", f"{mlops('local', 'env', **elsewhere).stdout}\n{sys.executable} -c \"{program}\""],
        capture_output=True, text=True, check=True, env=mlops.environment(**elsewhere),
    )  # fmt: skip
    assert done.stdout.strip() == "True"


def test_where_neither_project_nor_state_is_no_server_begins(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MLOPS_"))}
    for command in (["local", "env"], ["models", "credit"]):
        done = subprocess.run(
            [str(Path(sys.executable).with_name("mlops")), *command],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, "neither a project nor the local state" in done.stderr) == (2, True), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_profile_of_the_user_does_not_lead_away(built: Commands) -> None:
    assert built.json("models", "credit", AWS_PROFILE="work", AWS_SESSION_TOKEN="x")


def test_the_target_aws_needs_its_names(built: Commands) -> None:
    done = built("models", "--target", "aws")
    assert done.returncode == 2
    assert "SAGEMAKER_PIPELINE_ROLE_ARN" in done.stderr


def test_a_parameter_without_a_value(built: Commands) -> None:
    done = built("run", "credit", "-p", "Colour")
    assert done.returncode == 2
    assert "Colour" in done.stderr


def test_an_unknown_execution(built: Commands) -> None:
    done = built("execution", "nobody")
    assert done.returncode == 2
    assert "nobody" in done.stderr


@pytest.mark.parametrize("command", [["models", "nobody"], ["executions", "nobody"], ["debug", "nobody", "Train"]])
def test_an_unknown_name(built: Commands, command: list[str]) -> None:
    done = built(*command)
    assert done.returncode == 2
    assert "'nobody'" in done.stderr
    assert "arn:" not in done.stderr


def test_doctor(built: Commands) -> None:
    findings = {finding["Check"]: finding["Status"] for finding in built.json("doctor")}
    assert findings["SageMaker SDK"] == "ok"
    assert findings["image sagemaker-xgboost"] == "ok"
    assert findings["target aws"] == "warning"


def test_doctor_misses_what_is_not_there(built: Commands) -> None:
    """Without site-packages there is neither SDK nor xgboost."""
    program = (
        "import importlib.util as u, sys; find = u.find_spec; "
        "u.find_spec = lambda name, *a: None if name == 'sagemaker' else find(name, *a); "
        "from mlops.main import run_app; sys.argv = ['mlops', 'doctor', '--json']; sys.exit(run_app())"
    )
    done = built.python(program)
    assert done.returncode == 1
    assert {"Check": "SageMaker SDK", "Status": "missing"}.items() <= json.loads(done.stdout)[1].items()


@pytest.mark.long
def test_ctrl_c_leaves_the_execution_alone(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    shutil.copytree(ROOT / "model_build/pipelines/credit", commands.folder / "model_build/pipelines/credit")
    run = subprocess.Popen(
        [str(Path(sys.executable).with_name("mlops")), "run", "credit"],
        cwd=commands.folder, env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    assert run.stdout.readline().startswith("credit ")
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "goes on" in said
    end = time.monotonic() + 120
    while commands.json("execution")["PipelineExecutionStatus"] == "Executing":
        assert time.monotonic() < end
        time.sleep(0.2)
    assert commands.json("execution")["PipelineExecutionStatus"] == "Succeeded"


@pytest.mark.long
def test_two_first_runs_at_once(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    shutil.copytree(ROOT / "model_build/pipelines/credit", commands.folder / "model_build/pipelines/credit")
    runs = [
        subprocess.Popen(
            [str(Path(sys.executable).with_name("mlops")), "run", "credit", "--json"],
            cwd=commands.folder, env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for run in runs:
        stdout, stderr = run.communicate(timeout=240)
        assert run.returncode == 0, stdout + stderr
        assert json.loads(stdout)["PipelineExecutionStatus"] == "Succeeded"
    assert len(commands.json("executions", "credit")) == 2


@pytest.mark.long
def test_the_recorded_port_is_taken(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    status = commands.json("local", "up")
    assert commands("local", "down").returncode == 0
    port = int(status["Endpoint"].rpartition(":")[2])
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        done = commands("models")
        assert done.returncode == 1
        assert str(port) in done.stderr
        assert "Traceback" not in done.stderr
    assert commands.json("models") == []


def test_reset_asks_and_forgets(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    commands.json("local", "up")
    assert commands("local", "reset").returncode != 0, "nobody said yes"
    assert commands.json("local", "status")["Status"] == "Running"
    assert commands("local", "reset", "--yes").returncode == 0
    assert not commands.home.exists()
    assert commands.json("local", "status")["Status"] == "Stopped"
