"""Builds that run: their phases, shells, environment, logs, artifacts, ends."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from builds_kit import CodeBuild, phases, zipped

from local_aws import launch

SHELL = """
version: 0.2
env:
  variables: {GIVEN: from the buildspec, OVERRIDDEN: from the buildspec}
  exported-variables: [VERSION, GIVEN, MISSING, LINES]
phases:
  install:
    commands:
      - mkdir inner && cd inner
      - PLAIN=kept
      - |
        export VERSION=1
        false
        true
  build:
    commands:
      - basename "$PWD"
      - echo "$PLAIN $VERSION $GIVEN, $OVERRIDDEN"
      - export VERSION=2 LINES="it's one
        and two"
      - echo "to standard error" >&2
      - sh -c 'sleep 1000' &
      - echo behind
"""


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_one_shell_for_all_commands(codebuild: CodeBuild, fresh: Callable[[str], str], shell: str) -> None:
    """Folder and variables pass from command to command, as in version 0.2; the last word of a command decides."""
    name = fresh("shell")
    codebuild.project(name, SHELL.replace("env:\n", f"env:\n  shell: {shell}\n"))
    overridden = [{"name": "OVERRIDDEN", "value": "by the call"}]
    build = codebuild.run(name, environmentVariablesOverride=overridden)
    log = codebuild.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "inner" in log
    assert "kept 1 from the buildspec, by the call" in log
    assert log.index("to standard error") < log.index("behind")
    assert build["exportedEnvironmentVariables"] == [
        {"name": "VERSION", "value": "2"},
        {"name": "GIVEN", "value": "from the buildspec"},
        {"name": "MISSING", "value": ""},
        {"name": "LINES", "value": "it's one and two"},
    ]
    assert build["logs"]["groupName"] == f"/aws/codebuild/{name}"
    assert list(phases(build)) == [
        "SUBMITTED",
        "QUEUED",
        "PROVISIONING",
        "DOWNLOAD_SOURCE",
        "INSTALL",
        "PRE_BUILD",
        "BUILD",
        "POST_BUILD",
        "UPLOAD_ARTIFACTS",
        "FINALIZING",
        "COMPLETED",
    ]
    assert set(phases(build).values()) == {"SUCCEEDED"}


def spec(**phase: Any) -> str:
    return json.dumps({"version": 0.2, "phases": phase})


ECHO = "echo succeeding=$CODEBUILD_BUILD_SUCCEEDING"


@pytest.mark.parametrize(
    ("given", "ended", "behind"),
    [
        ({"install": {"commands": ["exit 3"]}, "build": {"commands": [ECHO]}}, "INSTALL", None),
        ({"pre_build": {"commands": ["exit 3"]}, "build": {"commands": [ECHO]}}, "PRE_BUILD", None),
        ({"build": {"commands": ["exit 3", "echo never"]}, "post_build": {"commands": [ECHO]}}, "BUILD", 0),
        ({"build": {"commands": ["exit 3"], "on-failure": "ABORT"}, "post_build": {"commands": [ECHO]}}, "BUILD", None),
        ({"install": {"commands": ["exit 3"], "on-failure": "CONTINUE"}, "build": {"commands": [ECHO]}}, "INSTALL", 0),
        ({"install": {"commands": ["exit 3"], "finally": [ECHO]}}, "INSTALL", 1),
    ],
)
def test_where_a_failure_leads(
    codebuild: CodeBuild, fresh: Callable[[str], str], given: Any, ended: str, behind: int | None
) -> None:
    """https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html"""
    name = fresh("failure")
    codebuild.project(name, spec(**given))
    build = codebuild.run(name)
    assert build["buildStatus"] == "FAILED"
    failed = next(phase for phase in build["phases"] if phase["phaseType"] == ended)
    assert failed["phaseStatus"] == "FAILED"
    assert failed["contexts"][0] == {
        "statusCode": "COMMAND_EXECUTION_ERROR",
        "message": "Error while executing command: exit 3. Reason: exit status 3",
    }
    said = [line for line in codebuild.log(build) if line.startswith("succeeding=")]
    assert said == ([] if behind is None else [f"succeeding={behind}"])
    assert "never" not in codebuild.log(build)


def test_the_environment(
    codebuild: CodeBuild, server: launch.Status, fresh: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What AWS documents, the way to this server, PATH and HOME, and nothing else of the server's own."""
    name = fresh("environment")
    given = [{"name": "MODEL_PACKAGE_ARN", "value": "newest", "type": "PLAINTEXT"}]
    codebuild.project(name, spec(build={"commands": ["env", "ls -d $TMPDIR"]}))
    build = codebuild.run(name, environmentVariablesOverride=given)
    log = codebuild.log(build)
    found = dict(line.partition("=")[::2] for line in log if "=" in line and not line.startswith("["))
    assert found["CODEBUILD_BUILD_ID"] == build["id"]
    assert found["CODEBUILD_BUILD_ARN"] == build["arn"]
    assert found["CODEBUILD_BUILD_NUMBER"] == "1"
    assert found["CODEBUILD_INITIATOR"] == build["initiator"]
    assert found["CODEBUILD_LOG_PATH"] == build["logs"]["streamName"]
    assert found["CODEBUILD_SRC_DIR"] == found["PWD"]
    assert found["CODEBUILD_SRC_DIR"].startswith(server.Home)
    assert found["TMPDIR"].startswith(server.Home)
    assert found["AWS_ENDPOINT_URL"] == server.Endpoint
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "us-east-1"
    assert found["MODEL_PACKAGE_ARN"] == "newest"
    assert (found["PATH"], found["HOME"]) == (os.environ["PATH"], os.environ["HOME"])
    assert "PYTEST_CURRENT_TEST" in os.environ
    assert "PYTEST_CURRENT_TEST" not in found
    assert not Path(found["CODEBUILD_SRC_DIR"]).exists(), "the folders of ended builds are removed"


# sources and artifacts


def test_from_bucket_to_bucket(codebuild: CodeBuild, bucket: str, fresh: Callable[[str], str]) -> None:
    """Sources from S3 with their modes, a second source beside, and both kinds of artifacts."""
    s3, name = codebuild.client("s3"), fresh("artifacts")
    buildspec = {
        "version": "0.2",
        "phases": {"build": {"commands": ["./run.sh", "cp $CODEBUILD_SRC_DIR_more/b.txt out/"]}},
        "artifacts": {
            "base-directory": "out",
            "files": ["**/*"],
            "secondary-artifacts": {"report": {"files": ["run.sh"]}},
        },
    }
    files = {"run.sh": "#!/bin/sh\nmkdir -p out/in && echo made > out/in/a.txt\n", "spec.yml": json.dumps(buildspec)}
    s3.put_object(Bucket=bucket, Key="source.zip", Body=zipped(files, {"run.sh": 0o755}))
    s3.put_object(Bucket=bucket, Key="more/b.txt", Body=b"beside")
    codebuild.project(
        name,
        source={"type": "S3", "location": f"{bucket}/source.zip", "buildspec": "spec.yml"},
        secondarySources=[{"type": "S3", "location": f"{bucket}/more/", "sourceIdentifier": "more"}],
        artifacts={"type": "S3", "location": bucket, "path": "made", "namespaceType": "BUILD_ID", "packaging": "ZIP"},
        secondaryArtifacts=[
            {"type": "S3", "location": bucket, "name": "files", "artifactIdentifier": "report", "packaging": "NONE"}
        ],
    )
    build = codebuild.run(name)
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    key = f"made/{build['id'].partition(':')[2]}/{name}"
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{bucket}/{key}"
    content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {one: archive.read(one) for one in archive.namelist()} == {"b.txt": b"beside", "in/a.txt": b"made\n"}
    assert s3.get_object(Bucket=bucket, Key="files/run.sh")["Body"].read() == files["run.sh"].encode()
    assert build["secondaryArtifacts"][0]["artifactIdentifier"] == "report"


@pytest.mark.parametrize(
    ("location", "phase", "said"),
    [
        ("nothing.zip", "DOWNLOAD_SOURCE", "The specified key does not exist"),
        ("broken.zip", "DOWNLOAD_SOURCE", "is no zip"),
        ("bare.zip", "DOWNLOAD_SOURCE", "YAML file does not exist or cannot be read: buildspec.yml"),
        ("wrong.zip", "DOWNLOAD_SOURCE", "version 1"),
        ("empty.zip", "UPLOAD_ARTIFACTS", "no matching artifact paths found"),
    ],
)
def test_a_source_that_cannot_be_built(
    codebuild: CodeBuild, bucket: str, fresh: Callable[[str], str], location: str, phase: str, said: str
) -> None:
    s3, name = codebuild.client("s3"), fresh("broken")
    made = {
        "broken.zip": b"no zip",
        "bare.zip": zipped({"a": "b"}),
        "wrong.zip": zipped({"buildspec.yml": "version: 1"}),
        "empty.zip": zipped(
            {"buildspec.yml": "{version: 0.2, phases: {build: {commands: [ls]}}, artifacts: {files: [no.txt]}}"}
        ),
    }
    for key, content in made.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    codebuild.project(
        name,
        source={"type": "S3", "location": f"{bucket}/{location}"},
        artifacts={"type": "S3", "location": bucket, "name": "out"},
    )
    build = codebuild.run(name)
    assert build["buildStatus"] == "FAILED"
    failed = next(one for one in build["phases"] if one.get("phaseStatus") == "FAILED")
    assert failed["phaseType"] == phase
    assert said in failed["contexts"][0]["message"]


def test_codecommit_is_a_source(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    name, git = fresh("repository"), codebuild.client("codecommit")
    git.create_repository(repositoryName=name)
    files = [{"filePath": "buildspec.yml", "fileContent": spec(build={"commands": ["echo built"]}).encode()}]
    commit = git.create_commit(repositoryName=name, branchName="main", putFiles=files)["commitId"]
    url = f"https://git-codecommit.us-east-1.amazonaws.com/v1/repos/{name}"
    codebuild.project(name, source={"type": "CODECOMMIT", "location": url})
    build = codebuild.run(name, sourceVersion="main")
    assert build["buildStatus"] == "SUCCEEDED", codebuild.log(build)
    assert build["resolvedSourceVersion"] == commit
    assert "built" in codebuild.log(build)


def test_a_local_cache(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    name = fresh("cache")
    buildspec = {
        "version": "0.2",
        "phases": {"build": {"commands": ["cat kept/a.txt || echo none", "mkdir -p kept && echo cached > kept/a.txt"]}},
        "cache": {"paths": ["kept/**/*"]},
    }
    local = {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}
    codebuild.project(name, json.dumps(buildspec), cache=local)
    assert "none" in codebuild.log(codebuild.run(name))
    assert "cached" in codebuild.log(codebuild.run(name))


# stop, retry, repeat


def test_a_build_that_is_stopped_takes_all_its_processes_along(
    codebuild: CodeBuild, fresh: Callable[[str], str]
) -> None:
    name, client = fresh("stop"), codebuild.client("codebuild")
    started = "(setsid sleep 1000 & echo $! > pid; wait) & while [ ! -s pid ]; do sleep 0.01; done"
    commands = [f"{started}; echo up $(cat pid); sleep 1000"]
    codebuild.project(name, spec(build={"commands": commands}))
    identity = codebuild.start(name)
    codebuild.until(identity, lambda one: any(line.startswith("up ") for line in codebuild.log(one)))
    build = codebuild.get(identity)  # what `until` gives back was read before the log
    assert build["currentPhase"] == "BUILD"
    pid = next(line for line in codebuild.log(build) if line.startswith("up ")).split()[1]
    client.stop_build(id=identity)
    build = codebuild.wait(identity)
    assert build["buildStatus"] == "STOPPED"
    assert phases(build)["BUILD"] == "STOPPED"
    if Path("/proc/self").exists():
        codebuild.until(identity, lambda _: not Path(f"/proc/{pid}").exists())
    assert client.stop_build(id=identity)["build"]["buildStatus"] == "STOPPED"


def test_again(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    """A token makes one build; a retry makes another as the first was asked for."""
    name, client = fresh("again"), codebuild.client("codebuild")
    codebuild.project(name, spec(build={"commands": ["echo $ANSWER"]}))
    given = {"environmentVariablesOverride": [{"name": "ANSWER", "value": "42"}], "idempotencyToken": "once"}
    first = codebuild.start(name, **given)
    assert codebuild.start(name, **given) == first
    codebuild.wait(first)
    second = codebuild.wait(client.retry_build(id=first)["build"]["id"])
    assert "42" in codebuild.log(second)
    assert second["buildNumber"] == 2
    assert client.list_builds_for_project(projectName=name)["ids"] == [second["id"], first]
    assert client.batch_get_builds(ids=[first, "nothing:at-all"])["buildsNotFound"] == ["nothing:at-all"]
    with pytest.raises(ClientError, match="does not exist"):
        client.stop_build(id="nothing:at-all")


def test_a_project_of_codepipeline_waits_for_it(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    name = fresh("pipeline")
    codebuild.project(name, source={"type": "CODEPIPELINE"}, artifacts={"type": "CODEPIPELINE"})
    with pytest.raises(ClientError, match="CodePipeline"):
        codebuild.start(name)


def test_the_events_of_a_build(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    name, events, sqs = fresh("event"), codebuild.client("events"), codebuild.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    detail = {"project-name": [name], "build-status": ["FAILED"]}
    pattern = {"source": ["aws.codebuild"], "detail-type": ["CodeBuild Build State Change"], "detail": detail}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}])
    codebuild.project(name, spec(build={"commands": ["exit 3"]}))
    build = codebuild.run(name)
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    event = json.loads(message["Body"])
    assert event["resources"] == [build["arn"]]
    assert event["detail"]["build-id"] == build["arn"]
    assert event["detail"]["current-phase"] == "COMPLETED"
    assert "exit status 3" in event["detail"]["current-phase-context"]
    phase = next(one for one in event["detail"]["additional-information"]["phases"] if one["phase-type"] == "BUILD")
    assert phase["phase-status"] == "FAILED"


def test_the_events_of_phases(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    name, events, sqs = fresh("phases"), codebuild.client("events"), codebuild.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    pattern = {"detail-type": ["CodeBuild Build Phase Change"], "detail": {"project-name": [name]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": f"arn:aws:sqs:us-east-1:123456789012:{name}"}])
    codebuild.project(name, spec(build={"commands": ["true"]}))
    build = codebuild.run(name)
    told: list[str] = []
    while len(told) < len(phases(build)) - 1:
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MaxNumberOfMessages=10)["Messages"]:
            detail = json.loads(message["Body"])["detail"]
            assert detail["completed-phase-status"] == "SUCCEEDED"
            told.append(detail["completed-phase"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert sorted(told) == sorted(name for name in phases(build) if name != "COMPLETED")


def test_output_of_every_kind(codebuild: CodeBuild, fresh: Callable[[str], str]) -> None:
    """A line without an end, bytes that are no text, a very long line and a long command: all of it is in the log."""
    name = fresh("output")
    long = "x" * 6000
    commands = [
        "printf 'no end'",
        "printf '\\377\\n'",
        "head -c 300000 /dev/zero | tr '\\0' y",
        f"true {long}",
        f"exit 3 {long}",
    ]
    codebuild.project(name, spec(build={"commands": commands}))
    build = codebuild.run(name)
    log = codebuild.log(build)
    assert "no end" in log
    assert "\ufffd" in log
    assert sum(line.count("y") for line in log if set(line) == {"y"}) == 300_000
    assert any(line.endswith(f"Running command true {long}") for line in log)
    failed = next(phase for phase in build["phases"] if phase["phaseType"] == "BUILD")
    message = failed["contexts"][0]["message"]
    assert message.startswith("Error while executing command: exit 3 xxx")
    assert message.endswith("x. Reason: exit status 3")
