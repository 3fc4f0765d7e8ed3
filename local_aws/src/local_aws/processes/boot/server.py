"""The fork server: imports an image's modules once, then forks a process per host of a job.

It speaks with `local_aws` over one socket; when that ends, for whatever reason, it kills what it started and goes.
Each program has two descriptors of its own, sent with the request: `output` takes what it writes, `status` takes
its exit code as text when it has ended, and is closed without one when this server dies.
"""

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from local_aws.processes.boot import kernel, program
from local_aws.processes.boot.guard import Guard, Packages

#: In the environment of all that a home started: how leftovers are found.
MARK = "LOCAL_AWS_PROCESS_OF"
#: In the environment of a fork server and all that it started.
HOST_MARK = "LOCAL_AWS_HOST"
#: In the environment of one host's processes: which of them belong together.
JOB_MARK = "LOCAL_AWS_PROGRAM"


@dataclass
class Child:
    """A running program: the number that its starter gave it, and where its exit code goes."""

    number: int
    status: int


class ForkServer:
    """One thread, one loop: requests, ended children, and between them the next module to load."""

    def __init__(self, control: socket.socket, packages: Packages, preload: list[str]) -> None:
        self.control = control
        self.packages = packages
        self.preload = preload
        self.children: dict[int, Child] = {}
        self.received = b""
        self.descriptors: list[int] = []
        self.namespaces = kernel.can_unshare()
        self.wake, wake = os.pipe()
        for end in (self.wake, wake):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        kernel.adopt_orphans()

    def serve(self) -> NoReturn:
        """Until the socket ends."""
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(self.wake, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(0 if self.preload else None)}
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
            self._reap()
            if self.control.fileno() in ready:
                for request in self._requests():
                    self._answer(request)
            elif self.preload:
                self._load(self.preload.pop(0))

    def _load(self, module: str) -> None:
        """A missing module is said in the server's log; jobs that import it fail with its name."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(module)
        except ImportError as error:
            print(f"local_aws: {self.packages.image}: preload {module}: {error}", file=sys.stderr)  # noqa: T201

    def _requests(self) -> Iterator[dict[str, Any]]:
        content, descriptors, _, _ = socket.recv_fds(self.control, 1 << 16, 64)
        if not content:
            self._end()
        self.received += content
        self.descriptors += descriptors
        *lines, self.received = self.received.split(b"\n")
        return map(json.loads, lines)

    def _answer(self, request: dict[str, Any]) -> None:
        if "start" in request:
            output, status = self.descriptors.pop(0), self.descriptors.pop(0)
            self._start(request["start"], program.Program.from_document(request["program"]), output, status)
            return
        for pid, child in list(self.children.items()):
            if child.number == request["signal"]:
                self._signal_group(pid, request["with"])

    def _start(self, number: int, wanted: program.Program, output: int, status: int) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            kernel.die_with(parent)
            signal.set_wakeup_fd(-1)
            for descriptor in (self.control.fileno(), self.wake, status, *(c.status for c in self.children.values())):
                os.close(descriptor)
            for name in [name for name in sys.modules if name.partition(".")[0] == "local_aws"]:
                del sys.modules[name]
            program.run(wanted, self.packages, output, namespaces=self.namespaces)
        os.close(output)
        self.children[pid] = Child(number, status)

    def _reap(self) -> None:
        """Every ended child: kill what it left behind, then tell its exit code."""
        while True:
            try:
                pid, result = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self.children.pop(pid, None)
            if child is None:
                continue
            self._signal_group(pid, signal.SIGKILL)
            self._kill_orphans(f"{JOB_MARK}={child.number}\0".encode() if self.children else b"")
            code = os.waitstatus_to_exitcode(result)
            with contextlib.suppress(BrokenPipeError):
                os.write(child.status, str(code if code >= 0 else 128 - code).encode())
            os.close(child.status)

    def _kill_orphans(self, mark: bytes) -> None:
        """Processes whose parents have ended came to this one: those with the mark die."""
        while True:
            orphans = [pid for pid in kernel.descendants_of(os.getpid()) if pid not in self.children]
            doomed = [pid for pid in orphans if mark in kernel.environment_of(pid)]
            if not doomed:
                return
            for pid in doomed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    @staticmethod
    def _signal_group(pid: int, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)

    def _end(self) -> NoReturn:
        for pid in list(self.children):
            self._signal_group(pid, signal.SIGKILL)
        for pid in list(self.children):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
            del self.children[pid]
        self._kill_orphans(b"")
        os._exit(0)


def serve(control: int, settings: Path) -> NoReturn:
    """Be the fork server of the image that the JSON file `settings` describes, on the open socket `control`."""
    document = json.loads(settings.read_text())
    packages = Packages.from_document(document)
    sys.path += packages.site
    Guard(packages).install()
    with socket.socket(fileno=control) as connection:
        ForkServer(connection, packages, list(document["preload"])).serve()
