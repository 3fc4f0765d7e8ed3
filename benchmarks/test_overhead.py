"""Six trivial steps of a pipeline on a warm server with durable writes, beside a bare loop, make and Luigi.

Luigi is measured where the interpreter in PEERS_PYTHON (by default this one) has it; it is not in the lock.
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws import launch

STEPS, RUNS = 6, 15
PEERS = Path(__file__).with_name("peers")
IMAGES = '[[image]]\nrepository = "plain"\ntags = ["1"]\npackages = []\n'
ROLE = "arn:aws:iam::123456789012:role/bench"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[launch.Status]:
    (tmp_path / "images.toml").write_text(IMAGES)
    try:
        yield launch.up(tmp_path / "home", tmp_path / "images.toml")
    finally:
        launch.down(tmp_path / "home")


def definition() -> str:
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/plain:1"
    arguments = {
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": image, "ContainerEntrypoint": ["python3", "-c", "pass"]},
        "RoleArn": ROLE,
    }
    steps = [
        {
            "Name": f"S{index}",
            "Type": "Processing",
            "Arguments": arguments,
            "DependsOn": [f"S{index - 1}"] if index else [],
        }
        for index in range(STEPS)
    ]
    return json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": steps})


def execute(sagemaker: Any) -> float:
    """Seconds from the start to the end that a client sees."""
    start = time.perf_counter()
    arn = sagemaker.start_pipeline_execution(PipelineName="six")["PipelineExecutionArn"]
    while True:
        status = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
        if status != "Executing":
            assert status == "Succeeded"
            return time.perf_counter() - start
        time.sleep(0.002)


def counters(endpoint: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{endpoint}/_local/status", timeout=5) as answer:
        found: dict[str, float] = json.load(answer)
    return found


def commit_seconds(folder: Path) -> float:
    """The median time of a durable SQLite commit on this disk."""
    connection = sqlite3.connect(folder / "commits.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE t (document TEXT)")
    return statistics.median(
        timed(lambda: connection.execute("INSERT INTO t VALUES (?)", ("x" * 2000,))) for _ in range(200)
    )


def timed(act: Callable[[], Any]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def program(*command: str) -> float:
    """The median seconds of a command that is a peer by itself."""
    return statistics.median(timed(lambda: subprocess.run(command, check=True)) for _ in range(RUNS))


def luigi(python: str) -> float | None:
    """The median seconds that Luigi needs inside its process; None where it is not installed."""
    found = []
    for _ in range(5):
        run = subprocess.run([python, str(PEERS / "overhead_luigi.py")], capture_output=True, text=True, check=False)
        if "No module named 'luigi'" in run.stderr:
            return None
        found.append(float(run.stdout.split()[-1]))
    return statistics.median(found)


@pytest.mark.bench
@pytest.mark.timeout(300)
def test_six_trivial_steps(server: launch.Status, tmp_path: Path) -> None:
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    sagemaker = boto3.client("sagemaker", endpoint_url=server.Endpoint, region_name="us-east-1", **keys)
    sagemaker.create_pipeline(PipelineName="six", PipelineDefinition=definition(), RoleArn=ROLE)
    execute(sagemaker)
    before = counters(server.Endpoint or "")
    seconds = statistics.median(execute(sagemaker) for _ in range(RUNS))
    after = counters(server.Endpoint or "")
    fsyncs = (after["Fsyncs"] - before["Fsyncs"]) / (RUNS * STEPS)
    commit = commit_seconds(tmp_path)
    make = program("make", "-s", "-f", str(PEERS / "overhead.mk"), f"PYTHON={sys.executable}")
    loop = program(sys.executable, str(PEERS / "overhead_subprocess.py"))
    rows = {
        "local_aws, warm, durable": seconds,
        "make": make,
        "a bare loop of processes": loop,
        "Luigi": luigi(os.environ.get("PEERS_PYTHON", sys.executable)),
    }
    print(f"\nSix empty steps, a process each; a commit takes {commit * 1000:.2f} ms; {fsyncs:.1f} fsyncs a step")
    for name, value in rows.items():
        text = "not installed" if value is None else f"{value * 1000:7.1f} ms   {value / STEPS * 1000:6.1f} ms a step"
        print(f"  {name:28}{text}")
    assert fsyncs <= 8
    if commit <= 0.004:
        assert seconds <= 0.3
