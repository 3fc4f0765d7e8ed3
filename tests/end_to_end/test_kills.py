"""A server killed in the middle of a build: nothing acknowledged is lost, and nothing stays behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Commands


@pytest.mark.long
def test_three_kills_during_a_build(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    shutil.copytree(ROOT / "model_build/pipelines/credit", commands.folder / "model_build/pipelines/credit")
    commands.json("local", "up")
    run = subprocess.Popen(
        [str(Path(sys.executable).with_name("mlops")), "run", "credit", "--json"],
        cwd=commands.folder, env=commands.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    for number in range(3):
        began(commands, run, steps=number + 1)
        victim = commands.json("local", "status")["Pid"]
        os.kill(victim, signal.SIGKILL)
        assert commands.json("local", "up")["Pid"] != victim
    stdout, stderr = run.communicate(timeout=200)
    assert run.returncode == 0, stdout + stderr
    report = json.loads(stdout)
    assert report["PipelineExecutionStatus"] == "Succeeded"
    assert [version["ModelPackageArn"] for version in commands.json("models")] == [report["ModelPackageArn"]]
    assert commands("local", "down").returncode == 0
    assert of_this_home(commands.home) == []


def began(commands: Commands, run: subprocess.Popen[str], steps: int) -> None:
    """Wait until so many steps of the execution have begun."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if run.poll():
            raise AssertionError(f"the run ended with {run.returncode}: {run.communicate()}")
        done = commands("execution", "--json")
        if done.returncode == 0 and len(json.loads(done.stdout)["Steps"]) >= steps:
            return
        time.sleep(0.1)
    raise AssertionError(f"no execution with {steps} steps: {done.stdout} {done.stderr}")


def of_this_home(home: Path) -> list[str]:
    """Command lines of living processes that work below `home`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            if str(home) in line or str(home) in str((process / "cwd").readlink()):
                found.append(line)
        except OSError:
            continue
    return found
