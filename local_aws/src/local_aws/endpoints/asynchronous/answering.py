"""One request on one instance: the input from S3, the answer to S3, or the reason why there is none. In a thread."""

import base64
import mmap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from local_aws.endpoints.asynchronous import requests
from local_aws.endpoints.group import Group
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects
from local_aws.serving import Chain
from local_aws.serving.failure import NoAnswerError
from local_aws.store import DISK_FULL

Document = dict[str, Any]

#: Bytes that an input may have: 1 GB.
PAYLOAD = 1 << 30

_HEADERS = {
    "ContentType": "content-type",
    "Accept": "accept",
    "CustomAttributes": "x-amzn-sagemaker-custom-attributes",
    "InferenceId": "x-amzn-sagemaker-inference-id",
}


class LostError(Exception):
    """The instance went away before it answered, or the answer found no room: the request is to be sent again."""


def answer(aws: Aws, key: str, document: Document, group: Group, chain: Chain) -> None:
    """To the request's end. Raises LostError."""
    began = aws.clock.now()
    try:
        with _body(aws, document) as body:
            headers = {header: document[member] for member, header in _HEADERS.items() if document.get(member)}
            sent = time.perf_counter()
            _, found = chain.call(headers, body, float(document["Timeout"]))
            spent = (time.perf_counter() - sent) * 1e6
    except AwsError as error:
        requests.fail(aws, key, document, f"ClientError: {error.message}")
        return
    except NoAnswerError as error:
        if not error.timeout:
            raise LostError(str(error)) from error
        group.observed.append((began, 0, document["Timeout"] * 1e6, 0.0, group.count))
        reason = f"ClientError: The model did not answer within InvocationTimeoutSeconds ({document['Timeout']} s)."
        requests.fail(aws, key, document, reason)
        return
    overhead = max((began - document["Received"]) * 1e6, 0.0)
    group.observed.append((began, found.status, spent, overhead, group.count))
    _end(aws, key, document, found.status, found.content_type.decode("latin-1"), found.body)


def _end(aws: Aws, key: str, document: Document, status: int, content_type: str, body: bytes) -> None:
    if not 200 <= status < 300:
        kind = "client" if status < 500 else "server"
        reason = f"ClientError: Received {kind} error ({status}) from model."
        more = "See the SageMaker Endpoint logs in your account for more information."
        requests.fail(aws, key, document, f"{reason} {more}", body)
        return
    try:
        requests.complete(aws, key, document, content_type, body)
    except AwsError as error:
        if error.status == DISK_FULL:
            raise LostError(error.message) from error
        place = document["OutputLocation"]
        requests.fail(aws, key, document, f"ClientError: The result could not be stored at {place}: {error.message}")


@contextmanager
def _body(aws: Aws, document: Document) -> Iterator[bytes]:
    """The input, a file mapped into memory when there is one. Raises AwsError."""
    if "Body" in document:
        yield base64.b64decode(document["Body"])
        return
    place = document["InputLocation"]
    try:
        entry = objects.read(aws, *objects.split_uri(place))
        file = entry.blob.open("rb")
    except (AwsError, FileNotFoundError) as error:
        raise AwsError("ValidationError", f"The input at {place} cannot be read: {error}") from error
    with file:
        if entry.size > PAYLOAD:
            raise AwsError("ValidationError", f"The input at {place} has {entry.size} bytes: at most 1 GB is allowed.")
        if not entry.size:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as view:
            yield cast("bytes", view)  # a request's body is sent from it as it is
