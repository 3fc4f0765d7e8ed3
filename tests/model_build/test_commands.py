"""The conventional commands: their output and their exit codes."""

import json
from pathlib import Path

import pytest

from model_build import commands

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
