"""Change sets: what an update would do, kept until somebody executes or deletes it."""

import uuid
from typing import Any

from local_aws import crud
from local_aws.cloudformation import parameters, stacks, targets
from local_aws.cloudformation.templates import invalid, parse
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("cloudformation")

KIND = stacks.CHANGE_SETS

_EMPTY = "The submitted information didn't contain changes. Submit different information to create a change set."


def _find(aws: Aws, request: Request) -> Document:
    """By its ARN, or by its name and its stack's. Raises AwsError "ChangeSetNotFound"."""
    wanted, stack = request["ChangeSetName"], request.get("StackName")
    for key, document in aws.store.scan(KIND):
        named = document["ChangeSetName"] == wanted and stack in (document["StackName"], document["StackId"])
        if key == wanted or named:
            return _as_it_stands(aws, document)
    raise AwsError("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", status=404)


def _as_it_stands(aws: Aws, document: Document) -> Document:
    """OBSOLETE when its stack was changed otherwise since it was planned."""
    stack = stacks.find(aws, document["StackId"])
    begun = document["Kind"] == "CREATE" and stack["StackStatus"] != "REVIEW_IN_PROGRESS"
    if document["ExecutionStatus"] == "AVAILABLE" and (begun or stack["Number"] != document.get("Number")):
        return document | {"ExecutionStatus": "OBSOLETE"}
    return document


@operations("CreateChangeSet")
def create_change_set(aws: Aws, request: Request) -> Result:
    kind, name = request.get("ChangeSetType", "UPDATE"), request["ChangeSetName"]
    with aws.store.transaction():
        stack = _stack_for(aws, kind, request["StackName"])
        if any(one["ChangeSetName"] == name and one["StackId"] == stack["StackId"] for _, one in aws.store.scan(KIND)):
            raise AwsError("AlreadyExistsException", f"ChangeSet {name} cannot be created: it exists already.")
        wanted = targets.target(aws, request, stack)
        some, found = targets.differs(aws, stack, wanted)
        document = {
            "ChangeSetName": name,
            "ChangeSetId": aws.arn("cloudformation", f"changeSet/{name}/{uuid.uuid4()}"),
            "StackId": stack["StackId"],
            "StackName": stack["StackName"],
            "Description": request.get("Description"),
            "CreationTime": aws.clock.now(),
            "Status": "CREATE_COMPLETE" if some else "FAILED",
            "StatusReason": None if some else _EMPTY,
            "ExecutionStatus": "AVAILABLE" if some else "UNAVAILABLE",
            "Changes": [{"Type": "Resource", "ResourceChange": change} for change in found],
            "Kind": kind,
            "Number": stack["Number"],
            "Wanted": wanted,
            "Settings": {
                "Capabilities": request.get("Capabilities") or [],
                "RoleARN": request.get("RoleARN") or stack.get("RoleARN"),
                "OnFailure": request.get("OnStackFailure", "ROLLBACK"),
            },
        }
        if kind == "CREATE" and "StackStatus" not in stack:
            stacks.tell(aws, stack, None, "REVIEW_IN_PROGRESS", "User Initiated")
            stacks.put(aws, stack)
        aws.store.put(KIND, document["ChangeSetId"], document)
    return {"Id": document["ChangeSetId"], "StackId": stack["StackId"]}


def _stack_for(aws: Aws, kind: str, name: str) -> Document:
    """Raises AwsError when the type of the change set does not suit the stack, or is not done here."""
    if kind == "UPDATE":
        stack = stacks.find(aws, name)
        targets.check_updatable(stack)
        return stack
    if kind != "CREATE":
        raise invalid(f"local_aws makes change sets of the types CREATE and UPDATE, not {kind}.")
    found = stacks.by_name(aws, name)
    if found and found["StackStatus"] != "REVIEW_IN_PROGRESS":
        raise invalid(f"Stack [{name}] already exists and cannot be created again with the changeSet.")
    return found or targets.fresh(aws, name)


@operations("DescribeChangeSet")
def describe_change_set(aws: Aws, request: Request) -> Result:
    document = _find(aws, request)
    wanted = document["Wanted"]
    return document | {
        "Parameters": parameters.shown(parse(wanted["Template"]), wanted["Parameters"]),
        "Tags": wanted["Tags"],
        "Capabilities": document["Settings"]["Capabilities"],
        "OnStackFailure": document["Settings"]["OnFailure"],
    }


@operations("ListChangeSets")
def list_change_sets(aws: Aws, request: Request) -> Result:
    stack = stacks.find(aws, request["StackName"])
    held = [_as_it_stands(aws, one) for _, one in aws.store.scan(KIND) if one["StackId"] == stack["StackId"]]
    found, token = crud.cut(held, lambda one: one["ChangeSetId"], request.get("NextToken"), 100)
    return {"Summaries": found, "NextToken": token}


@operations("ExecuteChangeSet")
def execute_change_set(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        document = _find(aws, request)
        if (execution := document["ExecutionStatus"]) != "AVAILABLE":
            planned = document["Status"] == "CREATE_COMPLETE"
            status = f"execution status of [{execution}]" if planned else f"status of [{document['Status']}]"
            message = f"ChangeSet [{document['ChangeSetId']}] cannot be executed in its current {status}"
            raise AwsError("InvalidChangeSetStatus", message)
        stack = stacks.find(aws, document["StackId"])
        stack |= document["Settings"] | {
            "Token": request.get("ClientRequestToken"),
            "ChangeSetId": document["ChangeSetId"],
        }
        if request.get("DisableRollback"):
            stack["OnFailure"] = "DO_NOTHING"
        if document["Kind"] == "CREATE":
            targets.create(aws, stack, document["Wanted"])
        else:
            targets.check_updatable(stack)
            targets.update(aws, stack, document["Wanted"])
        stacks.drop_change_sets(aws, stack, document["ChangeSetId"])
        done = document | {"ExecutionStatus": "EXECUTE_COMPLETE"}
        aws.store.put(KIND, document["ChangeSetId"], done)
    return {}


@operations("DeleteChangeSet")
def delete_change_set(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        aws.store.delete(KIND, _find(aws, request)["ChangeSetId"])
    return {}
