"""Processes that outlived the server or the host that started them: found by a mark in their environment, and killed.

The mark needs no file and cannot hit a stranger who was given an old process id. Without /proc (macOS) the fork
servers' own watch over their socket is all there is.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from local_aws.processes.boot.kernel import environment_of


def find(name: str, value: str) -> list[int]:
    """Process ids with this variable in their environment, this process and its ancestors aside."""
    mark = f"{name}={value}".encode()
    own = _ancestors()
    pids = [int(entry.name) for entry in Path("/proc").glob("[0-9]*")] if Path("/proc/self").exists() else []
    return [pid for pid in pids if pid not in own and mark in environment_of(pid).split(b"\0")]


def kill(name: str, value: str, wait: float = 5.0) -> int:
    """SIGKILL all of them until none is left; how many there were. Raises OSError when some do not go."""
    killed: set[int] = set()
    end = time.monotonic() + wait
    while found := find(name, value):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        if time.monotonic() > end:
            raise OSError(f"Processes with {name}={value} do not end: {found}.")
        time.sleep(0.005)
    return len(killed)


def _ancestors() -> set[int]:
    """A server that was itself started from inside a job carries the mark as well."""
    found, pid = set(), os.getpid()
    while pid > 1 and pid not in found:
        found.add(pid)
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found
