"""The phases of a stack's life. One call is one step: it changes the stack's document and at most one resource.

A step returns False when a resource is not ready yet; it raises StepError, and the transaction around it is undone.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from local_aws.cloudformation import evaluation, references, removal, schemas, stacks
from local_aws.cloudformation.acting import acting, made_of
from local_aws.cloudformation.plan import differing
from local_aws.cloudformation.resources import TYPES
from local_aws.cloudformation.resources.kind import Made
from local_aws.cloudformation.templates import invalid, parse
from local_aws.operations import Aws

log = logging.getLogger("local_aws.cloudformation")

Document = dict[str, Any]


# towards what the template asks for


def forward(aws: Aws, stack: Document) -> bool:
    """Make or change the next resource; when all are there, evaluate the outputs and end."""
    with acting("CREATE", {}):
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
    with acting("UPDATE" if exists else "CREATE", held if exists and held else record):
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
    with acting("CREATE", record):
        _take(record, kind.create(aws, name, record["Properties"]))
    stacks.tell(aws, stack, record, "CREATE_IN_PROGRESS", "Resource creation Initiated")
    return _settle(aws, stack, record)


def _replace(aws: Aws, stack: Document, record: Document, held: Document) -> bool:
    logical, kind = record["LogicalResourceId"], TYPES[record["ResourceType"]]
    given = record["Properties"].get(kind.name)
    with acting("UPDATE", held):
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
    with acting("UPDATE", held):
        if not kind.settled(aws, made_of(held)):
            return False
        made = kind.update(aws, made_of(held), held["Properties"], record["Properties"])
    stack["Resources"][held["LogicalResourceId"]] = record
    _take(record, made)
    stacks.tell(aws, stack, record, "UPDATE_IN_PROGRESS")
    return _settle(aws, stack, record)


def _take(record: Document, made: Made) -> None:
    record |= {"PhysicalResourceId": made.id, "Attributes": made.attributes, "Made": True, "Pending": True}


def _settle(aws: Aws, stack: Document, record: Document) -> bool:
    action = record["ResourceStatus"].partition("_")[0]
    with acting(action, record):
        if not TYPES[record["ResourceType"]].settled(aws, made_of(record)):
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
        removal.end(aws, stack, "CREATE_COMPLETE")
        return
    for logical in removal.backwards(parse(stack["Previous"]["Template"]), stack):
        if logical not in stack["Done"]:
            stack["Cleanup"].append(stack["Resources"].pop(logical))
    stacks.tell(aws, stack, None, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")


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
        with acting("UPDATE", now):
            if not TYPES[now["ResourceType"]].settled(aws, made_of(now)):
                return False
        _restore(aws, stack, before | {"Attributes": now["Attributes"]})
    elif differing(now["Properties"], before["Properties"]):
        kind = TYPES[now["ResourceType"]]
        with acting("UPDATE", now):
            if not kind.settled(aws, made_of(now)):
                return False
            made = kind.update(aws, made_of(now), now["Properties"], before["Properties"])
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


Phase = Callable[[Aws, Document], bool]

#: The statuses in which something is left to do, and what does it.
PHASES: Mapping[str, Phase] = {
    "CREATE_IN_PROGRESS": forward,
    "UPDATE_IN_PROGRESS": forward,
    "UPDATE_ROLLBACK_IN_PROGRESS": backward,
    **dict.fromkeys(removal.AFTER, removal.remove),
}
