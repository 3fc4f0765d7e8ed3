"""The conventional commands: their output and their exit codes."""

import argparse
import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from model_build import catalogue, commands
from tests.conftest import ROOT

KWARGS = json.dumps({"pipeline_name": "credit", "region": "eu-central-1", "model_package_group_name": "credit-p-1"})


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLOPS_PIPELINES", "ARTIFACT_BUCKET", "SAGEMAKER_PIPELINE_ROLE_ARN"):
        monkeypatch.delenv(name, raising=False)


def test_definition(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    module = ["--module-name", "model_build.pipeline", "--kwargs", KWARGS]
    commands.get_pipeline_definition(module)
    printed = capsys.readouterr().out
    assert '"credit-p-1"' in printed
    assert '"s3:/", "sagemaker-eu-central-1-123456789012/credit/executions"' in printed
    commands.get_pipeline_definition([*module, "-f", str(tmp_path / "definition.json")])
    assert (tmp_path / "definition.json").read_text() == printed.rstrip("\n")


BAD = {
    "no module": [],
    "unknown module": ["--module-name", "model_build.nothing"],
    "module without a pipeline": ["--module-name", "model_build.target"],
    "kwargs that are none": ["--module-name", "model_build.pipeline", "--kwargs", "{pipeline"],
    "kwargs of another kind": ["--module-name", "model_build.pipeline", "--kwargs", "[1]"],
    "unknown argument": ["--module-name", "model_build.pipeline", "--kwargs", "{'colour': 1}"],
    "conventional module of nobody": ["--module-name", "model_build.pipelines.nobody.pipeline"],
    "unknown pipeline": ["--module-name", "model_build.pipeline", "--kwargs", "{'pipeline_name': 'nobody'}"],
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_exit_2(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        commands.get_pipeline_definition(BAD[case])
    assert caught.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.strip()


def arguments_of_the_build(tmp_path: Path, **environment: str) -> list[str]:
    """What buildspec.yml hands to run-pipeline in such an environment."""
    (command,) = yaml.safe_load((ROOT / "buildspec.yml").read_text())["phases"]["build"]["commands"]
    program = tmp_path / ".venv/bin/run-pipeline"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    program.chmod(0o755)
    kept = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1", **environment}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=kept, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_the_build_of_a_commit_defines_each_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As its CodeBuild project runs it; no folder of a pipeline needs a module of its own."""
    ran: dict[str, Any] = {}
    monkeypatch.setattr(commands, "_finish", lambda work, given: ran.update(pipeline=commands._pipeline(given)))
    role = "arn:aws:iam::123456789012:role/credit-p-1-pipeline"
    given = {"SAGEMAKER_PIPELINE_ROLE_ARN": role, "ARTIFACT_BUCKET": "sagemaker-project-p-1"}
    for name in ("credit", "invoices"):
        folder = tmp_path / name
        folder.mkdir()
        told = {**given, "PIPELINE_NAME": name, "SOURCE_MODEL_PACKAGE_GROUP_NAME": f"{name}-p-1"}
        commands.run_pipeline(arguments_of_the_build(folder, **told))
        context = ran["pipeline"].context
        assert (context.name, context.group) == (name, f"{name}-p-1")
        assert (context.target.role, context.target.bucket) == (role, "sagemaker-project-p-1")
        assert context.folder == catalogue.folder(name)


def test_a_folder_with_a_module_of_its_own_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/config.toml").write_text("")
    (tmp_path / "own/pipeline.py").write_text("def get_pipeline(pipeline_name):\n    return f'own {pipeline_name}'\n")
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path))
    given = argparse.Namespace(module_name="model_build.pipelines.own.pipeline", kwargs=None)
    assert commands._pipeline(given) == "own own"


@pytest.mark.parametrize(("end", "code"), [("Succeeded", None), ("Failed", 1), ("Stopped", 1)])
def test_a_run_ends_as_its_execution(
    end: str, code: int | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However long it takes: looks without end, as those of an execution of hours."""
    states = iter([*["Executing"] * 500, *["Stopping"] * (end == "Stopped"), end])

    def describe() -> dict[str, str]:
        why = {"FailureReason": "The gate said no."} if end == "Failed" else {}
        return {"PipelineExecutionArn": "arn:1", "PipelineExecutionStatus": next(states), **why}

    pipeline = SimpleNamespace(
        definition=lambda: "{}",
        upsert=lambda **_: {"PipelineArn": "arn"},
        start=lambda: SimpleNamespace(arn="arn:1", describe=describe),
    )
    monkeypatch.setattr(commands, "_pipeline", lambda *_, **__: pipeline)
    monkeypatch.setattr("model_build.check.refuse", lambda _: None)
    monkeypatch.setattr("model_build.commands.time.sleep", lambda _: None)
    arguments = ["--module-name", "model_build.pipeline", "--role-arn", "arn:aws:iam::123456789012:role/p"]
    if code is None:
        commands.run_pipeline(arguments)
    else:
        with pytest.raises(SystemExit) as caught:
            commands.run_pipeline(arguments)
        assert caught.value.code == code
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["PipelineExecutionStatus"] == end
    assert said.get("FailureReason") == ("The gate said no." if end == "Failed" else None)


def test_a_run_needs_a_role(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        commands.run_pipeline(["--module-name", "model_build.pipeline"])
    assert caught.value.code == 2
    assert "role-arn" in capsys.readouterr().err


def test_an_error_of_aws_exits_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    role = "arn:aws:iam::123456789012:role/pipeline"
    with pytest.raises(SystemExit) as caught:
        commands.run_pipeline(["--module-name", "model_build.pipeline", "--role-arn", role, "--kwargs", KWARGS])
    assert caught.value.code == 1
    assert "127.0.0.1:9" in capsys.readouterr().err
