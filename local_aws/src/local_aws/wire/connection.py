"""uvicorn's connection, with the head of a response and its body in one write: half the system calls of a small answer,
and half the wake-ups of its client.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CONTINUE = b"HTTP/1.1 100"

#: Larger pieces are not worth a copy.
COPIED = 1 << 16


class Joining:
    """A transport that holds a response's head until the first piece of its body comes.

    between  whether the next write begins a response
    """

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._head = b""
        self.between = True

    def write(self, content: bytes) -> None:
        if self._head:
            head, self._head = self._head, b""
            if len(content) < COPIED:
                self._transport.write(head + content)
            else:
                self._transport.writelines([head, content])
        elif self.between and not content.startswith(_CONTINUE):
            self._head, self.between = content, False
        else:
            self._transport.write(content)

    def complete(self) -> None:
        """The response is whole; one to HEAD had no piece of a body."""
        if self._head:
            self.write(b"")
        self.between = True

    def close(self) -> None:
        self.complete()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Connection(HttpToolsProtocol):  # type: ignore[misc]
    """What uvicorn makes of each connection."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(Joining(transport))

    def on_response_complete(self) -> None:
        self.transport.complete()
        super().on_response_complete()
