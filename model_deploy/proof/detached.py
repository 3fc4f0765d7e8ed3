"""The watch as a build of its own: it is up before the deployment begins, and its report is read beside it.

CodePipeline's actions in a row wait for each other, and those beside each other begin at any time. So one action starts
a build and ends as soon as golden records are being sent; then come the deployment and what waits for the report.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from contract.documents import Document
from contract.errors import InputError
from model_deploy.proof.checks import Check
from model_deploy.proof.prove import Subject
from model_deploy.proof.storage import Patience, Storage
from model_deploy.proof.watch import watch

#: Set by CodeBuild, and by the actions of the pipeline.
BUILD_ID, INITIATOR, EXECUTION = "CODEBUILD_BUILD_ID", "CODEBUILD_INITIATOR", "PIPELINE_EXECUTION_ID"

#: Handed on to the build, which CodePipeline does not begin.
PIPELINE = "DEPLOY_PIPELINE_NAME"

#: What the build runs: `model_deploy.proof` with this option.
OPTION = "--watch send"

#: Seconds until the build must be sending, until a deployment must have begun, and until the report must be there.
BEGINNING, IDLE, WHOLE = 1800.0, 900.0, 34_000.0

#: The action in templates/project/delivery.yml that is watched.
DEPLOY = ("DeployProd", "Deploy")

#: Artifacts of the pipeline → how the build calls them; the first one has the code.
ARTIFACTS: Mapping[str, str] = {"Source": "", "Build": "Build"}


@dataclass(frozen=True)
class Detached:
    """The watch of one execution.

    storage    holds `build`, its id; `up`, once it sends; `report`, its checks, until they are read: a stage that is
               retried without a new watch must not pass on the old report
    tooling    clients of this account by service
    """

    subject: Subject
    environment: Mapping[str, str]
    storage: Storage
    tooling: Callable[[str], Any]

    @classmethod
    def of(cls, subject: Subject, environment: Mapping[str, str], tooling: Callable[[str], Any]) -> "Detached":
        """Raises InputError when this is no build of the pipeline."""
        begun = environment.get(INITIATOR, "").partition("codepipeline/")[2]
        environment = {PIPELINE: begun, **environment}
        if missing := [name for name in (BUILD_ID, EXECUTION, PIPELINE) if not environment.get(name)]:
            raise InputError(f"The environment lacks {', '.join(missing)}: the watch belongs into the pipeline.")
        project, stage = subject.project, subject.stage
        prefix = f"deployments/{project.name}/{stage.name}/watch/{environment[EXECUTION]}"
        return cls(subject, environment, Storage(subject.account, stage.bucket or project.bucket, prefix), tooling)

    def begin(self) -> list[Check]:
        """Start the build and wait until it sends. Raises InputError when it ends before, TimeoutError."""
        for name in ("up", "report"):
            self.storage.put(name, b"")
        build = self._start()
        self.storage.put("build", build.encode())
        self._await("up", build, BEGINNING)
        return [self._said(f"{build} sends golden records")]

    def send(self) -> list[Check]:
        """The build itself: re-send until the deployment has ended, and leave the report."""
        deployment = Deployment(self._actions)
        checks = watch(self.subject, lambda: self.storage.put("up", b"up"), deployment.ended)
        self.storage.put("report", json.dumps([asdict(check) for check in checks]).encode())
        return checks

    def read(self) -> list[Check]:
        """The report, once it is there. Raises InputError when the build ends without, TimeoutError."""
        if not (build := self._find("build")):
            raise InputError("No watch was begun for this execution.")
        found: list[Document] = json.loads(self._await("report", build.decode(), WHOLE))
        self.storage.put("report", b"")
        return [Check(**one) for one in found]

    def _said(self, text: str) -> Check:
        return Check(self.subject.stage.modes[0], "watch", passed=True, said=text)

    def _find(self, name: str) -> bytes | None:
        return self.storage.find(f"s3://{self.storage.bucket}/{self.storage.prefix}/{name}")

    def _await(self, name: str, build: str, seconds: float) -> bytes:
        patience = Patience(seconds, f"{name} of the watch {build}")
        while True:
            (state,) = self.tooling("codebuild").batch_get_builds(ids=[build])["builds"]
            # Looked at after the build: what it left before its end is there.
            if found := self._find(name):
                return found
            if state["buildComplete"]:
                raise InputError(f"The watch {build} ended as {state['buildStatus']} before its {name}; see its log.")
            patience.pause()

    def _start(self) -> str:
        """A build of this project, with the same sources. Its id."""
        (_, first), *others = self._sources()
        variables = {"STAGE_NAME": self.subject.stage.name, "PROOF_OPTIONS": OPTION}
        variables |= {name: self.environment[name] for name in (EXECUTION, PIPELINE)}
        answer = self.tooling("codebuild").start_build(
            projectName=self.environment[BUILD_ID].partition(":")[0],
            sourceTypeOverride="S3",
            sourceLocationOverride=first,
            secondarySourcesOverride=[
                {"type": "S3", "location": location, "sourceIdentifier": name} for name, location in others
            ],
            artifactsOverride={"type": "NO_ARTIFACTS"},
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()
            ],
        )
        return str(answer["build"]["id"])

    def _actions(self) -> list[Document]:
        """The runs of the execution's actions."""
        pages = (
            self.tooling("codepipeline")
            .get_paginator("list_action_executions")
            .paginate(
                pipelineName=self.environment[PIPELINE], filter={"pipelineExecutionId": self.environment[EXECUTION]}
            )
        )
        return [row for page in pages for row in page["actionExecutionDetails"]]

    def _sources(self) -> Iterator[tuple[str, str]]:
        """How the build calls each artifact, and where a copy lies: CodeBuild takes files of S3 that end in .zip."""
        places = {
            one["name"]: one["s3location"]
            for row in self._actions()
            for one in row.get("output", {}).get("outputArtifacts", [])
        }
        for artifact, name in ARTIFACTS.items():
            bucket, key = places[artifact]["bucket"], places[artifact]["key"]
            copied = f"{key.removesuffix('.zip')}-watch.zip"
            self.tooling("s3").copy_object(Bucket=bucket, Key=copied, CopySource={"Bucket": bucket, "Key": key})
            yield name, f"{bucket}/{copied}"


class Deployment:
    """The run of the action that brings the stack to the version, after this was made."""

    def __init__(self, actions: Callable[[], list[Document]]) -> None:
        self._actions = actions
        self._before = len(self._runs())
        self._limit = time.monotonic() + IDLE

    def ended(self) -> bool:
        """Raises InputError when it did not begin in time."""
        runs = self._runs()[self._before :]
        if not runs and time.monotonic() > self._limit:
            raise InputError(f"No deployment began within {IDLE:.0f} s.")
        return bool(runs) and runs[-1]["status"] != "InProgress"

    def _runs(self) -> list[Document]:
        """Oldest first."""
        rows = [row for row in self._actions() if (row["stageName"], row["actionName"]) == DEPLOY]
        return sorted(rows, key=lambda row: row["startTime"])
