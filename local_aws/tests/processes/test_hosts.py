"""Hosts: fork servers and the programs in them, without a server around."""

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local_aws.clock import Clock
from local_aws.processes.boot.program import Program
from local_aws.processes.hosts import Host, Process
from local_aws.processes.images import Image
from local_aws.processes.packages import write_settings
from local_aws.processes.watch import LONGEST_LINE, End, Stop, Watch


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    made = Host(write_settings(Image("image", preload=("json", "no_such_module")), tmp_path), tmp_path)
    yield made
    if made.alive:
        made.end()


def start(host: Host, folder: Path, *arguments: str) -> Process:
    folder.mkdir(parents=True, exist_ok=True)
    return host.start(Program(arguments, {"PATH": "/usr/bin:/bin"}, folder, folder, folder))


def watch(*processes: Process, grace: float = 1.0, stop: Stop | None = None) -> tuple[End, list[tuple[int, str]]]:
    lines: list[tuple[int, str]] = []
    clock = Clock()
    seen = Watch(
        processes,
        lambda number, found: lines.extend((number, line) for line in found),
        clock,
        stop or Stop(),
        clock.now() + 60,
        lambda: grace,
    ).until_end()
    return seen, lines


def test_a_host_that_ends_kills_its_programs_and_goes_quietly(
    host: Host, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    process = start(host, tmp_path / "job", "bash", "-c", "echo $$; sleep 1000")
    pid = int(os.read(process.output, 100))
    host.end()
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(pid)
    assert "Traceback" not in capfd.readouterr().err


def test_programs_run_side_by_side_and_their_lines_are_told_apart(host: Host, tmp_path: Path) -> None:
    processes = [start(host, tmp_path / str(n), "bash", "-c", f"echo {n}; echo; printf end") for n in range(3)]
    end, lines = watch(*processes)
    assert (end.codes, end.failed) == ([0, 0, 0], None)
    assert sorted(lines) == sorted((n, line) for n in range(3) for line in (str(n), "", "end"))


def test_the_first_to_fail_is_named_and_takes_the_others_along(host: Host, tmp_path: Path) -> None:
    waiting = start(host, tmp_path / "a", "sleep", "1000")
    end, _ = watch(waiting, start(host, tmp_path / "b", "bash", "-c", "exit 3"))
    assert (end.codes, end.failed, end.stopped) == ([137, 3], 1, False)


def test_a_request_larger_than_the_socket_takes_at_once(host: Host, tmp_path: Path) -> None:
    source = "x = '" + "y" * 900_000 + "'; print(len(x))"
    (tmp_path / "bin").mkdir()
    end, lines = watch(start(host, tmp_path, "python3", "-c", source))
    assert (end.codes, lines) == ([0], [(0, "900000")])


def test_long_output_arrives_whole(host: Host, tmp_path: Path) -> None:
    _, lines = watch(start(host, tmp_path / "a", "bash", "-c", "seq 1 200000; head -c 300000 /dev/zero | tr '\\0' z"))
    *numbers, first, rest = [line for _, line in lines]
    assert numbers == [str(n) for n in range(1, 200001)]
    assert (first, rest) == ("z" * LONGEST_LINE, "z" * (300_000 - LONGEST_LINE)), "a line beyond an event becomes two"


def test_a_stop_asks_first_and_kills_after_the_grace(host: Host, tmp_path: Path) -> None:
    stop = Stop()
    stop.ask()
    begun = time.monotonic()
    deaf = start(host, tmp_path / "a", "bash", "-c", "trap '' TERM; echo up; while true; do sleep .05; done")
    polite = start(host, tmp_path / "b", "bash", "-c", "trap 'exit 0' TERM; echo up; while true; do sleep .05; done")
    assert [os.read(process.output, 100) for process in (deaf, polite)] == [b"up\n", b"up\n"]
    end, _ = watch(deaf, polite, grace=0.5, stop=stop)
    assert (end.codes, end.stopped) == ([137, 0], True)
    assert 0.4 < time.monotonic() - begun < 5


def test_a_killed_host_gives_no_code(host: Host, tmp_path: Path) -> None:
    process = start(host, tmp_path / "a", "bash", "-c", "echo $$; sleep 1000")
    os.read(process.output, 100)
    os.kill(host._process.pid, signal.SIGKILL)
    end, _ = watch(process)
    assert end.codes == [None]
    with pytest.raises(OSError):  # noqa: PT011  whichever of EPIPE and ECONNRESET
        start(host, tmp_path / "b", "true")


def test_a_program_that_closes_its_output_is_still_waited_for(host: Host, tmp_path: Path) -> None:
    end, lines = watch(start(host, tmp_path / "a", "bash", "-c", "echo x; exec >&- 2>&-; sleep .2; exit 4"))
    assert (end.codes, lines) == ([4], [(0, "x")])


def test_a_log_that_cannot_be_written_leaves_no_program_and_no_pipe(host: Host, tmp_path: Path) -> None:
    """On a full disk, for example: who watched hears of it, and nothing runs on unseen."""
    loud = start(host, tmp_path / "a", "bash", "-c", "echo $$; sleep 1000")
    quiet = start(host, tmp_path / "b", "bash", "-c", "exec sleep 1000")
    pids: list[int] = []

    def full(_: int, lines: list[str]) -> None:
        pids.append(int(lines[0]))
        raise OSError(errno.ENOSPC, "No space left on device")

    clock = Clock()
    with pytest.raises(OSError, match="No space left"):
        Watch([loud, quiet], full, clock, Stop(), clock.now() + 60, lambda: 1.0).until_end()
    ended(*pids)
    for descriptor in (loud.output, loud.status, quiet.output, quiet.status):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def ended(*pids: int) -> None:
    """Wait until no such process is left; a dead one that its parent has still to bury does not count."""
    end = time.monotonic() + 30
    while alive := [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]:
        assert time.monotonic() < end, alive
        time.sleep(0.01)


def test_all_programs_are_started_or_none(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Program(
        ("bash", "-c", "echo $$ > pid; sleep 1000"), {"PATH": "/usr/bin:/bin"}, tmp_path, tmp_path, tmp_path
    )
    started: list[Process] = []
    start_one = Host.start

    def few_descriptors(self: Host, program: Program) -> Process:
        if started:
            raise OSError(errno.EMFILE, "Too many open files")
        started.append(start_one(self, program))
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.01)
        return started[0]

    monkeypatch.setattr(Host, "start", few_descriptors)
    with pytest.raises(OSError, match="Too many open files"):
        host.start_all([first, first])
    ended(int((tmp_path / "pid").read_text()))
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(started[0].output)
