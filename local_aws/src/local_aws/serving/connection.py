"""HTTP/1.1 to a container over its own socket: kept-alive in the event loop, and plain calls from threads."""

import asyncio
import http.client
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httptools

from local_aws.serving.failure import NoAnswerError

#: How many connections may wait for the container to accept them.
BACKLOG = 1024

Address = str | bytes | tuple[str, int]


@dataclass
class Answer:
    """What a container said. Header names are lower case."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""

    @property
    def content_type(self) -> bytes:
        return self.headers.get(b"content-type", b"application/octet-stream")


def listen() -> socket.socket:
    """A listening socket without a file: an unnamed unix socket on Linux, loopback elsewhere."""
    linux = sys.platform == "linux"
    listener = socket.socket(socket.AF_UNIX if linux else socket.AF_INET, socket.SOCK_STREAM)
    listener.bind("" if linux else ("127.0.0.1", 0))
    listener.listen(BACKLOG)
    return listener


def connect(address: Address, timeout: float | None = None) -> socket.socket:
    """Raises OSError when nobody listens."""
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


# from threads


class _Blocking(http.client.HTTPConnection):
    def __init__(self, address: Address, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._address = address

    def connect(self) -> None:
        self.sock = connect(self._address, self.timeout)


def call(
    address: Address, method: str, path: str, headers: Mapping[str, str], body: bytes | None, timeout: float
) -> Answer:
    """One request on a connection of its own. Raises NoAnswerError."""
    connection = _Blocking(address, timeout)
    try:
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        found = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())
    except TimeoutError:
        raise NoAnswerError(f"It did not answer within {timeout:g} s.", timeout=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswerError(f"The connection ended before an answer came: {error}") from error
    finally:
        connection.close()


# in the event loop

#: Called with each piece of a body as it comes, in place of gathering it.
Piece = Callable[[Answer, bytes], None]


class Upstream(asyncio.Protocol):
    """One kept-alive connection; one request at a time."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self._parser: Any = httptools.HttpResponseParser(self)
        self._answer = Answer()
        self._pieces: list[bytes] = []
        self._piece: Piece | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.forget(self)
        self._fail(NoAnswerError(f"The connection ended before an answer came: {exc or 'end of file'}"))

    def send(self, waiter: "asyncio.Future[Answer]", content: bytes, body: bytes, piece: Piece | None) -> None:
        self._waiter, self._piece = waiter, piece
        self._answer, self._pieces = Answer(), []
        if len(body) < 1 << 16:
            self.transport.write(content + body)
        else:
            self.transport.writelines([content, body])

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(NoAnswerError(f"The answer is no HTTP: {error}"))
            self.transport.abort()

    # the parser's callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if self._piece:
            self._piece(self._answer, body)
        else:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        waiter, self._waiter = self._waiter, None
        self._answer.body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        if self._parser.should_keep_alive():
            self._pool.give_back(self)
        else:
            self.transport.close()
        if waiter and not waiter.done():
            waiter.set_result(self._answer)

    def expire(self, seconds: float) -> None:
        """Nobody waits any longer."""
        self._fail(NoAnswerError(f"It did not answer within {seconds:g} s.", timeout=True))
        self.transport.abort()

    def _fail(self, error: NoAnswerError) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter and not waiter.done():
            waiter.set_exception(error)


class Pool:
    """The connections to one container; used in one event loop."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Upstream] = []

    async def request(self, head: bytes, body: bytes, timeout: float, piece: Piece | None = None) -> Answer:
        """Send a request and wait for its answer.

        head  request line and headers without Content-Length and without the empty line
        Raises NoAnswerError.
        """
        loop = asyncio.get_running_loop()
        upstream = self._idle.pop() if self._idle else await self._connect(loop)
        waiter: asyncio.Future[Answer] = loop.create_future()
        upstream.send(waiter, b"%bcontent-length: %d\r\n\r\n" % (head, len(body)), body, piece)
        timer = loop.call_later(timeout, upstream.expire, timeout)
        try:
            return await waiter
        finally:
            timer.cancel()

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Upstream:
        try:
            connection = connect(self._address, 1.0)
        except OSError as error:
            raise NoAnswerError(f"Nobody listens: {error}") from error
        connection.setblocking(False)
        if isinstance(self._address, tuple):
            _, upstream = await loop.create_connection(lambda: Upstream(self), sock=connection)
        else:
            _, upstream = await loop.create_unix_connection(lambda: Upstream(self), sock=connection)
        return upstream

    def give_back(self, upstream: Upstream) -> None:
        self._idle.append(upstream)

    def forget(self, upstream: Upstream) -> None:
        if upstream in self._idle:
            self._idle.remove(upstream)
