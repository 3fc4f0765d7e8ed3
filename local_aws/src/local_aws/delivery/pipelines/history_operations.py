"""The operations that look at executions: states of stages, histories of executions and of actions."""

from typing import Any

from local_aws import crud
from local_aws.delivery.pipelines import documents
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codepipeline")

_PAGE = 100


@operations("GetPipelineExecution")
def get_execution(aws: Aws, request: Request) -> Result:
    name = documents.find(aws, request["pipelineName"])["name"]
    return {"pipelineExecution": documents.load(aws, name, request["pipelineExecutionId"])}


@operations("ListPipelineExecutions")
def list_executions(aws: Aws, request: Request) -> Result:
    name = documents.find(aws, request["pipelineName"])["name"]
    stage = ((request.get("filter") or {}).get("succeededInStage") or {}).get("stageName")
    found = [
        execution | {"sourceRevisions": _revisions(execution)}
        for execution in documents.of_pipeline(aws, name)
        if not stage or (execution["Stages"].get(stage) or {}).get("status") == "Succeeded"
    ]
    return _page(found, "pipelineExecutionSummaries", request)


def _page(found: list[Document], into: str, request: Request) -> Document:
    """The newest first."""
    try:
        size = request.get("maxResults") or _PAGE
        page, token = crud.cut(found, lambda one: -one["Number"], request.get("nextToken"), size)
    except AwsError as error:
        raise AwsError("InvalidNextTokenException", error.message) from None
    return {into: page, "nextToken": token}


def _revisions(execution: Document) -> list[Document]:
    return [
        {"actionName": record["actionName"]} | record["Revision"]
        for record in execution["Actions"].values()
        if "Revision" in record
    ]


@operations("ListActionExecutions")
def list_action_executions(aws: Aws, request: Request) -> Result:
    name, wanted = documents.find(aws, request["pipelineName"])["name"], request.get("filter") or {}
    latest = wanted.get("latestInPipelineExecution") or {}
    identity = wanted.get("pipelineExecutionId") or latest.get("pipelineExecutionId")
    executions = [documents.load(aws, name, identity)] if identity else documents.of_pipeline(aws, name)
    found = [record for execution in executions for record in _records(execution, latest)]
    return _page(found, "actionExecutionDetails", request)


def _records(execution: Document, latest: Document) -> list[Document]:
    """All, or those that count in each stage and not what a retry has left behind."""
    if not latest:
        return list(execution["Actions"].values())
    return [
        execution["Actions"][identity]
        for entry in execution["Stages"].values()
        for identity in entry["Current"].values()
    ]


# the state


@operations("GetPipelineState")
def get_state(aws: Aws, request: Request) -> Result:
    pipeline = documents.find(aws, request["name"])
    name = pipeline["name"]
    declared = documents.structure(aws, name, pipeline["version"])
    state = documents.state(aws, name)
    wanted = {*state["Latest"].values(), *(held[0] for held in state["Actions"].values())}
    known = {identity: documents.load(aws, name, identity) for identity in wanted}
    waiting = [one for one in documents.live(aws, name) if not one["Inside"]]
    return {
        "pipelineName": name,
        "pipelineVersion": pipeline["version"],
        "created": pipeline["created"],
        "updated": pipeline["updated"],
        "stageStates": [_stage(stage, state, known, waiting) for stage in declared["stages"]],
    }


def _stage(stage: Document, state: Document, known: dict[str, Document], waiting: list[Document]) -> Document:
    name = stage["name"]
    closed = state["Closed"].get(name)
    found: Document = {
        "stageName": name,
        "inboundTransitionState": {"enabled": closed is None, **(closed or {})},
        "actionStates": [_action(name, action, state, known) for action in stage["actions"]],
    }
    inbound = [_brief(one, one["status"]) for one in waiting if one["Stage"] == name]
    if inbound:
        found |= {"inboundExecution": inbound[-1], "inboundExecutions": inbound}
    if identity := state["Latest"].get(name):
        entry = known[identity]["Stages"][name]
        found["latestExecution"] = _brief(known[identity], entry["status"])
        if entry["Retried"]:
            found["retryStageMetadata"] = {
                "autoStageRetryAttempt": entry["Auto"],
                "manualStageRetryAttempt": entry["Manual"],
                "latestRetryTrigger": entry["Retried"],
            }
    return found


def _brief(execution: Document, status: str) -> Document:
    return {
        "pipelineExecutionId": execution["pipelineExecutionId"],
        "status": status,
        "type": execution["executionType"],
    }


def _action(stage: str, action: Document, state: Document, known: dict[str, Document]) -> Document:
    found: Document = {"actionName": action["name"]}
    held = state["Actions"].get(f"{stage}/{action['name']}")
    if held is None:
        return found
    record = known[held[0]]["Actions"][held[1]]
    result = record["output"]["executionResult"]
    latest = {
        "actionExecutionId": record["actionExecutionId"],
        "status": record["status"],
        "summary": result.get("externalExecutionSummary"),
        "lastStatusChange": record["lastUpdateTime"],
        "lastUpdatedBy": record.get("updatedBy"),
        "externalExecutionId": result.get("externalExecutionId"),
        "externalExecutionUrl": result.get("externalExecutionUrl"),
        "errorDetails": result.get("errorDetails"),
        "token": record.get("Token") if record["status"] == "InProgress" else None,
    }
    found["latestExecution"] = {key: value for key, value in latest.items() if value is not None}
    if revision := record.get("Revision"):
        identity = revision["revisionId"]
        change = revision.get("revisionChangeIdentifier", identity)
        created = revision.get("created", record["startTime"])
        found["currentRevision"] = {"revisionId": identity, "revisionChangeId": change, "created": created}
    return found
