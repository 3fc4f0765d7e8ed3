"""The one thread that follows all serving processes; pipes stand in for them."""

import errno
import os
import threading
from typing import Any

from local_aws.processes.hosts import Process
from local_aws.serving.following import Follower


def followed() -> tuple[Process, int, int]:
    """A process and the descriptors into which it would write: output and exit code."""
    (output, says), (status, ends) = os.pipe(), os.pipe()
    no_host: Any = None
    return Process(no_host, 1, output, status), says, ends


def test_a_log_that_cannot_be_written_stops_nobody_from_following() -> None:
    """On a full disk, for example: other processes are heard, and the end of this one is."""
    follower, heard, codes, done = Follower(), list[str](), dict[str, int | None](), threading.Semaphore(0)
    first, says, ends = followed()
    other, says_other, ends_other = followed()

    def full(_: list[str]) -> None:
        done.release()
        raise OSError(errno.ENOSPC, "No space left on device")

    def hear(lines: list[str]) -> None:
        heard.extend(lines)
        done.release()

    def end(name: str, code: int | None) -> None:
        codes[name] = code
        done.release()

    follower.follow(first, full, lambda code: end("first", code))
    follower.follow(other, hear, lambda code: end("other", code))
    follower.start()
    os.write(says, b"lost\n")
    assert done.acquire(timeout=30)
    os.write(says_other, b"kept")
    os.close(says_other)
    for descriptor, code in ((ends, b"1"), (ends_other, b"0")):
        os.write(descriptor, code)
        os.close(descriptor)
    for _ in range(3):
        assert done.acquire(timeout=30)
    os.close(says)
    follower.stop()
    assert (heard, codes) == (["kept"], {"first": 1, "other": 0})
