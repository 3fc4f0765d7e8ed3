"""What CodePipeline needs of builds: inputs and outputs by name, one commit at the end; and ends by the clock."""

import io
import json
import os
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from builds_kit import LINUX, LONG, ROLE, CodeBuild, zipped

from conftest import connect
from local_aws import launch
from local_aws.delivery.builds import projects
from local_aws.delivery.builds.builders import Builders
from local_aws.delivery.builds.builds import BUILDS, Artifact, Builds, Handed
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.processes.hosts import Hosts
from local_aws.s3 import buckets, objects
from local_aws.services import logs

BUILDSPEC = """
version: 0.2
env: {exported-variables: [FOUND]}
phases:
  build:
    commands:
      - export FOUND=$(cat $CODEBUILD_SRC_DIR_Build/package.json)
      - mkdir out && cp run.sh out/ && echo report > out/report.txt
artifacts:
  files: ["**/*"]
  base-directory: out
  secondary-artifacts:
    Report: {base-directory: out, files: [report.txt]}
"""


@pytest.fixture
def machine(aws: Aws) -> Iterator[Aws]:
    """A machine with builds that live, without HTTP; `artifacts` is a bucket with two inputs."""
    buckets.create_bucket(aws, {"Bucket": "artifacts"})
    put(aws, "source.zip", zipped({"buildspecs/test.yml": BUILDSPEC, "run.sh": "true"}, {"run.sh": 0o755}))
    put(aws, "build.zip", zipped({"package.json": "version 3"}))
    parts: tuple[Any, ...] = (aws.part(Hosts), aws.part(Builders))
    for part in parts:
        part.start()
    yield aws
    for part in reversed(parts):
        part.stop()


def put(aws: Aws, key: str, content: bytes) -> None:
    objects.put(aws, "artifacts", key, objects.stage(aws, content))


def project(aws: Aws, buildspec: str, kind: str = "CODEPIPELINE", **more: Any) -> None:
    source = {"type": kind, "buildspec": buildspec}
    artifacts = {"type": "CODEPIPELINE" if kind == "CODEPIPELINE" else "NO_ARTIFACTS"}
    settings = {"source": source, "artifacts": artifacts, "environment": LINUX, "serviceRole": ROLE}
    projects.create(aws, {"name": "tested"} | settings | more)


def handed(**outputs: str) -> Handed:
    return Handed(
        sources={"Source": Artifact("artifacts", "source.zip"), "Build": Artifact("artifacts", "build.zip")},
        primary="Source",
        outputs={name: Artifact("artifacts", key) for name, key in outputs.items()},
        initiator="codepipeline/deploy",
        revision="abc",
    )


def ended(aws: Aws, identity: str) -> dict[str, Any]:
    return until(aws, identity, lambda build: bool(build["buildComplete"]))


def until(aws: Aws, identity: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        build = aws.part(Builds).describe(identity)
        assert build is not None
        if reached(build):
            return build
        time.sleep(0.01)
    raise AssertionError(f"not reached: {build}")


def names(aws: Aws, key: str) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(objects.read(aws, "artifacts", key).blob.read_bytes())) as archive:
        return archive.namelist()


def said(aws: Aws, build: dict[str, Any]) -> list[str]:
    place = build["logs"]
    try:
        found = logs._events(aws, place["groupName"], place["streamName"])
    except AwsError:  # nothing was said yet
        return []
    return [message for _, _, message in found]


def test_inputs_and_one_output_in_one_commit(machine: Aws) -> None:
    project(machine, "buildspecs/test.yml")
    seen = []

    def on_end(build: dict[str, Any]) -> None:
        """Inside the transaction: the artifact is there, and nobody outside sees the end yet."""
        seen.append((build["id"], objects.find(machine, "artifacts", "out.zip") is not None))

    machine.part(Builds).on_end(on_end)
    with machine.store.transaction():
        variables = [{"name": "STAGE_NAME", "value": "staging", "type": "PLAINTEXT"}]
        request = {"projectName": "tested", "environmentVariablesOverride": variables}
        identity = machine.part(Builds).start(request, handed(Report="out.zip"))
    build = ended(machine, identity)
    assert build["buildStatus"] == "SUCCEEDED", said(machine, build)
    assert seen == [(identity, True)]
    assert build["initiator"] == "codepipeline/deploy"
    assert build["exportedEnvironmentVariables"] == [{"name": "FOUND", "value": "version 3"}]
    assert names(machine, "out.zip") == ["report.txt"], "secondary artifacts of the output's name come first"
    assert build["artifacts"]["location"] == "arn:aws:s3:::artifacts/out.zip"


def test_several_outputs_are_secondary_artifacts(machine: Aws) -> None:
    project(machine, "buildspecs/test.yml")
    identity = machine.part(Builds).start({"projectName": "tested"}, handed(Report="a.zip", Other="b.zip"))
    build = ended(machine, identity)
    assert build["buildStatus"] == "FAILED"
    messages = [context["message"] for phase in build["phases"] for context in phase.get("contexts", [])]
    assert "no definition for artifact Other in the buildspec" in messages
    assert objects.find(machine, "artifacts", "a.zip") is None, "all outputs, or none"


def test_a_build_that_takes_too_long(machine: Aws) -> None:
    """By the machine's clock."""
    project(
        machine, "version: 0.2\nphases: {build: {commands: [echo up, sleep 1000]}}", "NO_SOURCE", timeoutInMinutes=5
    )
    identity = machine.part(Builds).start({"projectName": "tested"})
    until(machine, identity, lambda build: "up" in said(machine, build))
    machine.clock.set(offset=301)
    build = ended(machine, identity)
    assert build["buildStatus"] == "TIMED_OUT"
    statuses = {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}
    assert statuses["BUILD"] == "TIMED_OUT"


def test_a_limit_of_builds_at_once(machine: Aws) -> None:
    project(machine, "version: 0.2\nphases: {build: {commands: [sleep 1000]}}", "NO_SOURCE", concurrentBuildLimit=1)
    identity = machine.part(Builds).start({"projectName": "tested"})
    with pytest.raises(Exception, match="more than 1 active builds"):
        machine.part(Builds).start({"projectName": "tested"})
    machine.part(Builds).stop(identity)
    assert ended(machine, identity)["buildStatus"] == "STOPPED"
    assert machine.store.get(BUILDS, identity)["buildNumber"] == 1  # type: ignore[index]


def test_a_bucket_that_is_gone_fails_the_build(machine: Aws) -> None:
    """At the very end, when the artifact would get its name."""
    project(machine, "version: 0.2\nphases: {build: {commands: [ls > a]}}\nartifacts: {files: [a]}")
    nowhere = Handed(
        {"Source": Artifact("artifacts", "source.zip")},
        "Source",
        {"Out": Artifact("nowhere", "a.zip")},
        "codepipeline/x",
    )
    build = ended(machine, machine.part(Builds).start({"projectName": "tested"}, nowhere))
    assert build["buildStatus"] == "FAILED"
    failed = next(phase for phase in build["phases"] if phase.get("phaseStatus") == "FAILED")
    assert failed["phaseType"] == "UPLOAD_ARTIFACTS"
    assert "bucket does not exist" in failed["contexts"][0]["message"]


def test_a_build_outlives_the_server(tmp_path: Path) -> None:
    """Killed while it runs: nothing of it is left, and the next server runs it again from its start."""
    home = tmp_path / "home"
    codebuild = CodeBuild(lambda service: connect(service, launch.status(home).Endpoint or ""))
    command = f"echo $$ >> {tmp_path}/pids; echo up; while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    spec = {"version": 0.2, "phases": {"build": {"commands": [command, "echo done"]}}}
    try:
        status = launch.up(home)
        codebuild.project("outlives", json.dumps(spec))
        identity = codebuild.start("outlives")
        codebuild.until(identity, lambda build: "up" in codebuild.log(build))
        assert status.Pid
        os.kill(status.Pid, signal.SIGKILL)
        (pid,) = (tmp_path / "pids").read_text().split()
        end = time.monotonic() + LONG
        while Path(f"/proc/{pid}").exists():
            assert time.monotonic() < end, "the build's shell is left behind"
            time.sleep(0.02)
        launch.up(home)
        codebuild.until(identity, lambda build: codebuild.log(build).count("up") == 2)
        (tmp_path / "go").touch()
        build = codebuild.wait(identity)
        assert build["buildStatus"] == "SUCCEEDED"
        assert "local_aws: the server was stopped in the middle of this build: it begins again." in codebuild.log(build)
        assert list((home / "builds").iterdir()) == []
    finally:
        launch.down(home)
