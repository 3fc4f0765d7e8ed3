"""InvokeEndpointAsync."""

from typing import Any

from local_aws.endpoints import document
from local_aws.endpoints.asynchronous import requests
from local_aws.endpoints.asynchronous.queue import Queues
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("sagemaker-runtime")

#: Bytes of a body that comes with the request.
LARGEST_BODY = 128_000


@operations("InvokeEndpointAsync")
def invoke(aws: Aws, request: Request) -> Result:
    """Accepted once it is durable; the answer says where the result will be."""
    request["Body"] = request["Body"].read() if request.get("Body") else b""
    _check(request)
    with aws.store.transaction():
        name = request["EndpointName"]
        held = aws.store.get(document.ENDPOINT.kind, name)
        if held is None or held["EndpointStatus"] in ("Creating", "Deleting", "Failed"):
            arn = document.ENDPOINT.arn_of(aws, name)
            raise AwsError("ValidationError", f"Endpoint {name} of account {aws.account} not found: {arn}.")
        config = held["Live"]["Config"].get("AsyncInferenceConfig")
        if config is None:
            raise AwsError("ValidationError", f"Endpoint {name} is not an asynchronous inference endpoint.")
        key, kept = requests.accept(aws, request, config, held["CreationTime"])
        aws.part(Queues).accepted(key, kept)
    members = ("InferenceId", "OutputLocation", "FailureLocation")
    return {member: kept[member] for member in members if member in kept}


def _check(request: Request) -> None:
    """Raises AwsError."""
    place, body = request.get("InputLocation"), request["Body"]
    if bool(place) == bool(body):
        raise AwsError("ValidationError", "Exactly one of InputLocation and Body must be given.")
    if place and place.startswith("https://"):
        raise NotSupported("an InputLocation that begins with https:// (s3:// does)")
    if len(body) > LARGEST_BODY:
        raise AwsError("ValidationError", f"Body has {len(body)} bytes: at most {LARGEST_BODY} are allowed.")
