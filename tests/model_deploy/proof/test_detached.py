"""The watch as a build of its own, on services in this process."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from contract.errors import InputError
from model_deploy.config import Stage
from model_deploy.project import Project
from model_deploy.proof import detached, storage
from model_deploy.proof.checks import Check
from model_deploy.proof.detached import Deployment, Detached
from model_deploy.proof.prove import Subject

ENVIRONMENT = {
    "CODEBUILD_BUILD_ID": "credit-p-demo-test:1",
    "CODEBUILD_INITIATOR": "codepipeline/credit-p-demo-modeldeploy",
    "PIPELINE_EXECUTION_ID": "e-1",
}
CHECK = Check("real_time", "watch", False, "2 wrong", {"wrong": 2.0})


def run(stage: str, action: str, status: str, at: int, artifacts: tuple[str, ...] = ()) -> dict[str, Any]:
    outputs = [{"name": one, "s3location": {"bucket": "artifacts", "key": f"run/{one}"}} for one in artifacts]
    output = {"outputArtifacts": outputs}
    return {"stageName": stage, "actionName": action, "status": status, "startTime": at, "output": output}


@dataclass
class Cloud:
    """CodePipeline, CodeBuild and S3. `then` happens at each look at a build."""

    then: Any = None
    runs: list[dict[str, Any]] = field(
        default_factory=lambda: [
            run("Source", "Source", "Succeeded", 1, ("Source",)),
            run("Build", "Build", "Succeeded", 2, ("Build",)),
        ]
    )
    started: list[dict[str, Any]] = field(default_factory=list)
    copied: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    ended: str = ""

    def __call__(self, _: str) -> "Cloud":
        return self

    def get_paginator(self, _: str) -> "Cloud":
        return self

    def paginate(self, pipelineName: str, filter: dict[str, str]) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert (pipelineName, filter) == ("credit-p-demo-modeldeploy", {"pipelineExecutionId": "e-1"})
        yield {"actionExecutionDetails": self.runs}

    def copy_object(self, Bucket: str, Key: str, CopySource: dict[str, str]) -> None:  # noqa: N803
        self.copied[f"{Bucket}/{Key}"] = CopySource["Key"]

    def start_build(self, **request: Any) -> dict[str, Any]:
        self.started.append(request)
        return {"build": {"id": "credit-p-demo-test:2"}}

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        assert ids == ["credit-p-demo-test:2"]
        if self.then:
            self.then()
        return {"builds": [{"buildComplete": bool(self.ended), "buildStatus": self.ended or "IN_PROGRESS"}]}

    def put(self, name: str, body: bytes) -> str:
        self.objects[name] = body
        return name

    def find(self, url: str) -> bytes | None:
        return self.objects.get(url.rpartition("/")[2])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PAUSE", 0.0)


def watch_of(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Detached:
    monkeypatch.setattr(storage.Storage, "put", lambda _, name, body: cloud.put(name, body))
    monkeypatch.setattr(storage.Storage, "find", lambda _, url: cloud.find(url))
    project = Project("credit", "p-demo", "us-east-1", "arn:aws:iam::111122223333:role/m", "credit", "bucket")
    stage = Stage(name="prod", modes=("real_time",))
    of = Subject(project, stage, {"ModelPackageArn": "arn:3", "ModelPackageVersion": 3}, [], None, None)  # type: ignore[arg-type]
    return Detached.of(of, ENVIRONMENT, cloud)


def test_it_begins_when_the_build_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(objects={"up": b"up", "report": b"[]"})  # of a run before: it counts for nothing
    looks = iter([lambda: None, lambda: cloud.put("up", b"up")])
    cloud.then = lambda: next(looks)()
    (check,) = watch_of(cloud, monkeypatch).begin()
    assert check.passed
    assert next(looks, None) is None
    assert cloud.objects["report"] == b""
    (build,) = cloud.started
    assert build["projectName"] == "credit-p-demo-test"
    assert build["sourceLocationOverride"] == "artifacts/run/Source-watch.zip"
    assert build["secondarySourcesOverride"] == [
        {"type": "S3", "location": "artifacts/run/Build-watch.zip", "sourceIdentifier": "Build"}
    ]
    assert cloud.copied == {f"artifacts/run/{name}-watch.zip": f"run/{name}" for name in ("Source", "Build")}
    variables = {one["name"]: one["value"] for one in build["environmentVariablesOverride"]}
    assert variables == {
        "STAGE_NAME": "prod",
        "PROOF_OPTIONS": "--watch send",
        "PIPELINE_EXECUTION_ID": "e-1",
        "DEPLOY_PIPELINE_NAME": "credit-p-demo-modeldeploy",
    }


def test_a_build_that_ends_before_it_sends_lets_nothing_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="credit-p-demo-test:2 ended as FAILED before its up"):
        watch_of(Cloud(ended="FAILED"), monkeypatch).begin()


def test_what_it_saw_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = Cloud(objects={"build": b"credit-p-demo-test:2"})
    of = watch_of(cloud, monkeypatch)
    monkeypatch.setattr(detached, "watch", lambda _, up, ended: (up(), [CHECK])[1])
    assert of.send() == [CHECK]
    cloud.ended = "FAILED"  # as a build whose checks did not pass
    assert of.read() == [CHECK]
    with pytest.raises(InputError, match="before its report"):
        of.read()
    del cloud.objects["build"]
    with pytest.raises(InputError, match="No watch was begun"):
        of.read()


def test_a_deployment_ends_with_its_action() -> None:
    runs = [run("DeployProd", "Deploy", "Failed", 1), run("DeployStaging", "Deploy", "Succeeded", 5)]
    deployment = Deployment(lambda: runs)
    assert not deployment.ended()  # that one was before
    runs.append(run("DeployProd", "Deploy", "InProgress", 2))
    assert not deployment.ended()
    runs[-1]["status"] = "Failed"
    assert deployment.ended()


def test_a_deployment_that_does_not_begin_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detached, "IDLE", -1.0)
    with pytest.raises(InputError, match="No deployment began"):
        Deployment(list).ended()


def test_outside_of_the_pipeline_there_is_no_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="lacks CODEBUILD_BUILD_ID, PIPELINE_EXECUTION_ID, DEPLOY_PIPELINE_NAME"):
        Detached.of(watch_of(Cloud(), monkeypatch).subject, {}, Cloud())
