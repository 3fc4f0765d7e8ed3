"""Start, find and stop the server of a home: one server a home, on the port that the home remembers."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local_aws.errors import StartError

#: A disk with fewer free bytes than these holds no new state.
LEAST = 1 << 16

#: Servers that this process has started: it is their parent.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Status:
    """What `status` prints. `Status` is "Running" or "Stopped"; the endpoint is the recorded one also when stopped."""

    Status: str
    Pid: int | None
    Endpoint: str | None
    Home: str

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def record_of(home: Path) -> dict[str, Any]:
    """What the home remembers of its server: `Port`, and the `Pid` of the last one; empty when it remembers nothing."""
    try:
        record = json.loads((home / "server.json").read_text())
    except (OSError, ValueError):  # none, or not readable: as good as none
        return {}
    port = record.get("Port") if isinstance(record, dict) else None
    return record if isinstance(port, int) and 0 < port < 1 << 16 else {}


def note_port(home: Path, port: int) -> None:
    """Beside the id that the lock holds: it is known while the server lives, whatever becomes of its record."""
    with (home / "lock").open("a") as lock:
        lock.write(f" {port}")


def _noted(home: Path) -> dict[str, Any]:
    """What the lock says of the server that holds it, in the form of a record; empty when nobody does."""
    if not locked(home):
        return {}
    with contextlib.suppress(OSError, ValueError):
        pid, port = (int(word) for word in (home / "lock").read_text().split())
        return {"Port": port, "Pid": pid}
    return {}


def write_record(home: Path, record: dict[str, Any]) -> None:
    partial = home / "server.json.partial"
    partial.write_text(json.dumps(record))
    partial.replace(home / "server.json")


def listen(home: Path) -> socket.socket:
    """A listening socket on the recorded port, or on a free one the first time.

    Raises StartError when somebody else has the recorded port.
    """
    port = record_of(home).get("Port", 0)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise StartError(
            f"Port {port}, which {home / 'server.json'} records for this home, is taken by another program: "
            "end that program, or remove the file to take a new port."
        ) from None
    return listener


def take_home(home: Path) -> None:
    """Take the home's lock for as long as this process lives, and write its id there.

    Raises StartError when another server has it or the home cannot be written.
    """
    make_home(home)
    # Never closed: the lock falls when the process is gone, not when it has begun to go.
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT)
    if not _take(lock):
        raise StartError(f"A server for {home} is running already.")
    os.truncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


def make_home(home: Path) -> None:
    """Raises StartError when the folder cannot be made or written."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / "lock").touch()
    except OSError as error:
        raise StartError(f"{home} cannot hold the state of local_aws: {error.strerror}.") from None


def _take(lock: int) -> bool:
    """Tries for a moment: whoever looks whether the lock is free holds a share of it meanwhile."""
    for _ in range(50):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def locked(home: Path) -> bool:
    """Whether a server holds the home's lock, be it one that does not answer yet or any more."""
    try:
        with (home / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except BlockingIOError:
        return True
    return False


def status(home: Path) -> Status:
    """Whether the home's server answers."""
    port = (record_of(home) or _noted(home)).get("Port")
    endpoint = f"http://127.0.0.1:{port}" if port else None
    running = endpoint is not None and locked(home) and _answers(endpoint, home)
    # The record once more: a server may have come up since the first look, and the old one's id must not pass for it.
    pid = (record_of(home) or _noted(home)).get("Pid") if running else None
    return Status("Running" if running else "Stopped", pid, endpoint, str(home))


def _answers(endpoint: str, home: Path) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_local/status", timeout=5) as answer:  # noqa: S310  always http
            return bool(json.load(answer).get("Home") == str(home))
    except (OSError, ValueError):
        return False


def up(home: Path, images: Path | None = None, region: str = "us-east-1", wait: float = 20.0) -> Status:
    """Start the home's server when it is not running, and wait until it answers.

    Two callers at once end with one server. Raises StartError with the reason when it does not come up.
    """
    home = home.resolve()
    found = status(home)
    if found.Status == "Running":
        if not record_of(home):  # it was lost: the next start shall find the port again
            write_record(home, _noted(home))
        return found
    make_home(home)
    command = [sys.executable, "-m", "local_aws", "serve", "--home", str(home), "--region", region]
    if images:
        command += ["--images", str(images)]
    with (home / "server.log").open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=home
        )
    _started.append(process)
    end = time.monotonic() + wait
    while time.monotonic() < end:
        found = status(home)
        if found.Status == "Running":
            if found.Pid != process.pid:
                process.wait()  # somebody else was faster; this one ends by itself
            return found
        if process.poll() is not None and not locked(home):
            raise StartError(_why(home, start, process.returncode))
        time.sleep(0.02)
    raise StartError(f"local_aws did not answer within {wait:.0f} s; its log is {home / 'server.log'}.")


def _why(home: Path, start: int, code: int) -> str:
    """Why the server ended, from what it wrote into its log behind `start`; a full disk takes no log."""
    if shutil.disk_usage(home).free < LEAST:
        return f"The disk below {home} is full: free some space and try again."
    return _last_line(home / "server.log", start) or f"local_aws ended with {code}."


def _last_line(path: Path, start: int) -> str:
    lines = path.read_bytes()[start:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("local-aws: ") if lines else ""


def down(home: Path, wait: float = 20.0) -> Status:
    """Stop the home's server, also one that does not answer; its jobs end with it and run again at the next start.

    A server that does not end within `wait` seconds is killed, which loses nothing that it has acknowledged.
    Raises StartError when something that is no server holds the lock.
    """
    home = home.resolve()
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal(home, number)
        end = time.monotonic() + wait
        while locked(home) and time.monotonic() < end:
            time.sleep(0.02)
    if locked(home):
        raise StartError(f"{home / 'lock'} is held by a process that it does not name: end that process.")
    for process in _started:
        process.poll()  # leaves no zombie of our own behind
    return status(home)


def _signal(home: Path, number: signal.Signals) -> None:
    """To the process whose id the lock holds, as long as the lock is held: never to a stranger with an old id."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
        pid = int((home / "lock").read_text().partition(" ")[0])
        if locked(home):
            os.kill(pid, number)
