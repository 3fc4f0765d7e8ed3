"""Requests and responses as the server hands them around."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

CHUNK = 1 << 20


class FileSlice:
    """Bytes `start` to `start + length` of a file, streamed and never held whole.

    The file is open from the beginning: it may be removed before the bytes are sent.
    Raises FileNotFoundError.
    """

    def __init__(self, path: Path, start: int, length: int) -> None:
        self.length = length
        self._file = path.open("rb", buffering=0)
        self._file.seek(start)

    def chunks(self) -> Iterator[bytes]:
        """Once."""
        with self._file as file:
            left = self.length
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk

    def close(self) -> None:
        self._file.close()


@dataclass
class Body:
    """A request's body: small ones in memory, large ones in a spool file that a handler may take over.

    md5  hexadecimal
    """

    content: bytes = b""
    spool: Path | None = None
    size: int = 0
    md5: str = ""

    def read(self) -> bytes:
        """All of it, in memory."""
        return self.spool.read_bytes() if self.spool else self.content

    def chunks(self) -> Iterator[bytes]:
        if self.spool:
            yield from FileSlice(self.spool, 0, self.size).chunks()
        else:
            yield self.content

    def take(self) -> Path | None:
        """The spool file, which is the caller's from now on."""
        path, self.spool = self.spool, None
        return path

    def discard(self) -> None:
        if self.spool:
            self.spool.unlink(missing_ok=True)


@dataclass
class HttpRequest:
    """`path` is still percent-encoded; header names are lower case."""

    method: str
    path: str
    query_string: str
    headers: dict[str, str]
    body: Body = field(default_factory=Body)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))


@dataclass
class HttpResponse:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | FileSlice = b""

    @property
    def length(self) -> int:
        return self.body.length if isinstance(self.body, FileSlice) else len(self.body)
