"""Follow programs until all have ended: what they write, how they end, when they must stop."""

import os
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from local_aws.clock import Clock
from local_aws.processes.hosts import Process

Lines = Callable[[int, list[str]], None]

#: A longer line becomes several events: CloudWatch's 256 KB without the 26 bytes that every event costs
#: (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html).
LONGEST_LINE = (256 << 10) - 26

#: An image's own processes may hold the output open for this long after the program's end, in seconds.
LINGER = 0.5


class Stop:
    """Asks for a stop, from any thread and once: the watcher wakes through a pipe."""

    def __init__(self) -> None:
        self.descriptor, self._write = os.pipe()
        self.asked = False

    def ask(self) -> None:
        self.asked = True
        os.write(self._write, b"!")

    def close(self) -> None:
        os.close(self.descriptor)
        os.close(self._write)


@dataclass
class End:
    """How the programs ended: an exit code each (None: its host was killed), and what made them end.

    failed  the number of the program that was the first not to end well
    """

    codes: list[int | None]
    stopped: bool = False
    overtime: bool = False
    interrupted: bool = False
    failed: int | None = None


@dataclass
class _Watched:
    process: Process
    partial: bytearray = field(default_factory=bytearray)
    code: bytes = b""
    ended_at: float | None = None
    open: set[int] = field(default_factory=set)


def lines_of(partial: bytearray, content: bytes) -> Iterator[bytes]:
    """The lines that end in `content`, of which `partial` holds the beginning, and afterwards what is left over."""
    *ended, rest = content.split(b"\n")
    for line in ended:
        partial += line
        yield from _cut(partial)
        yield bytes(partial)
        partial.clear()
    partial += rest
    yield from _cut(partial)


def _cut(line: bytearray) -> Iterator[bytes]:
    """Take pieces off a line that is too long, never inside a character of UTF-8."""
    while len(line) > LONGEST_LINE:
        end = LONGEST_LINE
        while end > LONGEST_LINE - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        yield bytes(line[:end])
        del line[:end]


class Watch:
    """One watch over the hosts of one job.

    lines     called with the number of a host and the lines that it wrote since the last call
    deadline  by `clock`, in seconds since 1970
    due       asked ten times a second with the time: whether the machine is taken away now
    grace     asked when the stop begins: seconds of `clock` between SIGTERM and SIGKILL
    """

    def __init__(
        self,
        processes: Sequence[Process],
        lines: Lines,
        clock: Clock,
        stop: Stop,
        deadline: float,
        grace: Callable[[], float],
        due: Callable[[float], bool] = lambda _: False,
    ) -> None:
        self._watched = [_Watched(process, open={process.output, process.status}) for process in processes]
        self._lines = lines
        self._clock = clock
        self._stop = stop
        self._deadline = deadline
        self._grace = grace
        self._due = due
        self._kill_at: float | None = None
        self._end = End([None] * len(processes))

    def until_end(self) -> End:
        """Blocks until every program has ended. One that fails takes the others with it.

        What `lines` raises is raised; no program goes on then.
        """
        try:
            self._follow()
        except BaseException:
            self._abandon()
            raise
        return self._end

    def _follow(self) -> None:
        with selectors.DefaultSelector() as selector:
            for number, watched in enumerate(self._watched):
                for descriptor in watched.open:
                    selector.register(descriptor, selectors.EVENT_READ, number)
            selector.register(self._stop.descriptor, selectors.EVENT_READ)
            while any(watched.open for watched in self._watched):
                self._look_at_clock()
                for key, _ in selector.select(self._timeout()):
                    if key.fd == self._stop.descriptor:
                        selector.unregister(key.fd)
                        self._end.stopped = True
                        self._terminate()
                    elif not self._read(key.data, key.fd):
                        selector.unregister(key.fd)
                self._drop_lingering(selector)
        for number, watched in enumerate(self._watched):
            if watched.partial:
                self._lines(number, [watched.partial.decode("utf-8", "replace")])

    def _abandon(self) -> None:
        self._signal(signal.SIGKILL)
        for watched in self._watched:
            for descriptor in list(watched.open):
                self._close(watched, descriptor)

    def _timeout(self) -> float:
        """Ten looks a second, as the clock may be moved."""
        return 0.1

    def _look_at_clock(self) -> None:
        now = self._clock.now()
        if self._kill_at is None and now >= self._deadline:
            self._end.overtime = True
            self._terminate()
        if self._kill_at is None and self._due(now):
            self._end.interrupted = True
            self._terminate()
        if self._kill_at is not None and now >= self._kill_at:
            self._signal(signal.SIGKILL)

    def _terminate(self) -> None:
        self._kill_at = self._clock.now() + self._grace()
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        for watched in self._watched:
            if watched.ended_at is None:
                watched.process.signal(number)

    def _read(self, number: int, descriptor: int) -> bool:
        """False when there is nothing more to come from the descriptor, which is closed then."""
        watched = self._watched[number]
        content = os.read(descriptor, 1 << 16)
        if content and descriptor == watched.process.output:
            if lines := list(lines_of(watched.partial, content)):
                self._lines(number, [line.decode("utf-8", "replace").rstrip("\r") for line in lines])
            return True
        if content:
            watched.code += content
            return True
        self._close(watched, descriptor)
        if descriptor == watched.process.status:
            watched.ended_at = time.monotonic()
            self._end.codes[number] = int(watched.code) if watched.code else None
            if self._end.codes[number] != 0 and self._end.failed is None:
                self._end.failed = number
                self._signal(signal.SIGKILL)
        return False

    def _close(self, watched: _Watched, descriptor: int) -> None:
        watched.open.discard(descriptor)
        os.close(descriptor)

    def _drop_lingering(self, selector: selectors.BaseSelector) -> None:
        for watched in self._watched:
            if watched.open and watched.ended_at is not None and time.monotonic() - watched.ended_at > LINGER:
                for descriptor in list(watched.open):
                    selector.unregister(descriptor)
                    self._close(watched, descriptor)
