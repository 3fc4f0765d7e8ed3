"""The way out: resources of a stack are deleted, one at a step, after an update, a rollback, or with the stack."""

from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation import references, stacks
from local_aws.cloudformation.acting import acting, made_of
from local_aws.cloudformation.resources import TYPES
from local_aws.cloudformation.resources.calls import gone
from local_aws.cloudformation.templates import parse
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

#: What a stack is once nothing is left to remove.
AFTER: Mapping[str, str] = {
    "DELETE_IN_PROGRESS": stacks.DELETED,
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}


def remove(aws: Aws, stack: Document) -> bool:
    """Delete the next resource of `Cleanup`, False as long as it is still going; when none is left, end."""
    if not stack["Cleanup"]:
        end(aws, stack, AFTER[stack["StackStatus"]])
        if stack["StackStatus"] == stacks.DELETED:
            stack["DeletionTime"] = aws.clock.now()
            stacks.drop_change_sets(aws, stack)
        return True
    record = stack["Cleanup"].pop(0)
    held = stack["Resources"].get(record["LogicalResourceId"])
    if held and held.get("PhysicalResourceId") == record["PhysicalResourceId"]:
        record = held
    if _keeps(stack, record):
        stacks.tell(aws, stack, record, "DELETE_SKIPPED")
    else:
        if not record.pop("Leaving", False):
            stacks.tell(aws, stack, record, "DELETE_IN_PROGRESS")
            with acting("DELETE", record):
                _delete(aws, record)
        if TYPES[record["ResourceType"]].leaving(aws, made_of(record)):
            record["Leaving"] = True
            stack["Cleanup"].insert(0, record)
            return False
        stacks.tell(aws, stack, record, stacks.DELETED)
    if record is held:
        record["ResourceStatus"] = stacks.DELETED
    return True


def _delete(aws: Aws, record: Document) -> None:
    try:
        TYPES[record["ResourceType"]].delete(aws, made_of(record), record["Properties"])
    except AwsError as error:
        if not gone(error):
            raise


def _keeps(stack: Document, record: Document) -> bool:
    policy = record["Policies"]["DeletionPolicy"]
    created_now = stack["StackStatus"] == "ROLLBACK_IN_PROGRESS"
    return policy == "Retain" or (policy == "RetainExceptOnCreate" and not created_now)


def begin_removal(aws: Aws, stack: Document, status: str, reason: str | None, kept: tuple[str, ...] = ()) -> None:
    """Everything that is there goes, in reverse; what is in `kept` stays where it is."""
    for logical in kept:
        record = stack["Resources"].pop(logical)
        stacks.tell(aws, stack, record, "DELETE_SKIPPED")
    order = backwards(parse(stack["Template"]), stack)
    stack["Cleanup"] = [stack["Resources"][logical] for logical in order]
    stacks.tell(aws, stack, None, status, reason)


def backwards(template: Document, stack: Document) -> list[str]:
    """The living resources, each before those that it needs."""
    held = stacks.live(stack)
    return [logical for logical in reversed(references.order(template)) if logical in held]


def end(aws: Aws, stack: Document, status: str, reason: str | None = None) -> None:
    """The operation is over: the stack has this status, and nothing more to do."""
    stack |= {"Done": [], "Undo": {}, "Cleanup": []}
    stack.pop("Previous", None)
    stacks.tell(aws, stack, None, status, reason)
