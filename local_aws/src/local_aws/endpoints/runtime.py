"""InvokeEndpoint, in the event loop from the socket to the socket: no thread, no transaction, no shapes.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import asyncio
import itertools
import json
import os
import time
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from local_aws.endpoints.endpoints import Endpoints
from local_aws.endpoints.group import PAYLOAD, Answered, Group, Replied
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Receive, Send
from local_aws.serving import Answer
from local_aws.serving.failure import NoAnswerError

operations = Operations("sagemaker-runtime")

PREFIX, ENDING = "/endpoints/", "/invocations"

#: Headers that the container gets as they are.
_PASSED = frozenset({b"accept", b"x-amzn-sagemaker-custom-attributes", b"x-amzn-sagemaker-inference-id"})

#: Headers for what is not here, and the members that they stand for.
_NOT_HERE = {
    b"x-amzn-sagemaker-target-model": "TargetModel",
    b"x-amzn-sagemaker-target-container-hostname": "TargetContainerHostname",
    b"x-amzn-sagemaker-enable-explanations": "EnableExplanations",
    b"x-amzn-sagemaker-inference-component": "InferenceComponentName",
    b"x-amzn-sagemaker-session-id": "SessionId",
    b"x-amzn-sagemaker-prefix-aware-id": "PrefixAwareId",
}

_CUSTOM = b"x-amzn-sagemaker-custom-attributes"

_numbers = itertools.count(1)
_RUN = os.urandom(8).hex()


@dataclass(slots=True)
class Asked:
    """What the headers of a request say. `passed` are the header lines for the container."""

    content_type: bytes = b""
    passed: bytes = b""
    variant: str = ""
    accept: str = ""
    inference_id: str = ""


def read_headers(headers: list[tuple[bytes, bytes]]) -> Asked:
    """Raises AwsError "ValidationError" for a header of what is not here."""
    asked = Asked()
    for name, value in headers:
        if name == b"content-type":
            asked.content_type = value
        elif name in _PASSED:
            asked.passed += b"%b: %b\r\n" % (name, value)
            if name == b"accept":
                asked.accept = value.decode("latin-1")
            elif name != _CUSTOM:
                asked.inference_id = value.decode("latin-1")
        elif name == b"x-amzn-sagemaker-target-variant":
            asked.variant = value.decode("latin-1")
        elif name in _NOT_HERE:
            raise AwsError("ValidationError", f"local_aws does not support {_NOT_HERE[name]} of InvokeEndpoint.")
    return asked


async def read_body(receive: Receive) -> bytes | None:
    """All of it, or a little more than any variant takes, the rest dropped; None when the client went away."""
    message = await receive()
    if not message.get("more_body"):
        return message["body"] if message["type"] == "http.request" else None
    pieces, size = [message["body"]], len(message["body"])
    while message.get("more_body"):
        message = await receive()
        if message["type"] != "http.request":
            return None
        if size <= PAYLOAD:
            pieces.append(message["body"])
            size += len(message["body"])
    return b"".join(pieces)


def find(aws: Aws, name: str, variant: str) -> Group:
    """The group whose turn it is. Raises AwsError "ValidationError"."""
    route = aws.part(Endpoints).route(name)
    if route is None:
        raise AwsError("ValidationError", f"Endpoint {name} of account {aws.account} not found.")
    group = route.pick(variant)
    if group is None:
        raise AwsError("ValidationError", f"Variant {variant} of endpoint {name} not found.")
    return group


def check_size(group: Group, size: int) -> None:
    """Raises AwsError with status 413 and, as on AWS, no code of its own."""
    if size > group.payload:
        raise AwsError("413", f"HTTP content length exceeded {group.payload} bytes.", status=413)


async def ask(group: Group, asked: Asked, body: bytes, begun: float) -> Replied:
    """Ask the model and count it. Raises AwsError: "ModelError" for what is no answer with 2xx.

    begun  `time.perf_counter()` when the request came
    """
    at, sent = group.aws.clock.now(), time.perf_counter()
    try:
        replied = await group.answer(asked.passed, asked.content_type, body)
    except NoAnswerError as error:
        count(group, at, 0, begun, sent)
        raise no_answer(group, error) from error
    except AwsError as error:
        if error.status >= 500:
            count(group, at, 0, begun, sent)
        raise
    answer = replied.answer
    count(group, at, answer.status, begun, sent)
    if not 200 <= answer.status < 300:
        raise model_error(group, replied.container, answer.status, answer.body.decode("utf-8", "replace"))
    if group.observers:
        tell(group, at, asked, body, answer)
    return replied


def tell(group: Group, at: float, asked: Asked, body: bytes, answer: Answer) -> None:
    """The group's observers hear of an answer with 2xx."""
    content_type = asked.content_type.decode("latin-1")
    answered = Answered(at, content_type, asked.accept, asked.inference_id, body, answer)
    for observer in group.observers:
        observer(answered)


def count(group: Group, at: float, status: int, begun: float, sent: float) -> None:
    """Remember for the metrics; `status` 0 for no answer, `begun` and `sent` by `time.perf_counter()`."""
    latency, overhead = (time.perf_counter() - sent) * 1e6, (sent - begun) * 1e6
    group.observed.append((at, status, latency, overhead, len(group.chains)))


def no_answer(group: Group, error: NoAnswerError) -> AwsError:
    """The error that a client sees when a container gave no answer."""
    if error.timeout:
        text = (
            f"Your invocation timed out while waiting for a response from container {error.container}. Review the"
            " latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
        )
        return model_error(group, error.container, 0, text)
    return model_error(group, error.container, 500, str(error))


def model_error(group: Group, container: str, status: int, text: str) -> AwsError:
    """424 with what the container said. `status` 0 for a container that did not answer in time."""
    aws = group.aws
    side = "client" if 400 <= status < 500 else "server"
    error = AwsError(
        "ModelError",
        f'Received {side} error ({status}) from {container} with message "{text}". See https://{aws.region}.console.'
        f"aws.amazon.com/cloudwatch/home?region={aws.region}#logEventViewer:group={group.log_group} in account"
        f" {aws.account} for more information.",
        status=424,
    )
    error.members = {
        "OriginalStatusCode": status,
        "OriginalMessage": text,
        "LogStreamArn": aws.arn("logs", f"log-group:{group.log_group}"),
    }
    return error


def request_id() -> bytes:
    """Unlike all others, also of another run of the server."""
    return f"{_RUN}-{next(_numbers):08x}".encode()


async def send_error(send: Send, error: AwsError) -> None:
    """As the protocol rest-json has it; an error without a code of its own is known by its status."""
    content = {"message": error.message, "Message": error.message, **error.members}
    body = json.dumps(content).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-amzn-requestid", request_id()),
    ]
    if not error.code.isdigit():
        headers.append((b"x-amzn-errortype", error.code.encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@operations.raw("InvokeEndpoint", PREFIX, ENDING)
async def invoke(aws: Aws, asgi: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """One invocation over ASGI."""
    endpoints = aws.part(Endpoints)
    begun = time.perf_counter()
    body = await read_body(receive)
    if body is None:
        return
    try:
        endpoints.loop = endpoints.loop or asyncio.get_running_loop()
        asked = read_headers(asgi["headers"])
        name = asgi["path"][len(PREFIX) : -len(ENDING)]
        group = find(aws, name, asked.variant)
        check_size(group, len(body))
        replied = await ask(group, asked, body, begun)
    except AwsError as error:
        await send_error(send, error)
        return
    answer = replied.answer
    headers = [
        (b"content-type", answer.content_type),
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-amzn-invoked-production-variant", group.name.encode()),
        (b"x-amzn-requestid", request_id()),
    ]
    if _CUSTOM in answer.headers:
        headers.append((_CUSTOM, answer.headers[_CUSTOM]))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
