"""The documents of action executions: how they begin, and what an outcome makes of them."""

import uuid
from typing import Any

from local_aws.delivery.pipelines import artifacts, documents, events, variables
from local_aws.delivery.pipelines.actions.kind import Outcome
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

_LONGEST_SUMMARY = 2048


def new(aws: Aws, declared: Document, execution: Document, action: Document) -> Document:
    """The record of an action that starts now; one whose configuration cannot be resolved has failed already."""
    now = aws.clock.now()
    record: Document = {
        "pipelineName": execution["pipelineName"],
        "pipelineExecutionId": execution["pipelineExecutionId"],
        "actionExecutionId": str(uuid.uuid4()),
        "pipelineVersion": execution["pipelineVersion"],
        "stageName": execution["Stage"],
        "actionName": action["name"],
        "startTime": now,
        "lastUpdateTime": now,
        "Number": aws.store.next_seq(),
        "status": "InProgress",
        "Begun": False,
        "Timeout": action.get("timeoutInMinutes"),
        "input": {
            "actionTypeId": action["actionTypeId"],
            "configuration": action["configuration"],
            "resolvedConfiguration": {},
            "roleArn": action.get("roleArn"),
            "region": aws.region,
            "namespace": action.get("namespace"),
            "inputArtifacts": _located(action["inputArtifacts"], execution["Artifacts"]),
        },
        "output": {"outputArtifacts": [], "executionResult": {}, "outputVariables": {}},
    }
    places = {one["name"]: artifacts.location(declared, record, one["name"]) for one in action["outputArtifacts"]}
    record["output"]["outputArtifacts"] = _located(action["outputArtifacts"], places)
    execution["Actions"][record["actionExecutionId"]] = record
    execution["Stages"][execution["Stage"]]["Current"][action["name"]] = record["actionExecutionId"]
    events.tell_action(aws, execution, record)
    try:
        resolved = variables.resolve(action["configuration"], variables.scope(execution))
        record["input"]["resolvedConfiguration"] = resolved
    except AwsError as error:
        settle(aws, execution, record, Outcome("Failed", code=error.code, message=error.message))
    return record


def _located(declared: list[Document], places: dict[str, Document]) -> list[Document]:
    return [{"name": one["name"], "s3location": places[one["name"]]} for one in declared if one["name"] in places]


def settle(aws: Aws, execution: Document, record: Document, outcome: Outcome) -> None:
    """What an outcome makes of an action's record and of its execution; inside a transaction, without saving."""
    record |= {"lastUpdateTime": aws.clock.now(), "status": outcome.status, "Begun": True, "Due": outcome.due}
    record |= outcome.members  # may say that a second part of the work is to begin
    result = record["output"]["executionResult"]
    told = {"externalExecutionId": outcome.identity, "externalExecutionUrl": outcome.url}
    told["externalExecutionSummary"] = outcome.summary[:_LONGEST_SUMMARY]
    result |= {key: value for key, value in told.items() if value}
    if held := record.pop("Key", None):
        aws.store.delete(documents.WAITING, held)
    if outcome.status == "InProgress":
        if outcome.key:
            record["Key"] = outcome.key
            names = ("pipelineName", "pipelineExecutionId", "actionExecutionId")
            aws.store.put(documents.WAITING, outcome.key, {"Key": [record[name] for name in names]})
        return
    if outcome.status == "Failed":
        result["errorDetails"] = {"code": outcome.code, "message": outcome.message}
    if outcome.status == "Succeeded":
        _succeed(execution, record, outcome)
    events.tell_action(aws, execution, record)


def _succeed(execution: Document, record: Document, outcome: Outcome) -> None:
    for one in record["output"]["outputArtifacts"]:
        execution["Artifacts"][one["name"]] = one["s3location"]
        if outcome.revision:
            kept = [held for held in execution["artifactRevisions"] if held["name"] != one["name"]]
            execution["artifactRevisions"] = [*kept, {"name": one["name"], **outcome.revision}]
    if outcome.revision:
        record["Revision"] = dict(outcome.revision)
    record["output"]["outputVariables"] = dict(outcome.variables)
    if space := record["input"].get("namespace"):
        execution["Namespaces"][space] = dict(outcome.variables)


def abandon(aws: Aws, execution: Document) -> None:
    """Give up the actions that run; what they have set off goes on, as on AWS. Inside a transaction."""
    for record in execution["Actions"].values():
        if record["status"] == "InProgress":
            settle(aws, execution, record, Outcome("Abandoned"))


def waiting_for(aws: Aws, key: str) -> tuple[str, str, str] | None:
    """The action that waits for a key: pipeline, execution, action execution."""
    found = aws.store.get(documents.WAITING, key)
    return (found["Key"][0], found["Key"][1], found["Key"][2]) if found else None
