"""The local hosts: one fork server per image, and the programs that run in them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from local_aws.operations import Aws
from local_aws.processes import boot, leftovers
from local_aws.processes.boot.program import Program
from local_aws.processes.boot.server import HOST_MARK, JOB_MARK, MARK, NAMESPACES
from local_aws.processes.images import Image
from local_aws.processes.packages import write_settings

#: Jobs share the machine's cores: a thread of OpenMP that waits for another must sleep and not spin. It is read when
#: the library is loaded, which is in the fork server. Measured with XGBoost on two busy cores: 3 s in place of 17 s.
SHARED_CORES = {"OMP_WAIT_POLICY": "passive"}

START = Path(boot.__file__).with_name("start.py")


@dataclass
class Process:
    """A program that was started.

    output  descriptor to read what it writes, until end of file; the reader closes it
    status  descriptor that gives the exit code as text when it has ended, or end of file without one when its host
            was killed; the reader closes it
    """

    host: "Host"
    number: int
    output: int
    status: int

    def signal(self, number: int) -> None:
        """To the program's process group; nothing happens when it has ended."""
        with contextlib.suppress(OSError):
            self.host.send({"signal": self.number, "with": number})

    def abandon(self) -> None:
        """Kill a program that nobody has read from yet."""
        self.signal(signal.SIGKILL)
        os.close(self.output)
        os.close(self.status)


class Host:
    """A fork server and the socket to it."""

    def __init__(self, settings: Path, home: Path) -> None:
        ours, theirs = socket.socketpair()
        self.settings = settings
        self._marks = {MARK: str(home), HOST_MARK: uuid.uuid4().hex}
        self._control = ours
        self._lock = threading.Lock()
        self._last = 0
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(START), "serve", str(theirs.fileno()), str(settings)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            cwd=home,
            env=self._marks | SHARED_CORES | _environment(),
            start_new_session=True,
        )
        theirs.close()
        self._ending = False
        threading.Thread(target=self._outlive, name="host-watch", daemon=True).start()

    @cached_property
    def namespaces(self) -> bool:
        """Whether its programs see their folder as /opt/ml, read-only files as such, and no network when isolated."""
        with self._control.makefile("rb", buffering=0) as said:
            return bool(json.loads(said.readline() or b"{}").get("namespaces"))

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def start(self, program: Program, listener: socket.socket | None = None) -> Process:
        """The program in a process of its own. Raises OSError when the host has died.

        listener  a listening socket that the program takes over, as systemd's socket activation has it
        """
        output, theirs_output = os.pipe()
        status, theirs_status = os.pipe()
        try:
            with self._lock:
                self._last += 1
                number = self._last
                environment = program.environment | self._marks | {JOB_MARK: str(number)}
                document = asdict(program) | {"environment": environment}
                taken = [listener.fileno()] if listener else []
                message = {"start": number, "program": document, "listener": bool(taken)}
                self._write(message, [theirs_output, theirs_status, *taken])
        except OSError:
            os.close(output)
            os.close(status)
            raise
        finally:
            os.close(theirs_output)
            os.close(theirs_status)
        return Process(self, number, output, status)

    def start_all(self, programs: Iterable[Program]) -> list[Process]:
        """All of them, or none. Raises OSError when the host has died."""
        started: list[Process] = []
        with contextlib.ExitStack() as undo:
            for program in programs:
                started.append(self.start(program))
                undo.callback(started[-1].abandon)
            undo.pop_all()
        return started

    def send(self, message: dict[str, Any]) -> None:
        with self._lock:
            self._write(message, [])

    def _write(self, message: dict[str, Any], descriptors: list[int]) -> None:
        content = memoryview(json.dumps(message, default=str).encode() + b"\n")
        sent = socket.send_fds(self._control, [content], descriptors) if descriptors else 0
        self._control.sendall(content[sent:])

    def _outlive(self) -> None:
        """Wait for its end; when it was killed, end what it can no longer end itself."""
        self._process.wait()
        if not self._ending:
            leftovers.kill(HOST_MARK, self._marks[HOST_MARK])

    def end(self) -> None:
        """Its programs are killed and it goes."""
        self._ending = True
        self._control.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _environment() -> dict[str, str]:
    kept = {NAMESPACES: os.environ[NAMESPACES]} if NAMESPACES in os.environ else {}
    return {"PATH": os.defpath, "LANG": "C.UTF-8"} | kept


class Hosts:
    """One host an image, started in the background with the server and again whenever it is missing."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._hosts: dict[Image, Future[Host]] = {}
        self._lock = threading.Lock()
        self._starters = ThreadPoolExecutor(2, thread_name_prefix="host")
        self._ended = False

    def start(self) -> None:
        """End what an earlier server of this home left behind, then warm a host for every row of the table."""
        leftovers.kill(MARK, str(self._aws.home))
        for image in self._aws.images.rows:
            self._future(image)

    def stop(self) -> None:
        with self._lock:
            self._ended = True
            hosts = list(self._hosts.values())
        self._starters.shutdown(wait=True, cancel_futures=True)
        for host in hosts:
            if not host.cancelled() and not host.exception():
                host.result().end()

    def of(self, image: Image) -> Host:
        """The image's host; a new one when it has died. Raises OSError when none can be started."""
        future = self._future(image)
        if future.done() and (future.exception() or not future.result().alive):
            with self._lock:
                if self._hosts.get(image) is future:
                    del self._hosts[image]
            future = self._future(image)
        return future.result()

    def _future(self, image: Image) -> "Future[Host]":
        with self._lock:
            if self._ended:
                raise OSError("The server is stopping.")
            if image not in self._hosts:
                self._hosts[image] = self._starters.submit(self._make, image)
            return self._hosts[image]

    def _make(self, image: Image) -> Host:
        return Host(write_settings(image, self._aws.home / "hosts"), self._aws.home)
