"""The hosts of one training job: who they are, and one exchange between them, through the first.

SageMaker names them in resourceconfig.json, and the toolkit in SM_HOSTS and SM_CURRENT_HOST. They reach each other by
name, under network isolation as well; traffic between them is encrypted by the platform where the job asks for it.
"""

import hashlib
import json
import os
import socket
import struct
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from contract.errors import InputError

#: Seconds until the others must have come; they may still be loading their data.
PATIENCE = 1800.0
PAUSE = 0.05

#: Ports that no system gives away by itself (below 32768), one of them by the job's name.
FIRST_PORT, PORTS = 20_000, 10_000

#: Rank of the sender, and bytes that follow.
HEAD = struct.Struct("!IQ")


@dataclass(frozen=True)
class Hosts:
    """All hosts by name, in the order that every one of them knows, and which of them this is."""

    names: tuple[str, ...] = ("algo-1",)
    current: str = "algo-1"
    job: str = ""
    patience: float = PATIENCE

    @classmethod
    def from_environment(cls) -> "Hosts":
        """As the training toolkit says it; one host where nothing is said."""
        current = os.environ.get("SM_CURRENT_HOST", "algo-1")
        names = json.loads(os.environ.get("SM_HOSTS") or json.dumps([current]))
        return cls(tuple(sorted(names, key=_numbered)), current, os.environ.get("TRAINING_JOB_NAME", ""))

    @property
    def rank(self) -> int:
        """Which of the hosts this is, from 0."""
        return self.names.index(self.current)

    @property
    def several(self) -> bool:
        """Whether there are others."""
        return len(self.names) > 1

    @property
    def first(self) -> bool:
        """Whether this is the host that leaves the model."""
        return self.rank == 0

    @property
    def port(self) -> int:
        """Where the first host listens: the same for all hosts of a job, and another one for the next job."""
        return FIRST_PORT + int.from_bytes(hashlib.sha256(self.job.encode()).digest()[:4]) % PORTS

    def address(self) -> str:
        """The first host's IP address. Raises InputError when its name is not known in time."""
        until = time.monotonic() + self.patience
        while True:
            try:
                return socket.gethostbyname(self.names[0])
            except OSError as error:
                if time.monotonic() > until:
                    raise InputError(
                        f"The host {self.names[0]} cannot be found from {self.current} ({error}): "
                        "a training over several instances needs hosts that know each other by name."
                    ) from None
            time.sleep(PAUSE)

    def exchange(self, own: bytes, answer: Callable[[Sequence[bytes]], bytes]) -> bytes:
        """What `answer` makes on the first host of all hosts' `own`, in their order; every host gets it.

        Raises InputError when another host does not come in time, or ends before.
        """
        try:
            return self._collect(own, answer) if self.first else self._bring(own)
        except (OSError, EOFError) as error:
            raise InputError(f"The hosts of the training lost each other ({self.current}: {error}).") from error

    def _collect(self, own: bytes, answer: Callable[[Sequence[bytes]], bytes]) -> bytes:
        brought = {0: own}
        with ExitStack() as stack:
            server = stack.enter_context(socket.create_server(("", self.port), backlog=len(self.names)))
            server.settimeout(self.patience)
            connections = []
            while len(brought) < len(self.names):
                connection = stack.enter_context(server.accept()[0])
                connection.settimeout(self.patience)
                rank, content = _received(connection)
                brought[rank] = content
                connections.append(connection)
            found = answer([brought[rank] for rank in range(len(self.names))])
            for connection in connections:
                _send(connection, self.rank, found)
        return found

    def _bring(self, own: bytes) -> bytes:
        address, until = self.address(), time.monotonic() + self.patience
        while True:
            try:
                connection = socket.create_connection((address, self.port), self.patience)
                break
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise
            time.sleep(PAUSE)
        with connection:
            _send(connection, self.rank, own)
            return _received(connection)[1]


ALONE = Hosts()


def _numbered(name: str) -> tuple[int, str]:
    """algo-2 before algo-10."""
    return len(name), name


def _send(connection: socket.socket, rank: int, content: bytes) -> None:
    connection.sendall(HEAD.pack(rank, len(content)) + content)


def _received(connection: socket.socket) -> tuple[int, bytes]:
    rank, size = HEAD.unpack(_exactly(connection, HEAD.size))
    return rank, _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    content = bytearray()
    while len(content) < size:
        part = connection.recv(min(1 << 20, size - len(content)))
        if not part:
            raise EOFError("a host ended before it had said everything")
        content += part
    return bytes(content)
