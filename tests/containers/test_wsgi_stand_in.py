"""The server that stands in for the images' gunicorn: what it reads and writes on a connection."""

import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from containers.wsgi_stand_in.__main__ import refusal
from containers.wsgi_stand_in.server import Connection

REQUEST = (
    b"POST /invocations?a=b HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nX-Own: 1\r\nContent-Length: 3\r\n\r\n"
)


class Closing:
    """A body in pieces that knows whether it was closed, and may fail behind its first piece."""

    def __init__(self, pieces: Iterable[bytes], *, fails: bool = False) -> None:
        self.pieces, self.fails, self.closed = pieces, fails, False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            yield piece
            if self.fails:
                raise ValueError("planted")

    def close(self) -> None:
        self.closed = True


def exchange(application: Callable[..., Any], *sent: bytes) -> tuple[bytes, bool]:
    """What the server writes, and whether the connection goes on."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(sent))
        goes_on = Connection(theirs).readable(application, {})
        theirs.shutdown(socket.SHUT_WR)
        ours.settimeout(10)
        return b"".join(iter(lambda: ours.recv(65536), b"")), goes_on


def answering(body: Iterable[bytes], *headers: tuple[str, str]) -> Callable[..., Any]:
    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", list(headers))
        return body

    return application


def test_the_environment_is_that_of_pep_3333() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    assert exchange(application, REQUEST, b"abc") == (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", True)
    wanted = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/invocations",
        "QUERY_STRING": "a=b",
        "CONTENT_TYPE": "text/csv",
        "CONTENT_LENGTH": "3",
        "HTTP_X_OWN": "1",
        "body": b"abc",
    }
    assert {name: seen[name] for name in wanted} == wanted


def test_two_requests_at_once_get_two_answers() -> None:
    said, goes_on = exchange(answering([b"ok"], ("Content-Length", "2")), REQUEST, b"abc", REQUEST, b"def")
    assert (said.count(b"HTTP/1.1 200 OK"), goes_on) == (2, True)


def test_a_body_without_a_length_goes_out_in_its_pieces_and_is_closed() -> None:
    body = Closing([b"one", b"", b"three"])
    said, _ = exchange(answering(body), REQUEST, b"abc")
    assert said.endswith(b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n")
    assert body.closed


@pytest.mark.parametrize(("headers", "begun"), [([], True), ([("Content-Length", "6")], True), (None, False)])
def test_an_exception_is_500_as_long_as_nothing_was_said(headers: list[tuple[str, str]] | None, begun: bool) -> None:
    body = Closing([b"one"], fails=True)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if headers is None:
            raise ValueError("planted")
        start_response("200 OK", headers)
        return body

    said, goes_on = exchange(application, REQUEST, b"abc")
    assert said.startswith(b"HTTP/1.1 200 OK" if begun else b"HTTP/1.1 500 Internal Server Error")
    assert goes_on is not begun  # half an answer must not look like a whole one
    assert body.closed is begun


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\r\n\r\n", b"400 Bad Request"),
        (b"POST\r\n\r\n", b"400 Bad Request"),
        (b"\xff\x00 / HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/2\r\n\r\n", b"400 Bad Request"),
        (REQUEST.replace(b"Length: 3", b"Length: three"), b"400 Bad Request"),
        (REQUEST.replace(b"Length: 3", b"Length: -3"), b"400 Bad Request"),
        (REQUEST.replace(b"Length: 3", b"Length: 1073741825"), b"413 Content Too Large"),
        (REQUEST.replace(b"Length: 3", b"Length: " + b"9" * 5000), b"413 Content Too Large"),
        (REQUEST.replace(b"Content-Length: 3", b"Transfer-Encoding: chunked"), b"411 Length Required"),
        (b"GET /ping HTTP/1.1\r\nX: " + b"x" * (1 << 17), b"431 Request Header Fields Too Large"),
    ],
    ids=["empty", "one word", "bytes", "HTTP/2", "text", "negative", "1 GB", "digits", "chunked", "head"],
)
def test_a_request_that_cannot_be_read_ends_its_connection_alone(sent: bytes, status: bytes) -> None:
    """The worker goes on, and nothing of such a body is waited for."""
    said, goes_on = exchange(answering([b"ok"], ("Content-Length", "2")), sent)
    assert said.startswith(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n")
    assert not goes_on


def test_what_came_before_it_is_answered() -> None:
    said, goes_on = exchange(answering([b"ok"], ("Content-Length", "2")), REQUEST, b"abc", b"nonsense\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 400 Bad Request" in said
    assert not goes_on


def test_environments_that_are_refused() -> None:
    assert refusal({"SAGEMAKER_SERVING_MODULE": "app:app"}) is None
    assert "script mode" in (refusal({"SAGEMAKER_PROGRAM": "serve.py"}) or "")
    assert "algorithm mode" in (refusal({}) or "")
