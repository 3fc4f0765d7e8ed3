"""The phases of a stack's life. One call is one step: it changes the stack's document and at most one resource.

A step returns False when a resource is not ready yet; it raises StepError, and the transaction around it is undone.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local_aws.cloudformation import evaluation, references, schemas, stacks
from local_aws.cloudformation.plan import differing
from local_aws.cloudformation.resources import TYPES
from local_aws.cloudformation.resources.calls import gone
from local_aws.cloudformation.resources.kind import Made
from local_aws.cloudformation.templates import invalid, parse
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.store import DISK_FULL

log = logging.getLogger("local_aws.cloudformation")

Document = dict[str, Any]


class StepError(Exception):
    """A step that failed. `logical` is the resource, "" for the stack; `action` CREATE, UPDATE or DELETE."""

    def __init__(self, action: str, record: Document, reason: str) -> None:
        super().__init__(reason)
        self.action, self.record, self.reason = action, record, reason


@contextmanager
def _acting(action: str, record: Document) -> Iterator[None]:
    """Whatever goes wrong inside is the resource's failure, with the reason that a client would read.

    A disk without room is no failure: the step is tried again.
    """
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except AwsError as error:
        if error.status == DISK_FULL:
            raise
        raise StepError(action, record, f"{error.message} (Error Code: {error.code})") from error
    except Exception as error:
        log.exception("%s of %s failed", action, record.get("LogicalResourceId"))
        raise StepError(action, record, f"local_aws failed: {type(error).__name__}: {error}") from error


# towards what the template asks for


def forward(aws: Aws, stack: Document) -> bool:
    """Make or change the next resource; when all are there, evaluate the outputs and end."""
    with _acting("CREATE", {}):
        scope = evaluation.scope_of(aws, stack)
        for logical in references.order(scope.template):
            if logical not in stack["Done"] and scope.made(scope.template["Resources"][logical]):
                break
        else:
            _arrive(aws, stack, evaluation.outputs(scope))
            return True
    return _bring(aws, stack, logical)


def _bring(aws: Aws, stack: Document, logical: str) -> bool:
    held = stack["Resources"].get(logical)
    if held and held.get("Pending"):
        return _settle(aws, stack, held)
    raw = parse(stack["Template"])["Resources"][logical]
    record = {"LogicalResourceId": logical, "ResourceType": raw["Type"]}
    exists = logical in stacks.live(stack)
    with _acting("UPDATE" if exists else "CREATE", held if exists and held else record):
        wanted = evaluation.properties(evaluation.scope_of(aws, stack), stack, logical)
    policies = {name: raw.get(name, "Delete") for name in ("DeletionPolicy", "UpdateReplacePolicy")}
    record |= {"Properties": wanted, "Attributes": {}, "Policies": policies}
    if not exists or held is None:
        return _create(aws, stack, record, held)
    names = differing(held["Properties"], wanted)
    if not names:
        stack["Resources"][logical] = held | {"Policies": policies}
        stack["Done"].append(logical)
        return True
    stack["Undo"][logical] = dict(held)
    if names & schemas.schema(raw["Type"]).create_only:
        return _replace(aws, stack, record, held)
    return _update(aws, stack, held | {"Properties": wanted, "Policies": policies}, held)


def _create(aws: Aws, stack: Document, record: Document, held: Document | None) -> bool:
    logical, kind = record["LogicalResourceId"], TYPES[record["ResourceType"]]
    begun = held is not None and held["ResourceStatus"] == "CREATE_IN_PROGRESS"
    stack["Undo"].setdefault(logical, None)
    stack["Resources"][logical] = record
    name = record["Properties"].get(kind.name) or kind.form(stacks.generated_name(stack, logical))
    if not begun:
        stacks.tell(aws, stack, record, "CREATE_IN_PROGRESS")
        if kind.outside:  # the intention is durable before the effect
            return True
    else:
        record["ResourceStatus"] = "CREATE_IN_PROGRESS"
    with _acting("CREATE", record):
        _take(record, kind.create(aws, name, record["Properties"]))
    stacks.tell(aws, stack, record, "CREATE_IN_PROGRESS", "Resource creation Initiated")
    return _settle(aws, stack, record)


def _replace(aws: Aws, stack: Document, record: Document, held: Document) -> bool:
    logical, kind = record["LogicalResourceId"], TYPES[record["ResourceType"]]
    given = record["Properties"].get(kind.name)
    with _acting("UPDATE", held):
        if given and given == held["Properties"].get(kind.name):
            raise invalid(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing."
                f" Rename {given} and update the stack again."
            )
        made = kind.create(aws, given or kind.form(stacks.generated_name(stack, logical)), record["Properties"])
    stack["Cleanup"].append(held | {"Policies": {"DeletionPolicy": held["Policies"]["UpdateReplacePolicy"]}})
    stack["Resources"][logical] = record
    reason = "Requested update requires the creation of a new physical resource; hence creating one."
    _take(record, made)
    stacks.tell(aws, stack, record, "UPDATE_IN_PROGRESS", reason)
    return _settle(aws, stack, record)


def _update(aws: Aws, stack: Document, record: Document, held: Document) -> bool:
    """Waits first for what somebody else has begun: autoscaling may change an endpoint at any time."""
    kind = TYPES[held["ResourceType"]]
    with _acting("UPDATE", held):
        if not kind.settled(aws, _made(held)):
            return False
        made = kind.update(aws, _made(held), held["Properties"], record["Properties"])
    stack["Resources"][held["LogicalResourceId"]] = record
    _take(record, made)
    stacks.tell(aws, stack, record, "UPDATE_IN_PROGRESS")
    return _settle(aws, stack, record)


def _take(record: Document, made: Made) -> None:
    record |= {"PhysicalResourceId": made.id, "Attributes": made.attributes, "Made": True, "Pending": True}


def _made(record: Document) -> Made:
    return Made(record["PhysicalResourceId"], record["Attributes"])


def _settle(aws: Aws, stack: Document, record: Document) -> bool:
    action = record["ResourceStatus"].partition("_")[0]
    with _acting(action, record):
        if not TYPES[record["ResourceType"]].settled(aws, _made(record)):
            return False
    del record["Pending"]
    stacks.tell(aws, stack, record, f"{action}_COMPLETE")
    stack["Done"].append(record["LogicalResourceId"])
    return True


def _arrive(aws: Aws, stack: Document, outputs: list[Document]) -> None:
    """All resources are there: outputs, then the end, or the removal of what is not wanted any more."""
    kept = {output["ExportName"]: output["OutputValue"] for output in outputs if "ExportName" in output}
    if taken := kept.keys() & stacks.exports(aws, but=stack["StackId"]).keys():
        raise invalid(f"Export with name {sorted(taken)[0]} is already exported by another stack.")
    stacks.check_unused(aws, stack, kept)
    stack["Outputs"] = outputs
    if stack["StackStatus"] == "CREATE_IN_PROGRESS":
        end(aws, stack, "CREATE_COMPLETE")
        return
    for logical in _backwards(parse(stack["Previous"]["Template"]), stack):
        if logical not in stack["Done"]:
            stack["Cleanup"].append(stack["Resources"].pop(logical))
    stacks.tell(aws, stack, None, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")


def _backwards(template: Document, stack: Document) -> list[str]:
    """The living resources, each before those that it needs."""
    held = stacks.live(stack)
    return [logical for logical in reversed(references.order(template)) if logical in held]


def end(aws: Aws, stack: Document, status: str, reason: str | None = None) -> None:
    stack |= {"Done": [], "Undo": {}, "Cleanup": []}
    stack.pop("Previous", None)
    stacks.tell(aws, stack, None, status, reason)


# back to what was


def backward(aws: Aws, stack: Document) -> bool:
    """Undo the latest change that is not undone yet; when none is left, the stack is as it was."""
    if not stack["Undo"]:
        stack |= stack["Previous"]
        stack["Resources"] = stacks.live(stack)  # without what could not be made
        stacks.tell(aws, stack, None, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        return True
    logical, before = list(stack["Undo"].items())[-1]
    now = stack["Resources"].get(logical)
    if before is None or now is None:
        if now and now.get("Made"):
            stack["Cleanup"].append(now)
        stack["Resources"].pop(logical, None)
    elif now["PhysicalResourceId"] != before["PhysicalResourceId"]:
        stack["Cleanup"] = [one for one in stack["Cleanup"] if one["LogicalResourceId"] != logical]
        stack["Cleanup"].append(now | {"Policies": {"DeletionPolicy": "Delete"}})
        _restore(aws, stack, before)
    elif now.get("Reverting"):
        with _acting("UPDATE", now):
            if not TYPES[now["ResourceType"]].settled(aws, _made(now)):
                return False
        _restore(aws, stack, before | {"Attributes": now["Attributes"]})
    elif differing(now["Properties"], before["Properties"]):
        kind = TYPES[now["ResourceType"]]
        with _acting("UPDATE", now):
            if not kind.settled(aws, _made(now)):
                return False
            made = kind.update(aws, _made(now), now["Properties"], before["Properties"])
        _take(now, made)
        now["Reverting"] = True
        stacks.tell(aws, stack, now, "UPDATE_IN_PROGRESS")
        return True
    else:
        _restore(aws, stack, before)
    del stack["Undo"][logical]
    return True


def _restore(aws: Aws, stack: Document, before: Document) -> None:
    stack["Resources"][before["LogicalResourceId"]] = before
    stacks.tell(aws, stack, before, "UPDATE_COMPLETE")


def skip(aws: Aws, stack: Document, logicals: list[str]) -> None:
    """Take resources whose rollback failed as rolled back. Raises AwsError for others."""
    for logical in logicals:
        record = stack["Resources"].get(logical)
        if record is None or record["ResourceStatus"] != "UPDATE_FAILED" or logical not in stack["Undo"]:
            raise invalid(f"The resource {logical} is not in UPDATE_FAILED: it cannot be skipped.")
        stacks.tell(aws, stack, record, "UPDATE_COMPLETE", "Resource was skipped by ResourcesToSkip")
        del stack["Undo"][logical]


# away with it


def remove(aws: Aws, stack: Document) -> bool:
    """Delete the next resource of `Cleanup`, False as long as it is still going; when none is left, end."""
    if not stack["Cleanup"]:
        end(aws, stack, _AFTER_REMOVAL[stack["StackStatus"]])
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
            with _acting("DELETE", record):
                _delete(aws, record)
        if TYPES[record["ResourceType"]].leaving(aws, _made(record)):
            record["Leaving"] = True
            stack["Cleanup"].insert(0, record)
            return False
        stacks.tell(aws, stack, record, stacks.DELETED)
    if record is held:
        record["ResourceStatus"] = stacks.DELETED
    return True


def _delete(aws: Aws, record: Document) -> None:
    try:
        TYPES[record["ResourceType"]].delete(aws, _made(record), record["Properties"])
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
    order = _backwards(parse(stack["Template"]), stack)
    stack["Cleanup"] = [stack["Resources"][logical] for logical in order]
    stacks.tell(aws, stack, None, status, reason)


_AFTER_REMOVAL: Mapping[str, str] = {
    "DELETE_IN_PROGRESS": stacks.DELETED,
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}

Phase = Callable[[Aws, Document], bool]

#: The statuses in which something is left to do, and what does it.
PHASES: Mapping[str, Phase] = {
    "CREATE_IN_PROGRESS": forward,
    "UPDATE_IN_PROGRESS": forward,
    "UPDATE_ROLLBACK_IN_PROGRESS": backward,
    **dict.fromkeys(_AFTER_REMOVAL, remove),
}
