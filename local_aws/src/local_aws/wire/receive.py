"""Take a request's body in: hashed while it arrives, a large one into a file, S3's own chunking undone."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, BinaryIO

from local_aws.errors import AwsError
from local_aws.wire.http import Body, HttpRequest

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: Larger bodies go to a file while they arrive.
SPOOL_AT = 1 << 18

#: What is handed to the writing thread at once.
PIECE = 1 << 20

_SHA256 = re.compile(r"[0-9a-f]{64}")

#: Checksums that S3's handlers verify; one is enough, and the signature's SHA-256 is the slowest.
_VERIFIED_LATER = ("x-amz-checksum-crc32", "x-amz-checksum-sha1", "x-amz-checksum-sha256", "content-md5")


class DisconnectedError(Exception):
    """The client went away in the middle of its request."""


class Chunks:
    """Undoes `aws-chunked`: `size[;chunk-signature=…]CRLF bytes CRLF … 0 CRLF trailers CRLF`.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html; signatures are not checked, as every caller
    is the owner.
    """

    _HEAD = re.compile(rb"([0-9a-fA-F]{1,16})(?:;[^\r\n]{0,1024})?\r\n")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._left = 0
        self._ended = False

    def plain(self, encoded: bytes) -> bytes:
        """The bytes of the object in the next piece of the body. Raises AwsError when it is not chunked as it says."""
        self._rest += encoded
        found = bytearray()
        position = 0
        while not self._ended and position < len(self._rest):
            if self._left:
                taken = self._rest[position : position + self._left]
                found += taken
                self._left -= len(taken)
                position += len(taken)
                continue
            position += 2 * (self._rest[position : position + 2] == b"\r\n")  # ends the chunk before
            head = self._HEAD.match(self._rest, position)
            if head is None:
                if len(self._rest) - position > 2048:
                    raise _incomplete("its chunks cannot be read")
                break
            self._left = int(head[1], 16)
            self._ended = self._left == 0
            position = head.end()
        del self._rest[:position]
        return bytes(found)

    def trailers(self) -> dict[str, str]:
        """What follows the last chunk, for example a checksum. Raises AwsError when the last chunk is missing."""
        if not self._ended:
            raise _incomplete("its last chunk is missing")
        lines = self._rest.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines if ":" in line)
        return {name.strip().lower(): value.strip() for name, _, value in pairs}


class Sink:
    """Where a body goes: hashes, and memory or a file."""

    def __init__(self, request: HttpRequest, new_file: Callable[[], Path]) -> None:
        headers = request.headers
        self._request = request
        self._new_file = new_file
        self._claimed = headers.get("x-amz-content-sha256", "")
        self._chunks = Chunks() if self._claimed.startswith("STREAMING-") else None
        signed = _SHA256.fullmatch(self._claimed) and not any(name in headers for name in _VERIFIED_LATER)
        self._sha256 = hashlib.sha256() if signed else None
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._content = bytearray()
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._size = 0

    def write(self, piece: bytes) -> None:
        if self._sha256:
            self._sha256.update(piece)
        if self._chunks:
            piece = self._chunks.plain(piece)
        self._md5.update(piece)
        self._size += len(piece)
        if self._file is None and self._size > SPOOL_AT:
            self._path = self._new_file()
            self._file = self._path.open("wb")
            self._file.write(self._content)
            self._content.clear()
        if self._file is not None:
            self._file.write(piece)
        else:
            self._content += piece

    def finish(self) -> Body:
        """Raises AwsError when the body is not what its headers claim."""
        if self._file is not None:
            self._file.close()
        if self._sha256 and self._sha256.hexdigest() != self._claimed:
            raise AwsError("XAmzContentSHA256Mismatch", "The x-amz-content-sha256 header does not match the body.")
        if self._chunks:
            self._request.headers.update(self._chunks.trailers())
            if (length := self._request.headers.get("x-amz-decoded-content-length")) and length != str(self._size):
                raise _incomplete(f"{length} bytes were announced and {self._size} came")
        return Body(bytes(self._content), self._path, self._size, self._md5.hexdigest())

    def discard(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # what could not be written cannot be flushed either
                self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Writer:
    """Hands pieces to a sink in their order: a small one at once, a large one on a thread while the next one arrives.

    After a failure the rest is dropped; `finish` raises it.
    """

    def __init__(self, sink: Sink, threads: Executor) -> None:
        self._sink, self._threads = sink, threads
        self._writing: asyncio.Future[None] | None = None
        self._failure: OSError | AwsError | None = None

    async def write(self, piece: bytes) -> None:
        await self._settle()
        if self._failure is not None:
            return
        if len(piece) > SPOOL_AT:
            self._writing = asyncio.get_running_loop().run_in_executor(self._threads, self._sink.write, piece)
            return
        try:
            self._sink.write(piece)
        except (OSError, AwsError) as error:
            self._failure = error

    async def _settle(self) -> None:
        if self._writing is None:
            return
        try:
            await self._writing
        except (OSError, AwsError) as error:
            self._failure = error
        self._writing = None

    async def finish(self) -> Body:
        """Raises AwsError or OSError when the body is not what its headers claim, or could not be kept."""
        await self._settle()
        if self._failure is not None:
            raise self._failure
        return self._sink.finish()

    async def discard(self) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing])
        self._sink.discard()


async def receive_body(request: HttpRequest, receive: Receive, new_file: Callable[[], Path], threads: Executor) -> Body:
    """The whole body; asking for it makes the HTTP server answer `100 Continue` at once.

    The rest of a body that cannot be kept is read and dropped, so that the client sees the answer and the connection
    stays in step. Raises AwsError, OSError, or DisconnectedError.
    """
    writer = Writer(Sink(request, new_file), threads)
    buffer, more = bytearray(), True
    try:
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise DisconnectedError
            buffer += message.get("body", b"")
            more = message.get("more_body", False)
            if len(buffer) >= PIECE or (buffer and not more):
                await writer.write(bytes(buffer))
                buffer = bytearray()
        return await writer.finish()
    except BaseException:
        await writer.discard()
        raise


def _incomplete(reason: str) -> AwsError:
    return AwsError("IncompleteBody", f"The body is not whole: {reason}.")
