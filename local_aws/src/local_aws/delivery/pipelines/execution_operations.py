"""The operations that start, stop, answer, retry and roll back executions."""

from typing import Any

from local_aws.delivery.pipelines import actions, documents, events, moves, records, starting
from local_aws.delivery.pipelines.actions.approval import MANUAL
from local_aws.delivery.pipelines.actions.kind import Outcome
from local_aws.delivery.pipelines.engine import Runner
from local_aws.errors import AwsError
from local_aws.idempotency import once
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codepipeline")


def _caller(aws: Aws) -> str:
    return f"arn:aws:iam::{aws.account}:user/local"


@operations("StartPipelineExecution")
def start_execution(aws: Aws, request: Request) -> Result:
    trigger = {"triggerType": "StartPipelineExecution", "triggerDetail": _caller(aws)}
    return {"pipelineExecutionId": start(aws, request, trigger)}


def start(aws: Aws, request: Document, trigger: Document) -> str:
    """The id of a new execution, or of the one that this clientRequestToken has started. Raises AwsError."""
    request = dict(request)
    token = request.pop("clientRequestToken", None)

    def make() -> str:
        pipeline = documents.find(aws, request["name"])
        declared = documents.structure(aws, pipeline["name"], pipeline["version"])
        execution = starting.begin(aws, pipeline, declared, trigger, request)
        aws.part(Runner).advance(pipeline["name"])
        return str(execution["pipelineExecutionId"])

    documents.find(aws, request["name"])
    return once(aws, f"StartPipelineExecution/{request['name']}", token, request, make)


@operations("StopPipelineExecution")
def stop_execution(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name, identity = documents.find(aws, request["pipelineName"])["name"], request["pipelineExecutionId"]
        abandon = bool(request.get("abandon"))
        try:
            execution = documents.load(aws, name, identity)
        except AwsError as error:
            raise AwsError("PipelineExecutionNotStoppableException", error.message) from None
        if execution["status"] not in documents.OPEN:
            message = f"The execution {identity} has ended as {execution['status']}: it cannot be stopped."
            raise AwsError("PipelineExecutionNotStoppableException", message)
        if execution["status"] == "Stopping" and not abandon:
            raise AwsError("DuplicatedStopRequestException", f"The execution {identity} is being stopped already.")
        execution |= {"status": "Stopping", "stopTrigger": {"reason": request.get("reason", "")}}
        if execution["Inside"]:
            _tell_stopping(aws, execution)
        if abandon:
            records.abandon(aws, execution)
        documents.save(aws, execution)
        aws.part(Runner).advance(name)
    return {"pipelineExecutionId": identity}


def _tell_stopping(aws: Aws, execution: Document) -> None:
    execution["Stages"][execution["Stage"]]["status"] = "Stopping"
    events.tell_pipeline(aws, execution)
    events.tell_stage(aws, execution)


@operations("PutApprovalResult")
def put_approval_result(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name = documents.find(aws, request["pipelineName"])["name"]
        record = _approval(aws, name, request)
        answer = request["result"]
        rejected = answer["status"] == "Rejected"
        outcome = Outcome(
            "Failed" if rejected else "Succeeded",
            summary=answer["summary"],
            code="Rejected" if rejected else "",
            message=f"The approval was rejected: {answer['summary']}" if rejected else "",
            members={"updatedBy": _caller(aws)},
        )
        key = (name, record["pipelineExecutionId"], record["actionExecutionId"])
        aws.part(Runner).ended(key, outcome)
    return {"approvedAt": aws.clock.now()}


def _approval(aws: Aws, name: str, request: Request) -> Document:
    """The record that waits for this answer. Raises AwsError."""
    stage, action = request["stageName"], request["actionName"]
    held = documents.state(aws, name)["Actions"].get(f"{stage}/{action}")
    if held is None:
        pipeline = documents.find(aws, name)
        declared = documents.structure(aws, name, pipeline["version"])
        documents.action_of(documents.stage_of(declared, stage), action)
        raise AwsError("InvalidApprovalTokenException", f"The action {action} waits for no answer.")
    record: Document = documents.load(aws, name, held[0])["Actions"][held[1]]
    kind = actions.find(record["input"]["actionTypeId"])
    if kind is not MANUAL:
        raise AwsError("ActionNotFoundException", f"The action {action} of the stage {stage} is no approval.")
    if record.get("Token") != request["token"]:
        raise AwsError(
            "InvalidApprovalTokenException", f"The token is not that of the approval that {action} waits for."
        )
    if record["status"] != "InProgress":
        raise AwsError(
            "ApprovalAlreadyCompletedException", f"The approval of {action} has ended as {record['status']} already."
        )
    return record


@operations("RetryStageExecution")
def retry_stage(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        pipeline = documents.find(aws, request["pipelineName"])
        name, stage, identity = pipeline["name"], request["stageName"], request["pipelineExecutionId"]
        documents.stage_of(documents.structure(aws, name, pipeline["version"]), stage)
        if documents.state(aws, name)["Latest"].get(stage) != identity:
            message = f"The execution {identity} is not the latest one in the stage {stage}: it cannot be retried."
            raise AwsError("NotLatestPipelineExecutionException", message)
        execution = documents.load(aws, name, identity)
        entry = execution["Stages"][stage]
        ended = execution["status"] in ("Failed", "Stopped") and execution["Stage"] == stage
        if not ended or entry["status"] not in ("Failed", "Stopped"):
            message = f"The stage {stage} has no failed actions: it is {entry['status']} and cannot be retried."
            raise AwsError("StageNotRetryableException", message)
        if execution["pipelineVersion"] != pipeline["version"]:
            message = f"The pipeline {name} has changed since {identity} ran: {stage} cannot be retried."
            raise AwsError("StageNotRetryableException", message)
        execution |= {"status": "InProgress", "Inside": True}
        execution.pop("stopTrigger", None)
        _resume(aws, execution, request["retryMode"])
    return {"pipelineExecutionId": identity}


def _resume(aws: Aws, execution: Document, mode: str) -> None:
    moves.again(aws, execution, mode, automatic=False)
    events.tell_pipeline(aws, execution, "RESUMED")
    documents.save(aws, execution)
    aws.part(Runner).advance(execution["pipelineName"])


@operations("RollbackStage")
def rollback_stage(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        pipeline = documents.find(aws, request["pipelineName"])
        name, stage, wanted = pipeline["name"], request["stageName"], request["targetPipelineExecutionId"]
        declared = documents.structure(aws, name, pipeline["version"])
        documents.stage_of(declared, stage)
        target = documents.load(aws, name, wanted)
        if target["pipelineVersion"] != pipeline["version"]:
            message = f"The execution {wanted} ran under an older structure of the pipeline."
            raise AwsError("PipelineExecutionOutdatedException", message)
        if declared["stages"][0]["name"] == stage:
            raise AwsError("UnableToRollbackStageException", f"The stage {stage} holds the sources.")
        if not moves.may_return_to(target, stage, pipeline["version"]):
            raise AwsError("UnableToRollbackStageException", f"The execution {wanted} has not succeeded in {stage}.")
        if any(one["Inside"] and one["Stage"] == stage for one in documents.live(aws, name)):
            raise AwsError("UnableToRollbackStageException", f"The stage {stage} is in progress.")
        trigger = {"triggerType": "ManualRollback", "triggerDetail": _caller(aws)}
        execution = moves.rollback(aws, declared, target, stage, trigger)
        documents.save(aws, execution)
        aws.part(Runner).advance(name)
    return {"pipelineExecutionId": execution["pipelineExecutionId"]}
