"""InvokeEndpointWithResponseStream: pieces of an answer, each as soon as the container sends it.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote

from local_aws.endpoints import event_stream
from local_aws.endpoints.group import Group
from local_aws.endpoints.runtime import (
    Asked,
    check_size,
    count,
    find,
    model_error,
    no_answer,
    read_body,
    read_headers,
    request_id,
    send_error,
    tell,
)
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Receive, Send
from local_aws.serving import Answer, Chain
from local_aws.serving.failure import NoAnswerError

operations = Operations("sagemaker-runtime")

PREFIX, ENDING = "/endpoints/", "/invocations-response-stream"

#: Seconds that a streamed answer may take to its last byte.
TIMEOUT = 480.0

_ACCEPT, _CUSTOM = b"x-amzn-sagemaker-accept", b"x-amzn-sagemaker-custom-attributes"


class Relay:
    """One invocation whose answer is handed on while it comes: `begin`, then `pieces`.

    begun  `time.perf_counter()` when the request came
    """

    def __init__(self, group: Group, asked: Asked, body: bytes, begun: float) -> None:
        self._group = group
        self._asked = asked
        self._body = body
        self._begun = begun
        self._queue: asyncio.Queue[tuple[Answer, bytes] | None] = asyncio.Queue()
        self._first: tuple[Answer, bytes] | None = None

    async def begin(self) -> Answer:
        """Status 2xx and headers, when the first piece is here.

        Raises AwsError: "ModelError" for any other status and for no answer, "ServiceUnavailable" for nobody to ask.
        """
        chain = self._group.pick() or await self._group.awaited()
        chain.outstanding += 1  # nothing is awaited between the choice and this: see `Endpoints.barrier`
        self._at, self._sent = self._group.aws.clock.now(), time.perf_counter()
        self._task = asyncio.get_running_loop().create_task(self._ask(chain))
        self._first = await self._queue.get()
        if self._first and _good(self._first[0]):
            return self._first[0]
        said = b"".join([piece async for piece in self._drain()])
        try:
            number, answer = await self._task
        except NoAnswerError as error:
            self._count(0)
            raise no_answer(self._group, error) from error
        if _good(answer):  # without a body
            return answer
        self._count(answer.status)
        name = chain.containers[number].definition.name
        raise model_error(self._group, name, answer.status, (said or answer.body).decode("utf-8", "replace"))

    async def pieces(self) -> AsyncIterator[bytes]:
        """Raises NoAnswerError when the answer breaks off."""
        gathered = []
        async for piece in self._drain():
            gathered.append(piece)
            yield piece
        try:
            _, answer = await self._task
        except NoAnswerError:
            self._count(0)
            raise
        self._count(answer.status)
        if self._group.observers:
            whole = Answer(answer.status, answer.headers, b"".join(gathered))
            tell(self._group, self._at, self._asked, self._body, whole)

    async def _ask(self, chain: Chain) -> tuple[int, Answer]:
        asked = self._asked
        try:
            return await chain.invoke(asked.passed, asked.content_type, self._body, TIMEOUT, self._take)
        finally:
            chain.outstanding -= 1
            self._queue.put_nowait(None)

    def _take(self, answer: Answer, piece: bytes) -> None:
        self._queue.put_nowait((answer, piece))

    async def _drain(self) -> AsyncIterator[bytes]:
        item = self._first
        while item:
            yield item[1]
            item = await self._queue.get()
        self._first = None

    def _count(self, status: int) -> None:
        count(self._group, self._at, status, self._begun, self._sent)


def _good(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def read_accept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with this operation's own `Accept`; the plain one is what the client takes as a stream."""
    return [(b"accept" if name == _ACCEPT else name, value) for name, value in headers if name != b"accept"]


def _check_streams(group: Group) -> None:
    """Raises AwsError "ValidationError" for variants that cannot stream."""
    if "ServerlessConfig" in group.variant or "AsyncInferenceConfig" in group.config:
        raise AwsError(
            "ValidationError", f"The variant {group.name} of {group.endpoint} is not real-time: it cannot stream."
        )


@operations.raw("InvokeEndpointWithResponseStream", PREFIX, ENDING)
async def invoke_with_response_stream(aws: Aws, asgi: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """One invocation over ASGI."""
    begun = time.perf_counter()
    body = await read_body(receive)
    if body is None:
        return
    try:
        asked = read_headers(read_accept(asgi["headers"]))
        group = find(aws, unquote(asgi["path"][len(PREFIX) : -len(ENDING)]), asked.variant)
        _check_streams(group)
        check_size(group, len(body))
        relay = Relay(group, asked, body, begun)
        answer = await relay.begin()
    except AwsError as error:
        await send_error(send, error)
        return
    headers = [
        (b"content-type", event_stream.CONTENT_TYPE),
        (b"x-amzn-sagemaker-content-type", answer.content_type),
        (b"x-amzn-invoked-production-variant", group.name.encode()),
        (b"x-amzn-requestid", request_id()),
    ]
    if _CUSTOM in answer.headers:
        headers.append((_CUSTOM, answer.headers[_CUSTOM]))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    async for message in _messages(relay):
        await send({"type": "http.response.body", "body": message, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _messages(relay: Relay) -> AsyncIterator[bytes]:
    """The pieces as events; an answer that breaks off ends with an exception."""
    try:
        async for piece in relay.pieces():
            yield event_stream.event("PayloadPart", piece)
    except NoAnswerError as error:
        code = "ModelInvocationTimeExceeded" if error.timeout else "StreamBroken"
        yield event_stream.exception("ModelStreamError", {"Message": str(error), "ErrorCode": code})
