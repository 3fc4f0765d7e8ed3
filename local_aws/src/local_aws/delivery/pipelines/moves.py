"""Making a move: what it changes in the documents, and what is told of it. Everything inside a transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from local_aws.delivery.pipelines import documents, events, records
from local_aws.delivery.pipelines.planning import Move
from local_aws.operations import Aws

Document = dict[str, Any]


def make(aws: Aws, declared: Document, state: Document, move: Move) -> list[Document]:
    """Make a move in the execution's document and in the pipeline's state; the records of actions that start."""
    return _MAKE[move.what](aws, declared, state, move)


def _enter(aws: Aws, _: Document, state: Document, move: Move) -> list[Document]:
    execution, first = move.execution, not move.execution["Stages"]
    execution["Inside"] = True
    open_stage(aws, execution)
    state["Latest"][execution["Stage"]] = execution["pipelineExecutionId"]
    if first:
        events.tell_pipeline(aws, execution)
    events.tell_stage(aws, execution)
    return []


def open_stage(aws: Aws, execution: Document) -> None:
    """The execution's stage begins, perhaps anew with what it has done already."""
    entry = execution["Stages"].setdefault(execution["Stage"], {"Current": {}, "Auto": 0, "Manual": 0, "Retried": ""})
    entry |= {"status": "InProgress", "startTime": aws.clock.now()}


def _start(aws: Aws, declared: Document, state: Document, move: Move) -> list[Document]:
    execution, stage = move.execution, documents.stage_of(declared, move.execution["Stage"])
    found = []
    for name in move.actions:
        record = records.new(aws, declared, execution, documents.action_of(stage, name))
        where = [execution["pipelineExecutionId"], record["actionExecutionId"]]
        state["Actions"][f"{stage['name']}/{name}"] = where
        found.append(record)
    return found


def _end(aws: Aws, declared: Document, _: Document, move: Move) -> list[Document]:
    execution, stage = move.execution, documents.stage_of(declared, move.execution["Stage"])
    entry = execution["Stages"][stage["name"]]
    if move.status == "Failed" and execution["status"] == "InProgress" and _tries_again(stage, entry):
        entry["status"] = "Failed"
        events.tell_stage(aws, execution)
        mode = (stage["onFailure"].get("retryConfiguration") or {}).get("retryMode", "FAILED_ACTIONS")
        again(aws, execution, mode, automatic=True)
        return []
    execution["Inside"] = False
    entry["status"] = move.status
    events.tell_stage(aws, execution)
    if execution["status"] == "Stopping":
        finish(aws, execution, "Stopped")
    elif move.status != "Succeeded":
        finish(aws, execution, move.status)
    else:
        _go_on(aws, declared, execution)
    return []


def _tries_again(stage: Document, entry: Document) -> bool:
    """AWS tries once by itself."""
    return (stage.get("onFailure") or {}).get("result") == "RETRY" and not entry["Auto"]


def _go_on(aws: Aws, declared: Document, execution: Document) -> None:
    """To the next stage, or to the end; a rollback is for one stage alone."""
    names = [stage["name"] for stage in declared["stages"]]
    following = names[names.index(execution["Stage"]) + 1 :]
    if following and execution["executionType"] == "STANDARD":
        execution |= {"Stage": following[0], "Arrived": aws.store.next_seq()}
    else:
        finish(aws, execution, "Succeeded")


def again(aws: Aws, execution: Document, mode: str, *, automatic: bool) -> None:
    """Begin the execution's stage anew, with its failed actions or with all of them."""
    entry = execution["Stages"][execution["Stage"]]
    entry["Auto" if automatic else "Manual"] += 1
    entry["Retried"] = "AutomatedStageRetry" if automatic else "ManualStageRetry"
    done = {name for name, held in entry["Current"].items() if execution["Actions"][held]["status"] == "Succeeded"}
    keep = done if mode == "FAILED_ACTIONS" else set()
    entry["Current"] = {name: held for name, held in entry["Current"].items() if name in keep}
    open_stage(aws, execution)
    execution["Attempt"] += 1
    events.tell_stage(aws, execution, "RESUMED")


def finish(aws: Aws, execution: Document, status: str) -> None:
    """Where every execution ends."""
    execution |= {"status": status, "Inside": False}
    events.tell_pipeline(aws, execution)


def _stop(aws: Aws, _: Document, __: Document, move: Move) -> list[Document]:
    finish(aws, move.execution, "Stopped")
    return []


def _supersede(aws: Aws, _: Document, __: Document, move: Move) -> list[Document]:
    finish(aws, move.execution, "Superseded")
    return []


_MAKE: Mapping[str, Callable[[Aws, Document, Document, Move], list[Document]]] = {
    "enter": _enter,
    "start": _start,
    "end": _end,
    "stop": _stop,
    "supersede": _supersede,
}


# rollbacks


def rollback_after(aws: Aws, declared: Document, move: Move) -> Document | None:
    """The execution that a failed stage with the result ROLLBACK sets off: the last one that succeeded there."""
    execution = move.execution
    if move.what != "end" or execution["status"] != "Failed" or execution["executionType"] == "ROLLBACK":
        return None
    stage = documents.stage_of(declared, execution["Stage"])
    if (stage.get("onFailure") or {}).get("result") != "ROLLBACK":
        return None
    for target in reversed(documents.of_pipeline(aws, execution["pipelineName"])):
        if may_return_to(target, stage["name"], execution["pipelineVersion"]):
            trigger = {"triggerType": "AutomatedRollback", "triggerDetail": execution["pipelineExecutionId"]}
            return rollback(aws, declared, target, stage["name"], trigger)
    return None


def may_return_to(target: Document, stage: str, version: int) -> bool:
    """Whether a stage can be rolled back to an execution: it has succeeded there under the same structure."""
    succeeded = (target["Stages"].get(stage) or {}).get("status") == "Succeeded"
    return bool(succeeded and target["executionType"] == "STANDARD" and target["pipelineVersion"] == version)


def rollback(aws: Aws, declared: Document, target: Document, stage: str, trigger: Document) -> Document:
    """An execution of one stage with the artifacts and variables of another execution."""
    kept = ("Artifacts", "Namespaces", "variables", "artifactRevisions")
    more = {name: target[name] for name in kept} | {
        "executionType": "ROLLBACK",
        "rollbackMetadata": {"rollbackTargetPipelineExecutionId": target["pipelineExecutionId"]},
        "Stage": stage,
    }
    return documents.new(aws, declared, declared, trigger, more)
