"""What a stack is in the store: its document, its resources' records, its events, what it exports.

A stack's document holds what DescribeStacks shows and besides
  Template, Parameters   text, and name → text: what the stack shall be;   Previous   the same for what it was
  Resources              logical id → record;   Done   logical ids that the operation has dealt with
  Undo                   logical id → its record before the operation, None for none, in the order of the changes
  Cleanup                records still to be deleted, in this order;   Number   of the operation
A record holds what DescribeStackResources shows, and Properties, Attributes, Policies, Made, Pending.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.templates import invalid
from local_aws.operations import Aws

Document = dict[str, Any]

KIND, EVENTS = "cloudformation:Stack", "cloudformation:Event"

CHANGE_SETS = "cloudformation:ChangeSet"

#: Statuses of stacks and resources that are no more.
DELETED = "DELETE_COMPLETE"


def find(aws: Aws, name_or_id: str) -> Document:
    """The living stack of a name, or any by its id. Raises AwsError "ValidationError"."""
    found = aws.store.get(KIND, name_or_id) if name_or_id.startswith("arn:") else by_name(aws, name_or_id)
    if found is None:
        raise invalid(f"Stack with id {name_or_id} does not exist")
    return found


def by_name(aws: Aws, name: str) -> Document | None:
    """The living stack of this name."""
    prefix = aws.arn("cloudformation", f"stack/{name}/")
    return next((stack for _, stack in aws.store.scan(KIND, prefix) if stack["StackStatus"] != DELETED), None)


def every(aws: Aws) -> list[Document]:
    """All stacks, the newest first, deleted ones included."""
    return [stack for _, stack in reversed(aws.store.scan(KIND))]


def put(aws: Aws, stack: Document) -> None:
    aws.store.put(KIND, stack["StackId"], stack)


def tell(aws: Aws, stack: Document, record: Document | None, status: str, reason: str | None = None) -> None:
    """Set the status of the stack (record None) or of one of its resources, and write the event of it."""
    now = aws.clock.now()
    if record is None:
        stack |= {"StackStatus": status, "StackStatusReason": reason}
        record = {
            "LogicalResourceId": stack["StackName"],
            "PhysicalResourceId": stack["StackId"],
            "ResourceType": "AWS::CloudFormation::Stack",
        }
    else:
        record |= {"ResourceStatus": status, "ResourceStatusReason": reason, "Timestamp": now}
    number = aws.store.next_seq()
    event = {key: record.get(key) for key in ("LogicalResourceId", "PhysicalResourceId", "ResourceType")} | {
        "StackId": stack["StackId"],
        "StackName": stack["StackName"],
        "EventId": f"{record['LogicalResourceId']}-{status}-{number}",
        "Timestamp": now,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
        "ClientRequestToken": stack.get("Token"),
    }
    aws.store.put(EVENTS, f"{stack['StackId']}/{number:012d}", event)


def events(aws: Aws, stack: Document) -> list[Document]:
    """The newest first."""
    return [event for _, event in reversed(aws.store.scan(EVENTS, f"{stack['StackId']}/"))]


def live(stack: Document) -> dict[str, Document]:
    """The records of the resources that are there."""
    return {
        logical: record
        for logical, record in stack["Resources"].items()
        if record.get("Made") and record["ResourceStatus"] != DELETED
    }


def drop_change_sets(aws: Aws, stack: Document, but: str = "") -> None:
    """The stack is another now, or no more: what was planned for it no longer holds. `but` is an id that stays."""
    for key, planned in aws.store.scan(CHANGE_SETS):
        if planned["StackId"] == stack["StackId"] and key != but:
            aws.store.delete(CHANGE_SETS, key)


def generated_name(stack: Document, logical: str) -> str:
    """The name of a resource that has none: the same however often the operation is begun anew."""
    seed = f"{stack['StackId']}/{logical}/{stack['Number']}"
    tail = hashlib.sha256(seed.encode()).hexdigest()[:12]
    return f"{stack['StackName'][:24].rstrip('-')}-{logical[:24]}-{tail.upper()}"


# exports


def exports(aws: Aws, but: str = "") -> dict[str, tuple[str, Any]]:
    """Name → the id of the stack that exports it, and the value; without those of the stack `but`."""
    return {
        output["ExportName"]: (stack["StackId"], output["OutputValue"])
        for stack in every(aws)
        if stack["StackStatus"] != DELETED and stack["StackId"] != but
        for output in stack.get("Outputs") or []
        if output.get("ExportName")
    }


def importers(aws: Aws, export: str) -> list[str]:
    """Names of the living stacks that import a value."""
    return [
        stack["StackName"]
        for stack in every(aws)
        if stack["StackStatus"] != DELETED and export in stack.get("Imports", [])
    ]


def check_unused(aws: Aws, stack: Document, kept: Mapping[str, Any]) -> None:
    """Raises AwsError when another stack imports what this one exports and `kept` (name → value) has not as it is."""
    for output in stack.get("Outputs") or []:
        name = output.get("ExportName")
        if name and kept.get(name) != output["OutputValue"] and (users := importers(aws, name)):
            what = "updated" if name in kept else "deleted"
            raise invalid(f"Export {name} cannot be {what} as it is in use by {' and '.join(users)}")
