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
#: "0" keeps jobs out of namespaces where the kernel would give them.
NAMESPACES = "LOCAL_AWS_NAMESPACES"
#: In the environment of one host's processes: which of them belong together.
JOB_MARK = "LOCAL_AWS_PROGRAM"


@dataclass
class Child:
    """A running program: the number that its starter gave it, and where its exit code goes."""

    number: int
    status: int


@dataclass
class Waiting:
    """A process that waits for its program, and the way to it."""

    pid: int
    way: socket.socket


def _await_program(way: socket.socket, packages: Packages, *, namespaces: bool) -> NoReturn:
    """Take a program from `way` and be it; end when there comes none."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "local_aws"]:
        del sys.modules[name]
    content, descriptors, _, _ = socket.recv_fds(way, 1 << 16, 2)
    while content and not content.endswith(b"\n"):
        content += way.recv(1 << 16)
    if not descriptors:
        os._exit(0)
    way.close()
    wanted = program.Program.from_document(json.loads(content))
    program.run(wanted, packages, descriptors[0], namespaces=namespaces, listener=descriptors[1:])


class ForkServer:
    """One thread, one loop: requests, ended children, and when idle the next module to load.

    When all is loaded it keeps one process forked ahead, so that the next program need not wait for that.
    """

    def __init__(self, control: socket.socket, packages: Packages, preload: list[str], scratch: Path) -> None:
        self.control = control
        self.packages = packages
        self.preload = preload
        self.children: dict[int, Child] = {}
        self.received = b""
        self.descriptors: list[int] = []
        self.namespaces = os.environ.get(NAMESPACES) != "0" and kernel.can_unshare(scratch)
        self.spare: Waiting | None = None
        self.wake = os.pipe()
        for end in self.wake:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self.wake[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        kernel.adopt_orphans()

    def serve(self) -> NoReturn:
        """Until the socket ends. The first thing that it says is what it can do."""
        self.control.sendall(json.dumps({"namespaces": self.namespaces}).encode() + b"\n")
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(self.wake[0], select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll(0 if self.preload or not self.spare else None)}
            if self.wake[0] in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake[0], 4096)
            self._reap()
            if self.control.fileno() in ready:
                for request in self._requests():
                    self._answer(request)
            elif self.preload:
                self._load(self.preload.pop(0))
            elif not self.spare:
                self.spare = self._fork()

    def _load(self, module: str) -> None:
        """A missing module is said in the server's log; jobs that import it fail with its name."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(module)
        except ImportError as error:
            print(f"local_aws: {self.packages.image}: preload {module}: {error}", file=sys.stderr)  # noqa: T201

    def _requests(self) -> Iterator[dict[str, Any]]:
        content, descriptors = b"", list[int]()
        with contextlib.suppress(ConnectionResetError):  # closed before it read what was said to it
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
            listener = [self.descriptors.pop(0)] if request["listener"] else []
            self._start(request["start"], request["program"], [output, *listener], status)
            return
        for pid, child in list(self.children.items()):
            if child.number == request["signal"]:
                try:
                    os.killpg(pid, request["with"])
                except ProcessLookupError:  # forked just now: it leads no group yet
                    os.kill(pid, request["with"])

    def _start(self, number: int, wanted: dict[str, Any], given: list[int], status: int) -> None:
        """`given` goes to the program: where it writes, and perhaps where it listens."""
        waiting = self.spare or self._fork()
        self.spare = None
        content = memoryview(json.dumps(wanted).encode() + b"\n")
        with waiting.way, contextlib.suppress(BrokenPipeError):  # killed meanwhile: its end is seen as any other
            sent = socket.send_fds(waiting.way, [content], given)
            waiting.way.sendall(content[sent:])
        for descriptor in given:
            os.close(descriptor)
        self.children[waiting.pid] = Child(number, status)

    def _fork(self) -> Waiting:
        """A process that has everything loaded and waits for its program."""
        parent = os.getpid()
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            os.setsid()
            kernel.die_with(parent)
            signal.set_wakeup_fd(-1)
            ours.close()
            for descriptor in (self.control.fileno(), *self.wake, *(c.status for c in self.children.values())):
                os.close(descriptor)
            _await_program(theirs, self.packages, namespaces=self.namespaces)
        theirs.close()
        return Waiting(pid, ours)

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
                if self.spare and self.spare.pid == pid:
                    self.spare = None
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
            known = {*self.children, self.spare.pid if self.spare else 0}
            orphans = [pid for pid in kernel.descendants_of(os.getpid()) if pid not in known]
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
        spare = [self.spare.pid] if self.spare else []
        self.spare = None
        for pid in [*self.children, *spare]:
            self._signal_group(pid, signal.SIGKILL)
        for pid in [*self.children, *spare]:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self.children.clear()
        self._kill_orphans(b"")
        os._exit(0)


def serve(control: int, settings: Path) -> NoReturn:
    """Be the fork server of the image that the JSON file `settings` describes, on the open socket `control`."""
    document = json.loads(settings.read_text())
    packages = Packages.from_document(document)
    sys.path += packages.site
    Guard(packages).install()
    with socket.socket(fileno=control) as connection:
        ForkServer(connection, packages, list(document["preload"]), settings.with_suffix("")).serve()
