"""Raw HTTP clients on kept connections, and servers that are pinned to a core while they ask."""

import itertools
import os
import selectors
import shutil
import socket
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Load:
    """Of a client that sends its next request when the last one is answered: milliseconds, and requests a second."""

    p50: float
    rate: float


def pinned(core: int, command: Sequence[str]) -> list[str]:
    """The command on one core, where taskset is there."""
    return ["taskset", "-c", str(core), *command] if shutil.which("taskset") else list(command)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """A server on core 0, from when it takes connections until the block ends."""
    with log.open("w") as stream:
        process = subprocess.Popen(
            pinned(0, command), env=dict(environment), stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        end = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise AssertionError(log.read_text()[-3000:]) from None
                time.sleep(0.1)
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(60)


class Connection:
    """One kept connection to a server; it is opened again when the server ends it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> bytes:
        """The body of the answer. Raises AssertionError unless it is a 200."""
        self.ask(request)
        return self.answer()

    def fileno(self) -> int:
        return self._socket.fileno()

    def ask(self, request: bytes) -> None:
        self._socket.sendall(request)

    def answer(self) -> bytes:
        """To what was asked last. Raises AssertionError unless it is a 200."""
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.split()[1] == b"200", answer
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"content-length" in fields:
            while len(body) < int(fields[b"content-length"]):
                body += self._receive()
        else:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._receive()
        return body

    def _receive(self) -> bytes:
        piece = self._socket.recv(1 << 16)
        assert piece, "the server ended the connection"
        return piece

    def close(self) -> None:
        self._socket.close()


def post(body: bytes, content_type: str) -> bytes:
    """A request to /invocations."""
    head = f"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: {content_type}\r\nAccept: */*\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def load(port: int, requests: Sequence[bytes], seconds: float) -> Load:
    """One client for so many seconds, after a tenth of that to warm up."""
    connection = Connection(port)
    times: list[float] = []
    for length in (seconds / 10, seconds):
        times.clear()
        end = time.perf_counter() + length
        at = 0
        while (start := time.perf_counter()) < end:
            connection.send(requests[at % len(requests)])
            times.append(time.perf_counter() - start)
            at += 1
    connection.close()
    return Load(statistics.median(times) * 1e3, len(times) / sum(times))


def rate(port: int, requests: Sequence[bytes], seconds: float, clients: int) -> float:
    """Requests a second that so many clients get answered at once, after a tenth of the time to warm up."""
    source, answered = itertools.cycle(requests), 0
    with selectors.DefaultSelector() as selector:
        connections = [Connection(port) for _ in range(clients)]
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
            connection.ask(next(source))
        for length in (seconds / 10, seconds):
            answered, begun = 0, time.perf_counter()
            while (now := time.perf_counter()) < begun + length:
                for key, _ in selector.select():
                    key.fileobj.answer()  # type: ignore[union-attr]
                    key.fileobj.ask(next(source))  # type: ignore[union-attr]
                    answered += 1
            elapsed = now - begun
        for connection in connections:
            connection.close()
    return answered / elapsed
