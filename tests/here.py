"""The command line inside a test's own process."""

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from mlops.main import run_app


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Here:
    """`mlops` inside this process, which spares seconds a command; conftest.py's Commands is the real thing.

    environment  variables of the commands, beside those of this process
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, stdin: str = "") -> Done:
        printed, said = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed), redirect_stderr(said):
            patch.setattr(sys, "argv", ["mlops", *arguments])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
            patch.setattr(boto3, "DEFAULT_SESSION", None)
            patch.chdir(self.folder)
            before = dict(os.environ)
            os.environ |= self.environment
            try:
                code = run_app()
            finally:  # a command sets variables for its own process, which is this one
                os.environ.clear()
                os.environ |= before
        printed.flush()
        printed.seek(0)
        return Done(code, printed.read(), said.getvalue())

    def json(self, *arguments: str) -> Any:
        """The document that a command prints; the command must exit 0."""
        done = self(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)
