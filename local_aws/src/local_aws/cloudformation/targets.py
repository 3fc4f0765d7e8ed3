"""What a request asks a stack to be, checked before anything happens."""

import uuid
from typing import Any

from local_aws.cloudformation import checks, evaluation, parameters, plan, stacks
from local_aws.cloudformation.engine import Stacks
from local_aws.cloudformation.templates import invalid, parse, text_of
from local_aws.errors import NotSupported
from local_aws.operations import Aws, Request

Document = dict[str, Any]

#: Members that would change the outcome and are not done here.
_REFUSED = (
    "StackPolicyBody",
    "StackPolicyURL",
    "StackPolicyDuringUpdateBody",
    "StackPolicyDuringUpdateURL",
    "NotificationARNs",
    "ResourceTypes",
    "RollbackConfiguration",
    "TimeoutInMinutes",
    "ResourcesToImport",
    "IncludeNestedStacks",
    "ImportExistingResources",
    "RetainExceptOnCreate",
    "DeploymentMode",
)

#: What a target consists of; `Previous` keeps the same.
_PARTS = ("Template", "Parameters", "Tags", "Description", "Outputs", "Imports")

_UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED")


def refuse(request: Request) -> None:
    """Raises AwsError NotImplemented."""
    for member in _REFUSED:
        given = request.get(member)
        if given and given not in ({"RollbackTriggers": []}, {"MonitoringTimeInMinutes": 0}):
            raise NotSupported(f"{member} of stacks")


def target(aws: Aws, request: Request, stack: Document) -> Document:
    """Template, Parameters, Tags and Description that a request gives a stack. Raises AwsError."""
    refuse(request)
    text = stack["Template"] if request.get("UsePreviousTemplate") else text_of(aws, request)
    template = parse(text)
    checks.check_template(template)
    values = parameters.given(template, request, stack.get("Parameters") or {})
    tags = request["Tags"] if request.get("Tags") is not None else stack.get("Tags") or []
    found = {
        "Template": text,
        "Parameters": values,
        "Tags": tags,
        "Description": template.get("Description"),
        "Imports": [],
    }
    checks.check_resources(evaluation.scope_of(aws, stack | found))
    checks.check_capabilities(template, request.get("Capabilities") or [])
    return found


def fresh(aws: Aws, name: str) -> Document:
    """The document of a new stack without content. Raises AwsError "AlreadyExistsException"."""
    return {
        "StackId": aws.arn("cloudformation", f"stack/{name}/{uuid.uuid4()}"),
        "StackName": name,
        "CreationTime": aws.clock.now(),
        "Template": "",
        "Parameters": {},
        "Tags": [],
        "Resources": {},
        "Outputs": [],
        "Imports": [],
        "Done": [],
        "Undo": {},
        "Cleanup": [],
        "Number": 1,
        "OnFailure": "ROLLBACK",
    }


def on_failure(request: Request) -> str:
    if request.get("OnFailure") and request.get("DisableRollback") is not None:
        raise invalid("You can specify either DisableRollback or OnFailure, but not both.")
    return request.get("OnFailure") or ("DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK")


def create(aws: Aws, stack: Document, wanted: Document) -> None:
    """Begin to make a stack; call it inside a transaction."""
    stack |= wanted
    stacks.tell(aws, stack, None, "CREATE_IN_PROGRESS", "User Initiated")
    start(aws, stack)


def update(aws: Aws, stack: Document, wanted: Document) -> None:
    """Begin to change a stack; call it inside a transaction."""
    stack["Previous"] = {part: stack.get(part) for part in _PARTS}
    stack |= wanted
    stack |= {"Number": stack["Number"] + 1, "Done": [], "Undo": {}, "Cleanup": []}
    stack["LastUpdatedTime"] = aws.clock.now()
    stack["Resources"] = stacks.live(stack)
    stacks.tell(aws, stack, None, "UPDATE_IN_PROGRESS", "User Initiated")
    start(aws, stack)


def start(aws: Aws, stack: Document) -> None:
    """Keep the stack, and work on it once that is durable."""
    stacks.put(aws, stack)
    stack_id = stack["StackId"]
    aws.store.after_commit(lambda: aws.part(Stacks).begin(stack_id))


def check_updatable(stack: Document) -> None:
    if stack["StackStatus"] not in _UPDATABLE:
        raise invalid(f"Stack:{stack['StackId']} is in {stack['StackStatus']} state and can not be updated.")


def differs(aws: Aws, stack: Document, wanted: Document) -> tuple[bool, list[Document]]:
    """Whether there is anything to do, and the changes of resources."""
    found = plan.changes(aws, stack | wanted)
    same = parse(stack["Template"]) == parse(wanted["Template"]) if stack["Template"] else False
    before = (stack["Parameters"], stack.get("Tags") or [])
    return bool(found) or not same or before != (wanted["Parameters"], wanted["Tags"]), found
