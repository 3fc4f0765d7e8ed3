"""How a function takes events that nobody waits for: retries, age, and where their outcomes go."""

from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.events import targets
from local_aws.functions import configuration, functions
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("lambda")

_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


@operations("PutFunctionEventInvokeConfig")
def put(aws: Aws, request: Request) -> Result:
    return _write(aws, request, {})


@operations("UpdateFunctionEventInvokeConfig")
def update(aws: Aws, request: Request) -> Result:
    held = _held(functions.of_request(aws, request))
    return _write(aws, request, {member: held[member] for member in _MEMBERS if member in held})


def _write(aws: Aws, request: Document, before: Document) -> Document:
    given = before | {member: request[member] for member in _MEMBERS if request.get(member) is not None}
    for side in (given.get("DestinationConfig") or {}).values():
        if arn := (side or {}).get("Destination"):
            _check_destination(arn)
    with aws.store.transaction():
        function = functions.of_request(aws, request)
        arn = f"{function['FunctionArn']}:$LATEST"
        kept = given | {"FunctionArn": arn, "LastModified": aws.clock.now()}
        functions.keep(aws, function, EventInvoke=kept)
    return {"DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}} | kept


def _check_destination(arn: str) -> None:
    service = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if service not in ("sqs", "sns", "lambda", "events"):
        raise configuration.invalid(f"The destination {arn} is no queue, topic, function or event bus.")
    targets.find(arn)


@operations("GetFunctionEventInvokeConfig")
def get(aws: Aws, request: Request) -> Result:
    return _held(functions.of_request(aws, request))


def _held(function: Document) -> Document:
    held: Document | None = function["Local"].get("EventInvoke")
    if held is None:
        message = f"The function {function['FunctionArn']}:$LATEST doesn't have an EventInvokeConfig"
        raise AwsError("ResourceNotFoundException", message, status=404, Type="User")
    return held


@operations("DeleteFunctionEventInvokeConfig")
def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        function = functions.of_request(aws, request)
        _held(function)
        functions.keep(aws, function, EventInvoke=None)
    return None


@operations("ListFunctionEventInvokeConfigs")
def list_configurations(aws: Aws, request: Request) -> Result:
    held = functions.of_request(aws, request)["Local"].get("EventInvoke")
    found, token = crud.cut([held] if held else [], lambda one: one["FunctionArn"], request.get("Marker"), 50)
    return {"FunctionEventInvokeConfigs": found, "NextMarker": token}
