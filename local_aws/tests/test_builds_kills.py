"""kill -9 right before and right after every commit of a build and of an event for a function: both still end well."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from builds_kit import LINUX, LONG, ROLE
from functions_kit import zipped
from pipelines_kit import home
from test_kills import Victim, needs_proc

SPEC = {
    "version": 0.2,
    "phases": {"build": {"commands": ["echo built > made.txt"]}},
    "artifacts": {"files": ["made.txt"]},
}


def prepare(folder: Path) -> None:
    server = home(folder).up()
    try:
        server.client("s3").create_bucket(Bucket="made")
        server.client("codebuild").create_project(
            name="killed",
            source={"type": "NO_SOURCE", "buildspec": json.dumps(SPEC)},
            artifacts={"type": "S3", "location": "made", "name": "artifact", "packaging": "ZIP"},
            environment=LINUX,
            serviceRole=ROLE,
        )
        source = "def handle(event, context):\n    open(event['to'], 'a').write('x')\n"
        server.client("lambda").create_function(
            FunctionName="killed",
            Runtime="python3.13",
            Handler="index.handle",
            Role=ROLE,
            Timeout=60,
            Code={"ZipFile": zipped(source)},
        )
    finally:
        server.down()


@needs_proc
@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_kill_during_a_build(tmp_path: Path, when: str, number: int) -> None:
    """Commit 1 is the request, 2 the beginning, 3 the artifact with the end."""
    prepare(tmp_path)
    victim = Victim(tmp_path, when, number)
    try:
        request = {"projectName": "killed", "idempotencyToken": "once"}
        identity = victim.call("codebuild", "start_build", **request)["build"]["id"]
        build = until_complete(victim, identity)
        assert build["buildStatus"] == "SUCCEEDED"
        assert victim.killed
        assert victim.call("s3", "head_object", Bucket="made", Key="artifact")["ContentLength"] > 0
        assert victim.call("codebuild", "list_builds")["ids"] == [identity], "a token makes one build"
    finally:
        victim.end()


def until_complete(victim: Victim, identity: str) -> dict[str, Any]:
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        (build,) = victim.call("codebuild", "batch_get_builds", ids=[identity])["builds"]
        if build["buildComplete"] and victim.killed:
            return dict(build)
        time.sleep(0.02)
    raise AssertionError("the build does not end")


@needs_proc
@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_kill_while_an_event_is_taken(tmp_path: Path, when: str, number: int) -> None:
    """Commit 1 is the event, 2 the metrics, 3 its end. At least once, and no more often than it must."""
    prepare(tmp_path)
    victim = Victim(tmp_path, when, number)
    try:
        event = {"to": str(tmp_path / "taken")}
        victim.call("lambda", "invoke", FunctionName="killed", InvocationType="Event", Payload=json.dumps(event))
        end = time.monotonic() + LONG
        while not (victim.killed and (tmp_path / "taken").exists()):
            assert time.monotonic() < end, "the event is lost"
            victim.call("lambda", "list_functions")
            time.sleep(0.02)
        assert len((tmp_path / "taken").read_text()) <= 2
    finally:
        victim.end()
