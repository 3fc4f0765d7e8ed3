"""Time and memory of a program with all the processes that it starts."""

import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Measured:
    """Wall-clock seconds, and the peak over the whole process tree in bytes (shared pages counted once)."""

    seconds: float
    peak: int


def measured(command: list[str], environment: Mapping[str, str], every: float = 0.02) -> Measured:
    """Run a command to its end, looking at its memory `every` so many seconds. Raises when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _tree(process.pid))
        time.sleep(every)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Measured(seconds, peak)


def _tree(pid: int) -> int:
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            memory = process.memory_full_info()
            total += getattr(memory, "pss", 0) or memory.rss
    except psutil.Error:  # a process that has just ended
        pass
    return total
