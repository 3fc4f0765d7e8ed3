"""A WSGI server of one thread: keep-alive connections, one request at a time, as gunicorn's workers have it.

It serves a proxy on the same machine and no stranger: a request has a Content-Length or no body, and comes at once.
Headers that repeat from request to request are read once.
"""

import contextlib
import io
import re
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import Any

_LINE = re.compile(r"([!-~]+) ([!-\xff]+) (HTTP/1\.[01])")

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

#: How many different heads of requests are remembered.
HEADS = 512

CHUNK = 1 << 18

#: Bytes of a request's head, and of its body: an asynchronous endpoint's, the largest of all modes.
LARGEST_HEAD, LARGEST = 1 << 16, 1 << 30


class MalformedError(Exception):
    """A request that cannot be read on: its status and a sentence are the last that the connection says."""


class Ending:
    """SIGTERM: at once when nothing is being answered, else after the answer."""

    def __init__(self) -> None:
        self.busy = False
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True
        if not self.busy:
            sys.exit(0)


def serve(application: Application, listener: socket.socket) -> None:
    """Answer on `listener` until SIGTERM."""
    ending = Ending()
    heads: dict[bytes, tuple[Environ, int]] = {}
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while not ending.asked:
            for key, _ in selector.select():
                if key.data is None:
                    _accept(listener, selector)
                    continue
                ending.busy = True
                if not key.data.readable(application, heads):
                    selector.unregister(key.fileobj)
                    key.data.close()
                ending.busy = False


def _accept(listener: socket.socket, selector: selectors.BaseSelector) -> None:
    try:
        connection, _ = listener.accept()
    except (BlockingIOError, ConnectionAbortedError):
        return
    connection.setblocking(True)
    selector.register(connection, selectors.EVENT_READ, Connection(connection))


class Connection:
    """One connection of the proxy, and what of its next request has arrived."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._received = b""

    def close(self) -> None:
        self._socket.close()

    def readable(self, application: Application, heads: dict[bytes, tuple[Environ, int]]) -> bool:
        """Read, and answer when a request is whole. False when the connection is at its end."""
        try:
            content = self._socket.recv(CHUNK)
            if not content:
                return False
            self._received += content
            while (end := self._received.find(b"\r\n\r\n")) >= 0:
                head, rest = self._received[:end], self._received[end + 4 :]
                if head not in heads:
                    if len(heads) >= HEADS:
                        heads.clear()
                    heads[head] = _environ(head)
                environ, length = heads[head]
                body = rest if len(rest) == length else self._body(rest, length)
                self._received = rest[length:]
                if not self._answer(application, environ.copy(), body[:length]):
                    return False
            if len(self._received) > LARGEST_HEAD:
                raise MalformedError(f"431 Request Header Fields Too Large: more than {LARGEST_HEAD:,} bytes.")
        except MalformedError as error:
            self._refuse(str(error))
            return False
        except OSError:  # the proxy has given up
            return False
        return True

    def _refuse(self, text: str) -> None:
        status, _, sentence = text.partition(": ")
        body = sentence.encode("utf-8", "replace")
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}"
        with contextlib.suppress(OSError):
            self._socket.sendall(b"%b\r\n\r\n%b" % (head.encode(), body))

    def _body(self, rest: bytes, length: int) -> bytes:
        if len(rest) > length:
            return rest
        parts, missing = [rest], length - len(rest)
        while missing:
            part = self._socket.recv(min(missing, 1 << 20))
            if not part:
                raise ConnectionResetError
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _answer(self, application: Application, environ: Environ, body: bytes) -> bool:
        """False when the connection cannot go on."""
        environ["wsgi.input"] = io.BytesIO(body)
        answer = Answer(self._socket)
        try:
            found = application(environ, answer.start)
            try:
                answer.send(found)
            finally:
                if close := getattr(found, "close", None):
                    close()
        except OSError:
            raise
        except Exception:  # noqa: BLE001  as gunicorn: said in the log, and the worker goes on
            traceback.print_exc()
            return answer.failed()
        return True


class Answer:
    """What an application says: status and headers, then pieces of a body."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._head = b""
        self._sent = False
        self._chunked = False

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """PEP 3333's start_response."""
        if exc_info and self._sent:
            raise exc_info[1].with_traceback(exc_info[2])
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        self._chunked = "content-length:" not in lines.lower()
        self._head = f"HTTP/1.1 {status}\r\n{lines}".encode("latin-1")
        return self._write

    def send(self, pieces: Iterable[bytes]) -> None:
        if isinstance(pieces, list | tuple) and len(pieces) == 1 and not self._chunked and not self._sent:
            self._socket.sendall(b"%b\r\n%b" % (self._head, pieces[0]))
            return
        for piece in pieces:
            self._write(piece)
        if not self._sent:
            self._write(b"", begin=True)
        if self._chunked:
            self._socket.sendall(b"0\r\n\r\n")

    def _write(self, piece: bytes, *, begin: bool = False) -> None:
        if not piece and not begin:
            return
        head = b""
        if not self._sent:
            if not self._head:
                raise RuntimeError("The application did not call start_response.")
            head = self._head + (b"Transfer-Encoding: chunked\r\n\r\n" if self._chunked else b"\r\n")
            self._sent = True
        if piece and self._chunked:
            piece = b"%x\r\n%b\r\n" % (len(piece), piece)
        self._socket.sendall(head + piece)

    def failed(self) -> bool:
        """An exception: 500 when nothing was sent yet; False when the connection must end."""
        if self._sent:
            return False
        body = b"Internal Server Error"
        self._socket.sendall(
            b"HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
        return True


def _environ(head: bytes) -> tuple[Environ, int]:
    """PEP 3333's variables of a request, `wsgi.input` aside, and the length of its body. Raises MalformedError."""
    line, *lines = head.decode("latin-1").split("\r\n")
    if not (words := _LINE.fullmatch(line)):
        raise MalformedError(f"400 Bad Request: {line[:80]!r} is no request line of HTTP/1.1.")
    method, target, version = words.groups()
    path, _, query = target.partition("?")
    environ: Environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": version,
        "SERVER_SOFTWARE": "local_aws",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for text in lines:
        name, _, value = text.partition(":")
        key = name.strip().upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.strip()
    return environ, _length(environ)


def _length(environ: Environ) -> int:
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise MalformedError("411 Length Required: a body has a Content-Length here.")
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdigit()):
        raise MalformedError(f"400 Bad Request: the Content-Length is {text[:80]!r}; a whole number is needed.")
    if len(text) > len(str(LARGEST)) or int(text) > LARGEST:
        raise MalformedError(f"413 Content Too Large: a body has at most {LARGEST:,} bytes.")
    return int(text)
