"""Deployments as CodePipeline tells them: executions, stages, actions, who waits for an approval, why one failed."""

from collections.abc import Callable, Iterator, Mapping

import boto3
from botocore.exceptions import ClientError

from contract.documents import Document
from contract.errors import InputError
from mlops import stacks
from mlops.projects import Project

#: Why an execution cannot be stopped that was in progress a moment ago.
_NOT_STOPPABLE = ("PipelineExecutionNotStoppableException", "PipelineNotFoundException")

#: Executions that will not change any more.
ENDED = ("Cancelled", "Failed", "Stopped", "Succeeded", "Superseded")

_STOPPED = ("Stopping", "Stopped")

#: The pipeline's variable that names the version. model_deploy/templates/project/delivery.yml
VARIABLE = "ModelPackageArn"

#: What is shown of an action: AWS's member → ours.
_ACTION = {
    "actionName": "ActionName",
    "status": "Status",
    "startTime": "StartTime",
    "lastUpdateTime": "LastUpdateTime",
    "updatedBy": "UpdatedBy",
}
_RESULT = {
    "externalExecutionId": "ExternalExecutionId",
    "externalExecutionSummary": "Summary",
    "errorDetails": "ErrorDetails",
}


def executions(pipeline: str) -> list[Document]:
    """The executions of a CodePipeline, newest first, as AWS lists them. Raises InputError without such a pipeline."""
    client = boto3.client("codepipeline")
    pages = client.get_paginator("list_pipeline_executions").paginate(pipelineName=pipeline)
    try:
        found = [entry for page in pages for entry in page["pipelineExecutionSummaries"]]
    except client.exceptions.PipelineNotFoundException:
        raise InputError(f"Nothing was deployed yet: there is no {pipeline}. `mlops approve NAME` begins.") from None
    return sorted(found, key=lambda entry: entry["startTime"], reverse=True)


def report(pipeline: str, identifier: str) -> Document:
    """What `--json` prints of an execution."""
    client = boto3.client("codepipeline")
    found = client.get_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=identifier)["pipelineExecution"]
    actions = list(_actions(pipeline, identifier))
    variables = {one["name"]: one["resolvedValue"] for one in found.get("variables", [])}
    document: Document = {
        "PipelineName": pipeline,
        "PipelineExecutionId": identifier,
        "Status": found["status"],
        VARIABLE: variables.get(VARIABLE),
        "Trigger": found.get("trigger", {}).get("triggerType"),
        "StageStates": _stages(actions),
    }
    if summary := found.get("statusSummary") or (found["status"] in _STOPPED and _stopped(pipeline, identifier)):
        document["StatusSummary"] = summary
    if any(_waits(action) for action in actions):
        document["WaitsForApproval"] = True
    if found["status"] == "Failed":
        document["FailureReason"] = _reason(found, document["StageStates"])
    return document


def _stopped(pipeline: str, identifier: str) -> str:
    """Why somebody stopped an execution; only the list of executions tells that."""
    entry = next((one for one in executions(pipeline) if one["pipelineExecutionId"] == identifier), {})
    return str(entry.get("stopTrigger", {}).get("reason", ""))


def _actions(pipeline: str, identifier: str) -> Iterator[Document]:
    """The actions that have begun, in the order of their begin; of one that was retried, the last attempt."""
    pages = (
        boto3.client("codepipeline")
        .get_paginator("list_action_executions")
        .paginate(pipelineName=pipeline, filter={"pipelineExecutionId": identifier})
    )
    found = [entry for page in pages for entry in page["actionExecutionDetails"]]
    latest = {
        (entry["stageName"], entry["actionName"]): entry for entry in sorted(found, key=lambda one: one["startTime"])
    }
    yield from latest.values()


def _waits(action: Document) -> bool:
    """Whether it is a manual approval that nobody has answered."""
    kind = action.get("input", {}).get("actionTypeId", {})
    return (kind.get("category"), action["status"]) == ("Approval", "InProgress")


def _stages(actions: list[Document]) -> list[Document]:
    stages: dict[str, list[Document]] = {}
    for action in actions:
        shown = {ours: action[name] for name, ours in _ACTION.items() if name in action}
        result = action.get("output", {}).get("executionResult", {})
        shown |= {ours: result[name] for name, ours in _RESULT.items() if result.get(name)}
        provider = action.get("input", {}).get("actionTypeId", {}).get("provider")
        stages.setdefault(action["stageName"], []).append(shown | {"Provider": provider})
    return [
        {"StageName": name, "Status": _together([one["Status"] for one in found]), "ActionStates": found}
        for name, found in stages.items()
    ]


def _together(statuses: list[str]) -> str:
    """A stage's status out of those of its actions: the worst that is there."""
    return next((status for status in ("Failed", "Abandoned", "InProgress") if status in statuses), "Succeeded")


def _reason(execution: Document, stages: list[Document]) -> str:
    """Why it failed, in one sentence: the failed action's own words where there are any."""
    for stage in stages:
        for action in stage["ActionStates"]:
            if action["Status"] == "Failed":
                said = action.get("ErrorDetails", {}).get("message") or action.get("Summary") or _detail(action)
                return f"{stage['StageName']}: {said or 'no reason was given.'}"
    return execution.get("statusSummary") or "No reason was given."


def version(document: Document) -> str:
    """The version's number out of an execution's report; "newest" where a commit began it."""
    return str(document.get(VARIABLE) or "").rpartition("/")[2]


def asks(document: Document) -> bool:
    """Whether it only tells promotion of a commit: it names no version, and ends when promotion has heard of it."""
    return not str(document.get(VARIABLE) or "").startswith("arn:")


def failed_actions(document: Document) -> Iterator[Document]:
    yield from (
        action for stage in document["StageStates"] for action in stage["ActionStates"] if action["Status"] == "Failed"
    )


# what the providers know of a failed action


def _detail(action: Document) -> str:
    """What a stack's events say; nothing for other providers."""
    identifier = action.get("ExternalExecutionId", "")
    return stacks.reason(identifier) if action.get("Provider") == "CloudFormation" and identifier else ""


#: How CodeBuild begins its own lines, which say in other words what the failure's reason says.
_CODEBUILD = "[Container] "


def _build_log(identifier: str, lines: int) -> list[str]:
    builds = boto3.client("codebuild").batch_get_builds(ids=[identifier])["builds"]
    where = builds[0].get("logs", {}) if builds else {}
    if not where.get("groupName") or not where.get("streamName"):
        return []
    found = tail(where["groupName"], where["streamName"], 10 * lines)
    return [line for line in found if not line.startswith(_CODEBUILD)][-lines:]


def _stack_log(identifier: str, lines: int) -> list[str]:
    """A stack's latest events in which something failed, the oldest first."""
    events = boto3.client("cloudformation").describe_stack_events(StackName=identifier)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")][:lines]
    return [
        f"{event['ResourceStatus']} {event['LogicalResourceId']} {event.get('ResourceStatusReason', '')}".rstrip()
        for event in reversed(failed)
    ]


_LOGS: Mapping[str, Callable[[str, int], list[str]]] = {"CodeBuild": _build_log, "CloudFormation": _stack_log}


def log(action: Document, lines: int = 20) -> list[str]:
    """The end of what an action printed; empty where its provider keeps nothing."""
    read, identifier = _LOGS.get(action.get("Provider", "")), action.get("ExternalExecutionId")
    return read(identifier, lines) if read and identifier else []


def tail(group: str, stream: str, lines: int) -> list[str]:
    """The last lines of a log; empty when there is none."""
    logs = boto3.client("logs")
    try:
        found = logs.get_log_events(logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False)
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"].rstrip() for event in found["events"]]


# the second approval


def waiting(pipeline: str) -> Document | None:
    """The manual approval that waits: PipelineExecutionId, stageName, actionName, token; None when none does.

    In a QUEUED pipeline one execution at most is in a stage.
    """
    state = boto3.client("codepipeline").get_pipeline_state(name=pipeline)
    for stage in state["stageStates"]:
        for action in stage["actionStates"]:
            latest = action.get("latestExecution", {})
            if latest.get("token") and latest.get("status") == "InProgress":
                return {
                    "PipelineExecutionId": stage["latestExecution"]["pipelineExecutionId"],
                    "stageName": stage["stageName"],
                    "actionName": action["actionName"],
                    "token": latest["token"],
                }
    return None


def answer(pipeline: str, approval: Document, note: str) -> None:
    """Approve what waits. Raises InputError when it does not wait any more."""
    client = boto3.client("codepipeline")
    where = {key: approval[key] for key in ("stageName", "actionName", "token")}
    try:
        client.put_approval_result(pipelineName=pipeline, result={"summary": note, "status": "Approved"}, **where)
    except (
        client.exceptions.ApprovalAlreadyCompletedException,
        client.exceptions.InvalidApprovalTokenException,
    ) as error:
        raise InputError(f"The approval was answered by somebody else: {error.response['Error']['Message']}") from None


def stop(project: Project, why: str) -> list[str]:
    """Stop every execution in progress, without waiting for its actions; their ids. None without the pipeline."""
    client, stopped = boto3.client("codepipeline"), []
    try:
        pages = list(client.get_paginator("list_pipeline_executions").paginate(pipelineName=project.pipeline))
    except client.exceptions.PipelineNotFoundException:
        return []
    for entry in (entry for page in pages for entry in page["pipelineExecutionSummaries"]):
        if entry["status"] in ("InProgress", "Stopping"):
            try:
                client.stop_pipeline_execution(
                    pipelineName=project.pipeline,
                    pipelineExecutionId=entry["pipelineExecutionId"],
                    abandon=True,
                    reason=why,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NOT_STOPPABLE:
                    raise
                continue  # it ended in the meantime
            stopped.append(entry["pipelineExecutionId"])
    return stopped


def newest_log(group: str, lines: int) -> list[str]:
    """The last lines of the stream that was written last; empty when there is none."""
    logs = boto3.client("logs")
    try:
        streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True, limit=1)
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [line for stream in streams["logStreams"] for line in tail(group, stream["logStreamName"], lines)]
