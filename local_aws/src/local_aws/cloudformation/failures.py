"""Where a stack goes when a step of it failed."""

from collections.abc import Callable, Mapping
from typing import Any

from local_aws.cloudformation import stacks
from local_aws.cloudformation.acting import StepError
from local_aws.cloudformation.removal import begin_removal, end
from local_aws.operations import Aws

Document = dict[str, Any]


def fail(aws: Aws, stack: Document, error: StepError) -> None:
    """Say which resource failed and go where a stack goes from here."""
    logical = error.record.get("LogicalResourceId")
    if logical:
        held = stack["Resources"].get(logical)
        if error.action == "CREATE" and not (held and held.get("Made")):
            held = stack["Resources"][logical] = dict(error.record) | {"Made": False}
        record = held if held and _same(held, error.record) else dict(error.record)
        for mark in ("Pending", "Reverting"):  # whoever tries again begins with the action
            record.pop(mark, None)
        if error.action == "UPDATE" and record is held:
            stack["Undo"].setdefault(logical, dict(record))
        stacks.tell(aws, stack, record, f"{error.action}_FAILED", error.reason)
    _FAILURES[stack["StackStatus"]](aws, stack, error)


def _same(held: Document, failed: Document) -> bool:
    return bool(held.get("PhysicalResourceId") == failed.get("PhysicalResourceId"))


def _why(error: StepError, verb: str) -> str:
    logical = error.record.get("LogicalResourceId")
    return f"The following resource(s) failed to {verb}: [{logical}]. " if logical else f"{error.reason} "


def _creation_failed(aws: Aws, stack: Document, error: StepError) -> None:
    reason = _why(error, "create")
    if stack["OnFailure"] == "DO_NOTHING":
        end(aws, stack, "CREATE_FAILED", reason.strip())
        return
    wanted = "DELETE_IN_PROGRESS" if stack["OnFailure"] == "DELETE" else "ROLLBACK_IN_PROGRESS"
    suffix = "Delete requested by user." if stack["OnFailure"] == "DELETE" else "Rollback requested by user."
    begin_removal(aws, stack, wanted, reason + suffix)


def _update_failed(aws: Aws, stack: Document, error: StepError) -> None:
    reason = _why(error, "update" if error.action == "UPDATE" else "create").strip()
    if stack["OnFailure"] == "DO_NOTHING":
        stacks.tell(aws, stack, None, "UPDATE_FAILED", reason)
    else:
        stacks.tell(aws, stack, None, "UPDATE_ROLLBACK_IN_PROGRESS", reason)


def _removal_failed(status: str) -> Callable[[Aws, Document, StepError], None]:
    def finish(aws: Aws, stack: Document, error: StepError) -> None:
        end(aws, stack, status, _why(error, "delete").strip())

    return finish


def _cleanup_failed(_: Aws, stack: Document, error: StepError) -> None:
    """What an update leaves behind does not fail it, as on AWS; the event says what is left."""
    failed = error.record["PhysicalResourceId"]
    stack["Cleanup"] = [one for one in stack["Cleanup"] if one["PhysicalResourceId"] != failed]


_FAILURES: Mapping[str, Callable[[Aws, Document, StepError], None]] = {
    "CREATE_IN_PROGRESS": _creation_failed,
    "UPDATE_IN_PROGRESS": _update_failed,
    "UPDATE_ROLLBACK_IN_PROGRESS": lambda aws, stack, error: stacks.tell(
        aws, stack, None, "UPDATE_ROLLBACK_FAILED", _why(error, "update").strip()
    ),
    "DELETE_IN_PROGRESS": _removal_failed("DELETE_FAILED"),
    "ROLLBACK_IN_PROGRESS": _removal_failed("ROLLBACK_FAILED"),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": _cleanup_failed,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": _cleanup_failed,
}
