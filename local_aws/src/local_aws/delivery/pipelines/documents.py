"""What the store keeps of pipelines and their executions.

An execution's document holds what GetPipelineExecution shows and besides
  Stage, Inside, Arrived  the stage that it is in or waits for, and since when it waits (a number that grows)
  Stages                  stage → status, Current (action → actionExecutionId), Auto and Manual (retries), Retried
  Actions                 actionExecutionId → record;   Artifacts   name → bucket and key
  Namespaces              namespace → variables;   Overrides   action → source revision
A record holds what ListActionExecutions shows, and Begun (its effect is made), Key (what it waits for), Due, Token.
"""

import uuid
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

PIPELINES, VERSIONS, STATES = "codepipeline:Pipeline", "codepipeline:Version", "codepipeline:State"
EXECUTIONS, LIVE, WAITING = "codepipeline:Execution", "codepipeline:Live", "codepipeline:Waiting"

#: Statuses of an execution that has not ended.
OPEN = ("InProgress", "Stopping")


def find(aws: Aws, name: str) -> Document:
    """The pipeline's document. Raises AwsError "PipelineNotFoundException"."""
    found = aws.store.get(PIPELINES, name)
    if found is None:
        where = f"Account '{aws.account}' does not have a pipeline with name '{name}'"
        raise AwsError("PipelineNotFoundException", where)
    return found


def structure(aws: Aws, name: str, version: int) -> Document:
    """The declaration of a pipeline's version. Raises AwsError "PipelineVersionNotFoundException"."""
    found = aws.store.get(VERSIONS, f"{name}/{version:09d}")
    if found is None:
        raise AwsError("PipelineVersionNotFoundException", f"The pipeline {name} has no version {version}.")
    return found


def stage_of(declared: Document, name: str) -> Document:
    """Raises AwsError "StageNotFoundException"."""
    for stage in declared["stages"]:
        if stage["name"] == name:
            found: Document = stage
            return found
    raise AwsError("StageNotFoundException", f"The pipeline {declared['name']} has no stage {name}.")


def action_of(stage: Document, name: str) -> Document:
    """Raises AwsError "ActionNotFoundException"."""
    for action in stage["actions"]:
        if action["name"] == name:
            found: Document = action
            return found
    raise AwsError("ActionNotFoundException", f"The stage {stage['name']} has no action {name}.")


def state(aws: Aws, name: str) -> Document:
    """Latest: stage → execution; Actions: stage/action → execution and record; Closed: stage → why none may enter."""
    return aws.store.get(STATES, name) or {"Latest": {}, "Actions": {}, "Closed": {}}


def held(aws: Aws, name: str, identity: str) -> Document | None:
    return aws.store.get(EXECUTIONS, f"{name}/{identity}")


def load(aws: Aws, name: str, identity: str) -> Document:
    """Raises AwsError "PipelineExecutionNotFoundException"."""
    found = held(aws, name, identity)
    if found is None:
        raise AwsError("PipelineExecutionNotFoundException", f"The pipeline {name} has no execution {identity}.")
    return found


def save(aws: Aws, execution: Document) -> None:
    """Inside a transaction."""
    key = f"{execution['pipelineName']}/{execution['pipelineExecutionId']}"
    execution["lastUpdateTime"] = aws.clock.now()
    aws.store.put(EXECUTIONS, key, execution)
    if execution["status"] in OPEN:
        aws.store.put(LIVE, key, {})
    else:
        aws.store.delete(LIVE, key)


def of_pipeline(aws: Aws, name: str) -> list[Document]:
    """A pipeline's executions, oldest first."""
    return [execution for _, execution in aws.store.scan(EXECUTIONS, f"{name}/")]


def live(aws: Aws, name: str) -> list[Document]:
    """Those that have not ended, oldest first."""
    keys = [key for key, _ in aws.store.scan(LIVE, f"{name}/")]
    return sorted((load(aws, name, key.partition("/")[2]) for key in keys), key=lambda one: one["Number"])


def new(aws: Aws, pipeline: Document, declared: Document, trigger: Document, more: Document) -> Document:
    """The document of an execution that waits for its first stage; inside a transaction."""
    now, number = aws.clock.now(), aws.store.next_seq()
    return {
        "pipelineName": pipeline["name"],
        "pipelineVersion": declared["version"],
        "pipelineExecutionId": str(uuid.uuid4()),
        "status": "InProgress",
        "startTime": now,
        "lastUpdateTime": now,
        "trigger": trigger,
        "executionMode": declared["executionMode"],
        "executionType": "STANDARD",
        "variables": [],
        "artifactRevisions": [],
        "Number": number,
        "Arrived": number,
        "Attempt": 1,
        "Stage": declared["stages"][0]["name"],
        "Inside": False,
        "Stages": {},
        "Actions": {},
        "Artifacts": {},
        "Namespaces": {},
        "Overrides": {},
    } | more


def arn(aws: Aws, name: str) -> str:
    return aws.arn("codepipeline", name)
