"""The life of a build, from the real definition: run, run again, change one thing, look at what ran."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Commands

ROOMS = ("contract", "preprocessing", "random_cut_forest", "analysis", "inference", "model_build")
JOBS = ("PreprocessFit", "PreprocessEncode", "Train", "Evaluate", "Analyze", "Verdict")


@pytest.fixture
def credit(new_commands: Callable[[], Commands]) -> Commands:
    """A machine where `credit` was built once, on a small sample."""
    commands = new_commands()
    shutil.copytree(ROOT / "model_build/pipelines/credit", commands.folder / "model_build/pipelines/credit")
    sample(commands.folder / "credit.csv", rows=3000, seed=1)
    return commands


def sample(path: Path, rows: int, seed: int) -> None:
    program = ROOT / "model_build/pipelines/credit/sample.py"
    command = [sys.executable, str(program), "--rows", str(rows), "--seed", str(seed), "--output", str(path)]
    subprocess.run(command, check=True, cwd=ROOT, env=dict(os.environ))


def ran(report: dict[str, Any]) -> set[str]:
    """The job steps that were not answered out of the cache."""
    return {step["StepName"] for step in report["Steps"] if step["StepName"] in JOBS and "CacheHitResult" not in step}


def test_the_life_of_a_build(credit: Commands) -> None:
    first = credit.json("run", "credit", "--data", "credit.csv")
    assert first["PipelineExecutionStatus"] == "Succeeded"
    assert ran(first) == set(JOBS)
    assert first["Metrics"]["auc"] > 0.6
    (version,) = credit.json("models", "credit")
    assert version["ModelPackageArn"] == first["ModelPackageArn"]
    assert version["ModelApprovalStatus"] == "PendingManualApproval"
    assert version["Metrics"]["auc"] == pytest.approx(first["Metrics"]["auc"], abs=1e-4)

    again = credit.json("run", "credit", "--data", "credit.csv")
    assert again["PipelineExecutionStatus"] == "Succeeded"
    assert ran(again) == set()
    assert again["ModelPackageArn"] == first["ModelPackageArn"], "an unchanged run says which version it already is"
    assert again["Metrics"] == first["Metrics"]
    assert len(credit.json("models", "credit")) == 1

    config = credit.folder / "model_build/pipelines/credit/config.toml"
    config.write_text(config.read_text() + "\n[train.hyperparameters]\nmax_depth = 2\n")
    shallower = credit.json("run", "credit", "--data", "credit.csv")
    assert ran(shallower) == {"Train", "Evaluate", "Analyze", "Verdict"}
    assert [entry["ModelPackageVersion"] for entry in credit.json("models", "credit")] == [2, 1]

    text = (credit.folder / "credit.csv").read_text()
    (credit.folder / "credit.csv").write_text(text[:-1] + ("7\n" if text[-2] != "7" else "8\n"))
    changed = credit("run", "credit", "--data", "credit.csv", "--json")
    assert ran(json.loads(changed.stdout)) >= {"PreprocessFit"}, "one byte of data reruns everything"

    executions = credit.json("executions", "credit")
    assert len(executions) == 4
    assert executions[-1]["PipelineExecutionArn"] == first["PipelineExecutionArn"]
    shown = credit.json("execution", first["PipelineExecutionArn"].rpartition("/")[2])
    assert shown == first


@pytest.mark.long
def test_a_step_runs_by_hand(credit: Commands) -> None:
    """What `mlops debug` prints is a line for a shell."""
    credit.json("run", "credit", "--data", "credit.csv")
    printed = credit("debug", "credit", "PreprocessFit")
    assert printed.returncode == 0, printed.stderr
    (host,) = credit.json("debug", "credit", "PreprocessFit")
    (document,) = Path(host["Environment"]["OUTPUT"]).glob("preprocessor.json")
    first = document.read_bytes()
    document.unlink()
    done = subprocess.run(["sh", "-c", printed.stdout], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert document.read_bytes() == first
    assert credit("debug", "credit", "Gate").returncode == 2


def test_one_byte_of_the_evaluation_program(credit: Commands, tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room)
    credit.json("run", "credit", "--data", "credit.csv", PYTHONPATH=str(tmp_path))
    program = tmp_path / "model_build/jobs/evaluate.py"
    program.write_text(program.read_text() + "#")
    report = credit.json("run", "credit", "--data", "credit.csv", PYTHONPATH=str(tmp_path))
    assert ran(report) == {"Evaluate", "Verdict"}


def test_jobs_do_not_need_the_working_tree(credit: Commands, tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room)
    program = f"""
import pathlib
from mlops import authoring, progress, target
target.connect(target.Target.local)
session = authoring.session()
built = authoring.upserted("credit", session)
from model_build import executions
import mlops.runs, contract
assert pathlib.Path(contract.__file__).is_relative_to({str(tmp_path)!r}), contract.__file__
arguments = executions.start_parameters(built, session, "credit.csv")
for room in {ROOMS!r}:
    (pathlib.Path({str(tmp_path)!r}) / room).rename(pathlib.Path({str(tmp_path)!r}) / ("renamed_" + room))
arn = session.client("sagemaker").start_pipeline_execution(
    PipelineName="credit", PipelineParameters=[dict(Name=k, Value=v) for k, v in arguments.items()]
)["PipelineExecutionArn"]
report = progress.follow(arn, quiet=True)
assert report["PipelineExecutionStatus"] == "Succeeded", report
"""
    done = credit.python(program, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_import_that_the_image_lacks(credit: Commands, tmp_path: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / room)
    program = tmp_path / "model_build/jobs/evaluate.py"
    program.write_text("import pydantic\n" + program.read_text())
    done = credit("run", "credit", "--data", "credit.csv", "--json", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "pydantic" in json.loads(done.stdout)["FailureReason"]


def test_training_never_sees_the_test_rows(credit: Commands) -> None:
    done = credit("definition", "credit")
    steps = {step["Name"]: step for step in json.loads(done.stdout)["Steps"]}
    outputs = {
        output["OutputName"]: output
        for output in steps["PreprocessEncode"]["Arguments"]["ProcessingOutputConfig"]["Outputs"]
    }
    assert {"train", "validation", "test", "raw_test"} <= set(outputs)
    sources = json.dumps(steps["Train"]["Arguments"]["InputDataConfig"])
    for name in ("test", "raw_test"):
        assert f"Outputs['{name}']" not in sources
        assert f"Outputs[{list(outputs).index(name)}]" not in sources
    assert "Outputs['train']" in sources
    assert not [(a, b) for a in outputs for b in outputs if a != b and b.startswith(a)], "S3 prefixes would overlap"


@pytest.mark.long  # test_definition.py has it without the command
def test_a_definition_needs_nothing(tmp_path: Path, credit: Commands) -> None:
    """No network, no credentials, another directory: the same bytes."""
    texts = []
    shutil.copytree(credit.folder / "model_build", tmp_path / "model_build")
    for folder in (credit.folder, tmp_path):
        done = subprocess.run(
            [str(Path(sys.executable).with_name("mlops")), "definition", "credit"],
            cwd=folder, capture_output=True, text=True, check=False, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true",
                 "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        texts.append(done.stdout)
    assert texts[0] == texts[1]
