"""Requests to endpoints: the answer's bytes, or a failure with the container's own reason."""

import time
import uuid
from pathlib import PurePath
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from contract.documents import Document
from contract.errors import InputError
from mlops import objects, stacks
from mlops.failures import RunError
from model_deploy.proof.endpoint import reason, status_and_reason

#: A file's ending → the content type of a request with it.
CONTENT_TYPES = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonlines",
    ".ndjson": "application/jsonlines",
    ".parquet": "application/x-parquet",
}

#: How long a queue may take for its answer, in seconds: from no instance at all that is minutes.
ASYNCHRONOUS = 1800.0

#: The endpoint's own limit for an answer is a minute; what failed is not sent again.
_ONCE = Config(read_timeout=75, retries={"total_max_attempts": 1})


def content_type(name: str, body: bytes) -> str:
    """By the file's ending, else by how the body begins: JSON or CSV."""
    known = CONTENT_TYPES.get(PurePath(name).suffix.lower())
    return known or ("application/json" if body.lstrip()[:1] in (b"{", b"[") else "text/csv")


def invoke(endpoint: str, body: bytes, kind: str, accept: str | None) -> bytes:
    """The answer of a real-time, serverless or asynchronous endpoint.

    Raises InputError when there is no such endpoint, RunError with status and reason when the request is refused.
    """
    found = _endpoint(endpoint)
    endpoint = found["EndpointName"]
    if "AsyncInferenceConfig" in found:
        return _from_queue(endpoint, found["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"], body, kind, accept)
    wanted = {"Accept": accept} if accept else {}
    client = boto3.client("sagemaker-runtime", config=_ONCE)
    try:
        answer: bytes = client.invoke_endpoint(EndpointName=endpoint, ContentType=kind, Body=body, **wanted)[
            "Body"
        ].read()
    except ClientError as error:
        status, why = status_and_reason(error)
        raise RunError(f"{endpoint} answered {status}: {why}") from error
    return answer


def _endpoint(name: str) -> Document:
    """The endpoint of that name, else the project's in production."""
    client = boto3.client("sagemaker")
    try:
        found: Any = client.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find" not in error.response["Error"].get("Message", ""):
            raise
        pages = client.get_paginator("list_endpoints").paginate()
        known = sorted(entry["EndpointName"] for page in pages for entry in page["Endpoints"])
        if f"{name}-prod" in known:
            return _endpoint(f"{name}-prod")
        raise InputError(f"There is no endpoint {name!r}; there are: {', '.join(known) or 'none'}.") from None
    return dict(found)


def _from_queue(endpoint: str, output: str, body: bytes, kind: str, accept: str | None) -> bytes:
    """Through S3, beside the endpoint's own results, where its role may read."""
    place = f"{output.rstrip('/').removesuffix('/out')}/in/{uuid.uuid4().hex}"
    objects.put(place, body)
    accepted = boto3.client("sagemaker-runtime", config=_ONCE).invoke_endpoint_async(
        EndpointName=endpoint, ContentType=kind, InputLocation=place, **({"Accept": accept} if accept else {})
    )
    begun = time.monotonic()
    while time.monotonic() - begun < ASYNCHRONOUS:
        if (found := objects.get(accepted["OutputLocation"])) is not None:
            return found
        if (failed := objects.get(accepted["FailureLocation"])) is not None:
            raise RunError(f"{endpoint} failed: {reason(failed.decode(errors='replace'))}")
        time.sleep(stacks.pause(time.monotonic() - begun))
    raise RunError(
        f"{endpoint} did not answer within {ASYNCHRONOUS / 60:.0f} min: {accepted['OutputLocation']} is empty."
    )
