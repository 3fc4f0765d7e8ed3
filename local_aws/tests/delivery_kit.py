"""What the tests of CodePipeline share: pipelines in a few words, and waits for what they come to."""

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/delivery"

#: Seconds that a test waits for something that takes milliseconds.
LONG = 60.0


def until(look: Callable[[], Any], what: str = "") -> Any:
    """What `look` gives as soon as it is true."""
    limit = time.monotonic() + LONG
    while not (found := look()):
        assert time.monotonic() < limit, f"nothing in {LONG:g} s: {what}"
        time.sleep(0.01)
    return found


def action(name: str, kind: str, configuration: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """`kind` is "Source CodeCommit"; `inputs` and `outputs` are names of artifacts."""
    category, provider = kind.split()
    return {
        "name": name,
        "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"},
        "configuration": configuration or {},
        "inputArtifacts": [{"name": one} for one in more.pop("inputs", [])],
        "outputArtifacts": [{"name": one} for one in more.pop("outputs", [])],
        **more,
    }


def source(repository: str, **more: Any) -> dict[str, Any]:
    given = {"RepositoryName": repository, "BranchName": "main", "PollForSourceChanges": "false"}
    return action("Source", "Source CodeCommit", given | more.pop("given", {}), outputs=["Source"], **more)


def approval(name: str = "Approve", **more: Any) -> dict[str, Any]:
    return action(name, "Approval Manual", more.pop("given", {}), **more)


def stage(name: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "actions": list(actions), **more}


@dataclass
class Delivery:
    """Clients with the few calls that every test makes."""

    client: Callable[..., Any]
    bucket: str

    @property
    def pipelines(self) -> Any:
        return self.client("codepipeline")

    def declared(self, name: str, *stages: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {
            "name": name,
            "roleArn": ROLE,
            "artifactStore": {"type": "S3", "location": self.bucket},
            "stages": list(stages),
            "pipelineType": "V2",
            "executionMode": "QUEUED",
            **more,
        }

    def create(self, name: str, *stages: dict[str, Any], **more: Any) -> str:
        """A pipeline, and the id of the execution that its creation starts."""
        self.pipelines.create_pipeline(pipeline=self.declared(name, *stages, **more))
        listed = self.pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        return str(listed[0]["pipelineExecutionId"]) if listed else ""

    def start(self, name: str, **more: Any) -> str:
        return str(self.pipelines.start_pipeline_execution(name=name, **more)["pipelineExecutionId"])

    def get(self, name: str, execution: str) -> dict[str, Any]:
        found: dict[str, Any] = self.pipelines.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)[
            "pipelineExecution"
        ]
        return found

    def status(self, name: str, execution: str) -> str:
        return str(self.get(name, execution)["status"])

    def end(self, name: str, execution: str) -> str:
        """The status that an execution ends with."""
        until(lambda: self.status(name, execution) not in ("InProgress", "Stopping"), f"{name} {execution}")
        return self.status(name, execution)

    def actions(self, name: str, execution: str) -> list[dict[str, Any]]:
        """The oldest first."""
        found = self.pipelines.list_action_executions(pipelineName=name, filter={"pipelineExecutionId": execution})[
            "actionExecutionDetails"
        ]
        return list(reversed(found))

    def action(self, name: str, execution: str, wanted: str) -> dict[str, Any]:
        """The newest execution of an action."""
        return [one for one in self.actions(name, execution) if one["actionName"] == wanted][-1]

    def stage(self, name: str, wanted: str) -> dict[str, Any]:
        states = self.pipelines.get_pipeline_state(name=name)["stageStates"]
        return next(one for one in states if one["stageName"] == wanted)

    def token(self, name: str, execution: str, where: str = "Approve") -> str:
        """The token of the approval in the stage `where`, once this execution waits for it."""

        def look() -> str | None:
            held = self.stage(name, where)
            mine = held.get("latestExecution", {}).get("pipelineExecutionId") == execution
            found: str | None = held["actionStates"][0].get("latestExecution", {}).get("token")
            return found if mine else None

        return str(until(look, f"{name} {execution} does not wait in {where}"))

    def answer(self, name: str, execution: str, status: str = "Approved", where: str = "Approve") -> str:
        """Answer the approval; the token."""
        token = self.token(name, execution, where)
        self.pipelines.put_approval_result(
            pipelineName=name,
            stageName=where,
            actionName=self.stage(name, where)["actionStates"][0]["actionName"],
            result={"status": status, "summary": f"{status} by a test"},
            token=token,
        )
        return token

    def repository(self, name: str, files: dict[str, bytes]) -> str:
        """A new repository with one commit; the commit."""
        self.client("codecommit").create_repository(repositoryName=name)
        return self.commit(name, files)

    def commit(self, name: str, files: dict[str, bytes]) -> str:
        code = self.client("codecommit")
        try:
            given = {"parentCommitId": code.get_branch(repositoryName=name, branchName="main")["branch"]["commitId"]}
        except ClientError:
            given = {}
        put = [{"filePath": path, "fileContent": content} for path, content in files.items()]
        made = code.create_commit(repositoryName=name, branchName="main", putFiles=put, **given)
        return str(made["commitId"])


def refused(code: str, call: Callable[[], Any], match: str | None = None) -> None:
    with pytest.raises(ClientError, match=match) as error:
        call()
    assert error.value.response["Error"]["Code"] == code, error.value


def plain(name: str, **more: Any) -> list[dict[str, Any]]:
    """Source, a stage that waits for a person, and one more."""
    return [stage("Source", source(name)), stage("Approve", approval(), **more), stage("Last", approval("End"))]


TEMPLATE = """
Parameters:
  Retention: {Type: Number}
  Name: {Type: String, Default: /none}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Ref Name, RetentionInDays: !Ref Retention}
Outputs:
  Group: {Value: !Ref Logs}
"""


def deploy(name: str, mode: str = "CREATE_UPDATE", **more: Any) -> dict[str, Any]:
    given = {"ActionMode": mode, "StackName": name, "RoleArn": ROLE}
    if mode in ("CREATE_UPDATE", "REPLACE_ON_FAILURE", "CHANGE_SET_REPLACE"):
        given["TemplatePath"] = f"{more.pop('of', 'Source')}::template.yml"
    return action("Deploy", "Deploy CloudFormation", given | more.pop("given", {}), **{"inputs": ["Source"], **more})


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def from_s3(client: Callable[..., Any], bucket: str, key: str, **files: str) -> dict[str, Any]:
    """A source action, and the object that it takes."""
    client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client("s3").put_object(Bucket=bucket, Key=key, Body=zipped(**files))
    given = {"S3Bucket": bucket, "S3ObjectKey": key, "PollForSourceChanges": "false"}
    return action("Source", "Source S3", given, outputs=["Source"])


def failure(delivery: Delivery, name: str, execution: str, wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = delivery.action(name, execution, wanted)["output"]["executionResult"]["errorDetails"]
    return found


def configuration(name: str, retention: int = 7) -> str:
    return json.dumps({"Parameters": {"Name": f"/{name}", "Retention": str(retention)}, "Tags": {"stage": "test"}})
