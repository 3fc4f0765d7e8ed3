"""One thread that follows all serving processes: what they write, and that they have ended."""

import contextlib
import logging
import os
import selectors
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from local_aws.processes.hosts import Process
from local_aws.processes.watch import lines_of

log = logging.getLogger("local_aws.serving")

Lines = Callable[[list[str]], None]
Ended = Callable[[int | None], None]


@dataclass
class _Followed:
    process: Process
    lines: Lines
    ended: Ended
    partial: bytearray = field(default_factory=bytearray)
    code: bytes = b""


class Follower:
    """Calls `lines` with what a process wrote and `ended` with its exit code, None when its host was killed.

    Both run in this thread: they must be quick.
    """

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake, self._wakes = os.pipe()
        os.set_blocking(self._wake, False)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._new: list[_Followed] = []
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="serving", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending = True
        os.write(self._wakes, b"!")
        if self._thread.is_alive():
            self._thread.join(5)

    def follow(self, process: Process, lines: Lines, ended: Ended) -> None:
        self._new.append(_Followed(process, lines, ended))
        os.write(self._wakes, b"!")

    def _work(self) -> None:
        while not self._ending:
            for key, _ in self._selector.select():
                if key.fd == self._wake:
                    self._take()
                else:
                    self._read_one(key.data, key.fd)

    def _take(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)
        while self._new:
            followed = self._new.pop()
            for descriptor in (followed.process.output, followed.process.status):
                self._selector.register(descriptor, selectors.EVENT_READ, followed)

    def _read_one(self, followed: _Followed, descriptor: int) -> None:
        try:
            self._read(followed, descriptor)
        except Exception:  # its log cannot be written, for example: the others are followed all the same
            log.exception("What a serving process said is lost.")

    def _read(self, followed: _Followed, descriptor: int) -> None:
        content = os.read(descriptor, 1 << 16)
        if content and descriptor == followed.process.status:
            followed.code += content
        elif content:
            self._say(followed, list(lines_of(followed.partial, content)))
        else:
            self._selector.unregister(descriptor)
            os.close(descriptor)
            try:
                if followed.partial:
                    rest = bytes(followed.partial)
                    followed.partial.clear()
                    self._say(followed, [rest])
            finally:
                if descriptor == followed.process.status:
                    followed.ended(int(followed.code) if followed.code else None)

    def _say(self, followed: _Followed, lines: list[bytes]) -> None:
        filled = [text for line in lines if (text := line.decode("utf-8", "replace").rstrip("\r"))]
        if filled:
            followed.lines(filled)
