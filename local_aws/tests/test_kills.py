"""kill -9 right before and right after every commit of a pipeline of six steps: the execution still ends Succeeded.

The server under test is the product's own; the program that starts it wraps `Store.commit`, so the product has no hook.
"""

import itertools
import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from pipelines_kit import ROLE, Home, Pipelines, definition, home, processing

from local_aws import launch

STEPS = [f"Step{index}" for index in range(6)]
SIZE = 200_000

KILLER = """
import os, signal, sys
from local_aws.__main__ import main
from local_aws.store import Store

when, wanted, home, images = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
commit, seen = Store.commit, 0

def deadly(self):
    global seen
    seen += 1
    if seen == wanted and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    commit(self)
    if seen == wanted and when == "after":
        os.kill(os.getpid(), signal.SIGKILL)

Store.commit = deadly
sys.exit(main(["serve", "--home", home, "--images", images]))
"""


class Victim:
    """A server that dies at a commit, and is started again, as it is, by whoever misses it."""

    def __init__(self, folder: Path, when: str, number: int) -> None:
        self.home = home(folder)
        command = [sys.executable, "-c", KILLER, when, str(number), str(self.home.path), str(self.home.images)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.killed = False
        while launch.status(self.home.path).Status != "Running":
            if self.process.poll() is not None:
                self.revive()
                return
            time.sleep(0.01)
        self.home.endpoint = launch.status(self.home.path).Endpoint or ""

    def revive(self) -> None:
        """Start the home's server again after its death, on the same port."""
        self.process.wait(timeout=10)
        assert not self.killed, "the second server died as well"
        self.killed = True
        before = self.home.endpoint
        self.home.up()
        assert before in ("", self.home.endpoint)

    def call(self, service: str, operation: str, **request: Any) -> Any:
        """A call that is sent again when the server died before it answered."""
        try:
            return getattr(self.home.client(service), operation)(**request)
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) or self.killed:
                raise
            self.revive()
            return getattr(self.home.client(service), operation)(**request)

    def end(self) -> None:
        launch.down(self.home.path)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(timeout=10)


def steps() -> list[dict[str, Any]]:
    """Each writes SIZE bytes of its own letter, and waits for the one before."""
    found = []
    for index, name in enumerate(STEPS):
        letter = chr(ord("a") + index)
        program = f"import os; open(os.path.join(os.environ['OUT'], 'part'), 'w').write('{letter}' * {SIZE})"
        step = processing(
            name,
            program,
            outputs={"out": f"s3://results/{name}"},
            arguments={"Environment": {"OUT": "/opt/ml/processing/out"}},
        )
        found.append(step | ({"DependsOn": [STEPS[index - 1]]} if index else {}))
    return found


def run(victim: Victim) -> str:
    """Bucket, pipeline, execution; the ARN that was acknowledged."""
    victim.call("s3", "create_bucket", Bucket="results")
    text = json.dumps(definition(steps()))
    victim.call(
        "sagemaker",
        "create_pipeline",
        PipelineName="six",
        PipelineDefinition=text,
        RoleArn=ROLE,
        ClientRequestToken="create-six-" + "0" * 32,
    )
    answer = victim.call(
        "sagemaker", "start_pipeline_execution", PipelineName="six", ClientRequestToken="start-six-" + "0" * 32
    )
    return str(answer["PipelineExecutionArn"])


def wait(victim: Victim, arn: str) -> None:
    until = time.monotonic() + 30
    while True:
        found = victim.call("sagemaker", "describe_pipeline_execution", PipelineExecutionArn=arn)
        if found["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
            assert found["PipelineExecutionStatus"] == "Succeeded", Pipelines(victim.home.client("sagemaker")).steps(
                arn
            )
            return
        assert time.monotonic() < until, found
        time.sleep(0.01)


def check(server: Home, arn: str) -> None:
    """One execution, six steps in order, six jobs, six whole objects."""
    sagemaker, s3 = server.client("sagemaker"), server.client("s3")
    listed = sagemaker.list_pipeline_executions(PipelineName="six")["PipelineExecutionSummaries"]
    assert [item["PipelineExecutionArn"] for item in listed] == [arn]
    found = Pipelines(sagemaker).steps(arn)
    assert list(found) == STEPS
    assert all((step["StepStatus"], step["AttemptCount"]) == ("Succeeded", 1) for step in found.values())
    jobs = sagemaker.list_processing_jobs(MaxResults=100)["ProcessingJobSummaries"]
    assert {item["ProcessingJobArn"] for item in jobs} == {
        step["Metadata"]["ProcessingJob"]["Arn"] for step in found.values()
    }
    assert {item["ProcessingJobStatus"] for item in jobs} == {"Completed"}
    objects = s3.list_objects_v2(Bucket="results")["Contents"]
    assert [item["Key"] for item in objects] == [f"{name}/part" for name in STEPS]
    for index, item in enumerate(objects):
        content = s3.get_object(Bucket="results", Key=item["Key"])["Body"].read()
        assert content == bytes([ord("a") + index]) * SIZE


def processes_of(folder: Path) -> list[str]:
    """Command lines of the living processes that have to do with `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            texts = [(process / name).read_bytes().decode("utf-8", "replace") for name in ("cmdline", "environ")]
            texts.append(str((process / "cwd").readlink()))
        except OSError:
            continue
        if state != "Z" and int(process.name) != os.getpid() and any(str(folder) in text for text in texts):
            found.append(f"{process.name}: {texts[0]}")
    return found


def none_left(folder: Path) -> None:
    until = time.monotonic() + 5
    while left := processes_of(folder):
        assert time.monotonic() < until, left
        time.sleep(0.02)


def once(folder: Path, when: str, number: int) -> bool:
    """One run; whether the server was killed in it."""
    victim = Victim(folder, when, number)
    try:
        arn = run(victim)
        wait(victim, arn)
        check(victim.home, arn)
    finally:
        victim.end()
    none_left(folder)
    return victim.killed


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for orphans in /proc")


@needs_proc
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_kill_before_the_answer_to_a_request(tmp_path: Path, number: int) -> None:
    """What was asked for is there, and the client asks again: the first commits are those of requests."""
    assert once(tmp_path, "after", number)


@needs_proc
@pytest.mark.parametrize(
    ("when", "apart"),
    [
        pytest.param("before", 3, id="before each third"),
        pytest.param("before", 1, id="before", marks=pytest.mark.long),
        pytest.param("after", 1, id="after", marks=pytest.mark.long),
    ],
)
def test_a_kill_at_every_commit(tmp_path: Path, when: str, apart: int) -> None:
    """Two homes at a time; until a run gets by without a kill, having made fewer commits than that."""

    def killed(number: int) -> bool:
        folder = tmp_path / f"n{number}"
        folder.mkdir()
        return once(folder, when, number)

    kills = 0
    with ThreadPoolExecutor(2) as pool:
        for first in itertools.count(1, 2 * apart):
            found = list(pool.map(killed, (first, first + apart)))
            kills += sum(found)
            if not all(found):
                break
    assert kills * apart >= len(STEPS) + 2, "a pipeline of six steps has at least that many commits"


@needs_proc
def test_a_kill_while_a_job_runs(tmp_path: Path) -> None:
    """The job and its children go with the server; it runs again from the start, under the same name."""
    # A child of the job that outlives it unless somebody looks after it; the second run does not sleep.
    program = (
        "import os, subprocess, sys, time\n"
        "mark = os.path.join(os.environ['MARK'], 'seen')\n"
        "if not os.path.exists(mark):\n"
        "    open(mark, 'w').close()\n"
        "    subprocess.Popen(['sleep', '300'])\n"
        "    time.sleep(300)\n"
    )
    step = processing("Sleep", program, arguments={"Environment": {"MARK": str(tmp_path)}})
    victim = Victim(tmp_path, "before", 1_000_000)
    try:
        pipelines = Pipelines(victim.home.client("sagemaker"))
        arn = pipelines.start(pipelines.create([step]))
        while not (tmp_path / "seen").exists():
            time.sleep(0.01)
        job = pipelines.steps(arn)["Sleep"]["Metadata"]
        victim.process.kill()
        victim.revive()
        wait(victim, arn)
        assert pipelines.steps(arn)["Sleep"]["Metadata"] == job
    finally:
        victim.end()
    none_left(tmp_path)
