"""A local server for the modules that speak plain boto3, in this process's environment for one module of tests."""

import io
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws import launch
from mlops.main import run_app

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Here:
    """`mlops` inside this process, which spares a second a command; tests/conftest.py's Commands is the real thing."""

    folder: Path

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        printed, said = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(said):
            patch.setattr(sys, "argv", ["mlops", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
            code = run_app()
        printed.flush()
        printed.seek(0)
        return Done(code, printed.read(), said.getvalue())

    def json(self, *arguments: str) -> Any:
        """The document that a command prints; the command must exit 0."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a server that boto3's defaults mean, as `mlops` sets them."""
    home = tmp_path_factory.mktemp("machine") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "MLOPS_"))]:
            patch.delenv(name)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        patch.setenv("MLOPS_LOCAL_HOME", str(home))
        for name in ("ARTIFACT_BUCKET", "SAGEMAKER_PIPELINE_ROLE_ARN"):  # restored at the end, whoever sets them
            patch.setenv(name, "")
            patch.delenv(name)
        patch.setenv("AWS_ENDPOINT_URL", launch.up(home).Endpoint or "")
        try:
            yield home
        finally:
            launch.down(home)
            patch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture
def fresh() -> Callable[[str], str]:
    """fresh("stack"): a name that no other test uses."""
    return lambda stem: f"{stem}-{uuid.uuid4().hex[:8]}"
