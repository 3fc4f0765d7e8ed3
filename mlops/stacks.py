"""CloudFormation stacks: made or changed, waited for, removed; a failure is one sentence."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from contract.documents import Document
from mlops.failures import RunError

Say = Callable[[str], None]

#: Seconds between two looks, by the age of the wait: at once on one machine, patient with a cloud.
PATIENCE = ((5.0, 0.05), (30.0, 0.5))

#: A stack that was never made whole: it can only be removed.
_DEAD = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
#: An update failed, and going back failed as well: nothing changes the stack until somebody continues that.
STUCK = ("UPDATE_ROLLBACK_FAILED",)
_WELL = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")


def find(name: str) -> Document | None:
    """DescribeStacks' answer for one stack; None when there is none, or it is deleted."""
    try:
        found: Any = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    return None if found["StackStatus"] == "DELETE_COMPLETE" else dict(found)


def outputs(stack: Document) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}


def parameters(stack: Document) -> dict[str, str]:
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack.get("Parameters", [])}


def apply(name: str, source: Mapping[str, str], given: Mapping[str, str], tags: Mapping[str, str], say: Say) -> bool:
    """Make the stack or bring it up to date, and wait. True when something was done.

    source  {"TemplateBody": …} or {"TemplateURL": …}
    Raises RunError with the first reason that CloudFormation gives.
    """
    held = settled(name)
    if held and held["StackStatus"] in _DEAD:
        say(f"{name} is {held['StackStatus']} and is made anew")
        remove(name, say)
        held = None
    if held and held["StackStatus"] in STUCK:
        raise RunError(way_out(name))
    request = {
        "StackName": name,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        **source,
    }
    try:
        if not _begun(request, exists=held is not None):
            return False
    except ClientError as error:
        if not _others(error):
            raise
        return apply(name, source, given, tags, say)  # somebody else was faster: theirs ends first
    say(f"{name}: {'changing' if held else 'making'} the stack")
    ended = settled(name)
    if ended is None or ended["StackStatus"] not in _WELL:
        raise RunError(f"The stack {name} failed: {reason(name)}")
    return True


def _begun(request: Document, *, exists: bool) -> bool:
    client = boto3.client("cloudformation")
    if not exists:
        client.create_stack(**request)
        return True
    try:
        client.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"].get("Message", ""):
            return False
        raise
    return True


def _others(error: ClientError) -> bool:
    """Whether it was refused since somebody else makes or changes the stack at this moment."""
    said = error.response["Error"]
    return said["Code"] == "AlreadyExistsException" or "_IN_PROGRESS state" in said.get("Message", "")


def settled(name: str) -> Document | None:
    """The stack when nothing is in progress any more."""
    begun = time.monotonic()
    while True:
        found = find(name)
        if found is None or not found["StackStatus"].endswith("_IN_PROGRESS"):
            return found
        time.sleep(pause(time.monotonic() - begun))


def _events(name: str) -> Iterator[Any]:
    """The newest first."""
    pages = boto3.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
    yield from (event for page in pages for event in page["StackEvents"])


def _whole(event: Any) -> bool:
    """Whether it tells of the stack itself and not of a resource."""
    return bool(event.get("PhysicalResourceId") == event["StackId"])


def pause(age: float) -> float:
    """How long to wait before the next look, in seconds."""
    return next((seconds for until, seconds in PATIENCE if age < until), 5.0)


def reason(name: str) -> str:
    """Why the latest operation of a stack failed: the first resource that did, in CloudFormation's words."""
    found = ""
    for event in _events(name):
        said = event.get("ResourceStatusReason", "")
        if _whole(event) and said == "User Initiated":
            break
        if not _whole(event) and event["ResourceStatus"].endswith("_FAILED") and "cancelled" not in said:
            found = f"{event['LogicalResourceId']}: {said or event['ResourceStatus']}"
    return found or f"its events say more: aws cloudformation describe-stack-events --stack-name {name}"


def way_out(name: str) -> str:
    """What a person does about a stack whose rollback failed, with what kept it from going back."""
    failed = (one for one in _events(name) if one["ResourceStatus"].endswith("_FAILED") and not _whole(one))
    last = next(failed, None)
    said = f" ({last['LogicalResourceId']}: {last.get('ResourceStatusReason', '')})" if last else ""
    return (
        f"The stack {name} is {STUCK[0]}{said}: mend that, then "
        f"`aws cloudformation continue-update-rollback --stack-name {name}`, and approve again."
    )


def remove(name: str, say: Say) -> bool:
    """Delete the stack and wait; False when there is none. Raises RunError with the reason when something stays."""
    held = settled(name)
    if held is None:
        return False
    say(f"{name}: removing the stack")
    boto3.client("cloudformation").delete_stack(StackName=name)
    if left := settled(name):
        raise RunError(f"The stack {name} is {left['StackStatus']}: {reason(name)}")
    return True
