"""Lambda: the operations of clients. There are no versions, aliases, layers or URLs; they are refused by name."""

import asyncio
from typing import Any

from local_aws import crud
from local_aws.errors import NotSupported
from local_aws.functions import asynchronous, functions
from local_aws.functions.invocations import check_event, invoke, tail
from local_aws.functions.part import Functions
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("lambda")

#: The largest events in bytes, by the type of invocation.
LARGEST = {"RequestResponse": 6 * 1024 * 1024, "DryRun": 6 * 1024 * 1024, "Event": 1024 * 1024}


def _unpublished(request: Document) -> None:
    if request.get("Publish"):
        raise NotSupported("versions of Lambda functions (Publish)")


@operations("CreateFunction")
def create_function(aws: Aws, request: Request) -> Result:
    _unpublished(request)
    given = {name: value for name, value in request.items() if name != "Publish"}
    return functions.create(aws, given)


@operations("UpdateFunctionCode")
def update_function_code(aws: Aws, request: Request) -> Result:
    _unpublished(request)
    return functions.change_code(aws, request)


@operations("UpdateFunctionConfiguration")
def update_function_configuration(aws: Aws, request: Request) -> Result:
    return functions.change_configuration(aws, request)


@operations("GetFunction")
def get_function(aws: Aws, request: Request) -> Result:
    """Without a link to the code, which only AWS's own bucket has."""
    function = functions.of_request(aws, request)
    local = function["Local"]
    found: Document = {"Configuration": function, "Code": {"RepositoryType": "S3"}, "Tags": local["Tags"] or None}
    if local.get("Reserved") is not None:
        found["Concurrency"] = {"ReservedConcurrentExecutions": local["Reserved"]}
    return found


@operations("GetFunctionConfiguration")
def get_function_configuration(aws: Aws, request: Request) -> Result:
    return functions.of_request(aws, request)


@operations("ListFunctions")
def list_functions(aws: Aws, request: Request) -> Result:
    if request.get("MasterRegion"):
        raise NotSupported("Lambda@Edge (MasterRegion)")
    found, token = crud.cut(
        [function for _, function in aws.store.scan(functions.FUNCTIONS)],
        lambda function: function["FunctionName"],
        request.get("Marker"),
        request.get("MaxItems", 50),
    )
    return {"Functions": found, "NextMarker": token}


@operations("ListVersionsByFunction")
def list_versions(aws: Aws, request: Request) -> Result:
    """$LATEST alone."""
    return {"Versions": [functions.of_request(aws, request)]}


@operations("DeleteFunction")
def delete_function(aws: Aws, request: Request) -> Result:
    name = functions.name_of(request["FunctionName"], request.get("Qualifier"))
    functions.delete(aws, name)
    aws.part(Functions).fleet.drop(name)
    return None


# invocations


@operations("Invoke")
async def invoke_function(aws: Aws, request: Request) -> Result:
    """Waits in a thread of its own kind: functions call this server in their turn."""
    for member in ("DurableExecutionName", "TenantId"):
        if request.get(member):
            raise NotSupported(f"the member {member} of lambda:Invoke")
    return await asyncio.get_running_loop().run_in_executor(aws.part(Functions).pool, _invoke, aws, request)


def _invoke(aws: Aws, request: Document) -> Document:
    kind = request.get("InvocationType") or "RequestResponse"
    function = functions.of_request(aws, request)
    event = request["Payload"].read() if request.get("Payload") else b""
    check_event(event, LARGEST[kind])
    if kind == "DryRun":
        return {"StatusCode": 204}
    if kind == "Event":
        asynchronous.enqueue(aws, function, (event or b"{}").decode())
        return {"StatusCode": 202}
    outcome = invoke(aws, aws.part(Functions).fleet, function, event, request.get("ClientContext") or "")
    answer: Document = {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": outcome.payload}
    if outcome.failed:
        answer["FunctionError"] = "Unhandled"
    if request.get("LogType") == "Tail":
        answer["LogResult"] = tail(outcome)
    return answer


# concurrency


@operations("PutFunctionConcurrency")
def put_concurrency(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        function = functions.of_request(aws, request)
        functions.keep(aws, function, Reserved=request["ReservedConcurrentExecutions"])
    return {"ReservedConcurrentExecutions": request["ReservedConcurrentExecutions"]}


@operations("GetFunctionConcurrency")
def get_concurrency(aws: Aws, request: Request) -> Result:
    return {"ReservedConcurrentExecutions": functions.of_request(aws, request)["Local"].get("Reserved")}


@operations("DeleteFunctionConcurrency")
def delete_concurrency(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        functions.keep(aws, functions.of_request(aws, request), Reserved=None)
    return None


# tags


@operations("TagResource")
def tag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        function = functions.find(aws, functions.name_of(request["Resource"]))
        functions.keep(aws, function, Tags=function["Local"]["Tags"] | request["Tags"])
    return None


@operations("UntagResource")
def untag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        function = functions.find(aws, functions.name_of(request["Resource"]))
        left = {name: value for name, value in function["Local"]["Tags"].items() if name not in request["TagKeys"]}
        functions.keep(aws, function, Tags=left)
    return None


@operations("ListTags")
def list_tags(aws: Aws, request: Request) -> Result:
    return {"Tags": functions.find(aws, functions.name_of(request["Resource"]))["Local"]["Tags"]}
