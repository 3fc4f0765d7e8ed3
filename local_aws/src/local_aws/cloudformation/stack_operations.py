"""The operations that make, change and remove stacks."""

from local_aws.cloudformation import phases, removal, stacks, targets
from local_aws.cloudformation.templates import invalid
from local_aws.errors import AwsError, NotSupported
from local_aws.idempotency import once
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("cloudformation")


def _token(request: Request) -> str | None:
    token: str | None = request.pop("ClientRequestToken", None)
    return token


@operations("CreateStack")
def create_stack(aws: Aws, request: Request) -> Result:
    token, name = _token(request), request["StackName"]

    def make() -> str:
        if stacks.by_name(aws, name):
            raise AwsError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = targets.fresh(aws, name) | {
            "Token": token,
            "OnFailure": targets.on_failure(request),
            "EnableTerminationProtection": request.get("EnableTerminationProtection", False),
            "Capabilities": request.get("Capabilities") or [],
            "RoleARN": request.get("RoleARN"),
        }
        targets.create(aws, stack, targets.target(aws, request, stack))
        return str(stack["StackId"])

    return {"StackId": once(aws, "CreateStack", token, request, make)}


@operations("UpdateStack")
def update_stack(aws: Aws, request: Request) -> Result:
    token = _token(request)

    def make() -> str:
        stack = stacks.find(aws, request["StackName"])
        targets.check_updatable(stack)
        wanted = targets.target(aws, request, stack)
        if not targets.differs(aws, stack, wanted)[0]:
            raise invalid("No updates are to be performed.")
        stack |= {"Token": token, "OnFailure": "DO_NOTHING" if request.get("DisableRollback") else "ROLLBACK"}
        stack |= {key: request[key] for key in ("Capabilities", "RoleARN") if request.get(key)}
        targets.update(aws, stack, wanted)
        return str(stack["StackId"])

    return {"StackId": once(aws, "UpdateStack", token, request, make)}


@operations("DeleteStack")
def delete_stack(aws: Aws, request: Request) -> Result:
    if request.get("DeletionMode", "STANDARD") != "STANDARD":
        raise NotSupported(f"DeletionMode {request['DeletionMode']} of DeleteStack")
    with aws.store.transaction():
        name = request["StackName"]
        stack = aws.store.get(stacks.KIND, name) if name.startswith("arn:") else stacks.by_name(aws, name)
        if stack is None or stack["StackStatus"] in (stacks.DELETED, "DELETE_IN_PROGRESS"):
            return None  # as on AWS: what is not there, or goes already, is no error
        _check_deletable(aws, stack, request)
        stack["Token"] = _token(request)
        kept = tuple(request.get("RetainResources") or [])
        if unknown := sorted(set(kept) - stacks.live(stack).keys()):
            raise invalid(f"The following resources to retain do not exist: [{', '.join(unknown)}]")
        if stack["Template"]:
            removal.begin_removal(aws, stack, "DELETE_IN_PROGRESS", "User Initiated", kept)
        else:
            stacks.tell(aws, stack, None, "DELETE_IN_PROGRESS", "User Initiated")
        targets.start(aws, stack)
    return None


def _check_deletable(aws: Aws, stack: Request, request: Request) -> None:
    status = stack["StackStatus"]
    if stack.get("EnableTerminationProtection"):
        raise invalid(f"Stack [{stack['StackName']}] cannot be deleted while TerminationProtection is enabled")
    if status in phases.PHASES and status != "CREATE_IN_PROGRESS":
        raise invalid(f"Stack [{stack['StackName']}] cannot be deleted while in status {status}")
    if request.get("RetainResources") and status != "DELETE_FAILED":
        raise invalid("RetainResources can only be specified when the stack is in the DELETE_FAILED state.")
    stacks.check_unused(aws, stack, {})


@operations("ContinueUpdateRollback")
def continue_update_rollback(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        stack = stacks.find(aws, request["StackName"])
        if stack["StackStatus"] != "UPDATE_ROLLBACK_FAILED":
            status = stack["StackStatus"]
            raise invalid(f"Stack:{stack['StackId']} is in {status} state and can not continue rollback.")
        phases.skip(aws, stack, request.get("ResourcesToSkip") or [])
        stack["Token"] = _token(request)
        stacks.tell(aws, stack, None, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        targets.start(aws, stack)
    return {}


@operations("UpdateTerminationProtection")
def update_termination_protection(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        stack = stacks.find(aws, request["StackName"])
        stack["EnableTerminationProtection"] = request["EnableTerminationProtection"]
        stacks.put(aws, stack)
    return {"StackId": stack["StackId"]}
