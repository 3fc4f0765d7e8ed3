"""Builds and tests: CodeBuild with the artifacts of the pipeline.

https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
"""

import json
from typing import Any

from local_aws.delivery.builds.builds import Artifact, Builds, Handed
from local_aws.delivery.pipelines import records
from local_aws.delivery.pipelines.actions.kind import ActionKind, Document, Ended, Job, Outcome
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws

_CONSOLE = "https://console.aws.amazon.com/codesuite/codebuild"


class Build(ActionKind):
    def check(self, action: Document) -> None:
        super().check(action)
        name, given = action["name"], action["configuration"]
        for member in ("BatchEnabled", "CombineArtifacts"):
            if given.get(member, "false").lower() == "true":
                raise NotSupported(f"{member} of CodeBuild actions ({name})")
        inputs = [one["name"] for one in action["inputArtifacts"]]
        if len(inputs) > 1 and given.get("PrimarySource") not in inputs:
            raise AwsError(
                "InvalidActionDeclarationException",
                f"Action '{name}' has several input artifacts: PrimarySource must name one of {', '.join(inputs)}.",
            )

    def prepare(self, job: Job) -> list[Document]:
        """The environment that the action gives its build."""
        text = job.configuration.get("EnvironmentVariables", "[]")
        try:
            found = json.loads(text)
            given = [{"type": "PLAINTEXT"} | {key: str(item) for key, item in one.items()} for one in found]
            if any(one.keys() != {"name", "value", "type"} for one in given):
                raise ValueError("name, value and type are needed")
        except (ValueError, AttributeError, TypeError) as error:
            message = f"EnvironmentVariables is no JSON list of variables: {error}"
            raise AwsError("ConfigurationError", message) from None
        return given

    def begin(self, job: Job, prepared: Any) -> Outcome:
        inputs = {name: Artifact(where["bucket"], where["key"]) for name, where in job.inputs.items()}
        outputs = {name: Artifact(where["bucket"], where["key"]) for name, where in job.outputs.items()}
        primary = job.configuration.get("PrimarySource") or next(iter(inputs))
        revisions = {one["name"]: one["revisionId"] for one in job.execution["artifactRevisions"]}
        initiator = f"codepipeline/{job.record['pipelineName']}"
        handed = Handed(inputs, primary, outputs, initiator, revisions.get(primary, ""))
        project = job.configuration["ProjectName"]
        request = {"projectName": project, "environmentVariablesOverride": prepared}
        identity = job.aws.part(Builds).start(request, handed)
        where = f"{_CONSOLE}/{job.aws.account}/projects/{project}/build/{identity}/?region={job.aws.region}"
        return Outcome("InProgress", key=f"build/{identity}", identity=identity, url=where)


def listen(aws: Aws, ended: Ended) -> None:
    """Hear of builds that end."""

    def build_ended(build: Document) -> None:
        if key := records.waiting_for(aws, f"build/{build['id']}"):
            ended(key, _outcome(build))

    aws.part(Builds).on_end(build_ended)


def _outcome(build: Document) -> Outcome:
    status = build["buildStatus"]
    if status == "SUCCEEDED":
        exported = {one["name"]: one["value"] for one in build.get("exportedEnvironmentVariables") or []}
        return Outcome(variables=exported)
    return Outcome("Failed", code="JobFailed", message=f"Build terminated with state: {status}.{_phase(build)}")


def _phase(build: Document) -> str:
    """The first phase that did not succeed, and why."""
    for phase in build.get("phases") or []:
        if phase.get("phaseStatus", "SUCCEEDED") != "SUCCEEDED":
            context: Document = next(iter(phase.get("contexts") or []), {})
            code, message = context.get("statusCode", ""), context.get("message", "")
            return f" Phase: {phase['phaseType']}, Code: {code}, Message: {message}"
    return ""


_OPTIONAL = frozenset({"PrimarySource", "EnvironmentVariables", "BatchEnabled", "CombineArtifacts"})

BUILD, TEST = (
    Build(category, "CodeBuild", frozenset({"ProjectName"}), _OPTIONAL, inputs=(1, 5), outputs=(0, 5))
    for category in ("Build", "Test")
)
