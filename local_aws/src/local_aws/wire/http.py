"""Requests and responses as the server hands them around."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote

CHUNK = 1 << 20


@dataclass(frozen=True)
class FileSlice:
    """Bytes `start` to `start + length` of a file, streamed and never held whole."""

    path: Path
    start: int
    length: int

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(self.start)
            left = self.length
            while left > 0 and (chunk := file.read(min(CHUNK, left))):
                left -= len(chunk)
                yield chunk


@dataclass
class Body:
    """A request's body: small ones in memory, large ones in a spool file that a handler may take over."""

    content: bytes = b""
    spool: Path | None = None

    def bytes(self) -> bytes:
        return self.spool.read_bytes() if self.spool else self.content

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

    @property
    def segments(self) -> str:
        return unquote(self.path)


@dataclass
class HttpResponse:
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | FileSlice = b""

    @property
    def length(self) -> int:
        return self.body.length if isinstance(self.body, FileSlice) else len(self.body)
