"""What EventBridge hears of executions, their stages and their actions.

https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
"""

import datetime
from typing import Any

from local_aws.delivery.pipelines import documents
from local_aws.events import bus
from local_aws.operations import Aws

Document = dict[str, Any]

#: Status → the state of the event where it is not the status in capitals.
_STATES = {"InProgress": "STARTED", "Cancelled": "CANCELED", "Abandoned": "ABANDONED"}


def state_of(status: str) -> str:
    return _STATES.get(status, status.upper())


def _time(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _emit(aws: Aws, kind: str, execution: Document, state: str, start: float, detail: Document) -> None:
    whole = {
        "pipeline": execution["pipelineName"],
        "execution-id": execution["pipelineExecutionId"],
        "start-time": _time(start),
        **detail,
        "state": state,
        "version": float(execution["pipelineVersion"]),
        "pipeline-execution-attempt": float(execution["Attempt"]),
    }
    bus.emit(
        aws,
        "aws.codepipeline",
        f"CodePipeline {kind} Execution State Change",
        whole,
        [documents.arn(aws, execution["pipelineName"])],
    )


def tell_pipeline(aws: Aws, execution: Document, state: str = "") -> None:
    """Inside the transaction that it tells of, as the others."""
    trigger = execution["trigger"]
    told = {"trigger-type": trigger["triggerType"], "trigger-detail": trigger.get("triggerDetail", "")}
    state = state or state_of(execution["status"])
    _emit(aws, "Pipeline", execution, state, execution["startTime"], {"execution-trigger": told})


def tell_stage(aws: Aws, execution: Document, state: str = "") -> None:
    stage = execution["Stage"]
    entry = execution["Stages"][stage]
    _emit(aws, "Stage", execution, state or state_of(entry["status"]), entry["startTime"], {"stage": stage})


def tell_action(aws: Aws, execution: Document, record: Document) -> None:
    result = record["output"]["executionResult"]
    details = result.get("errorDetails") or {}
    found = {
        "external-execution-url": result.get("externalExecutionUrl"),
        "external-execution-summary": result.get("externalExecutionSummary") or details.get("message"),
        "external-execution-id": result.get("externalExecutionId"),
        "error-code": details.get("code"),
    }
    detail = {
        "stage": record["stageName"],
        "action-execution-id": record["actionExecutionId"],
        "action": record["actionName"],
        "execution-result": {key: value for key, value in found.items() if value},
        "input-artifacts": record["input"]["inputArtifacts"],
        "output-artifacts": record["output"]["outputArtifacts"],
        "type": record["input"]["actionTypeId"],
        "region": aws.region,
    }
    _emit(aws, "Action", execution, state_of(record["status"]), record["startTime"], detail)
