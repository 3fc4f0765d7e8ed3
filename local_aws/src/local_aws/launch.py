"""Start, find and stop the server of a home: one server a home, on the port that the home remembers."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local_aws.errors import StartError


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
    """What the home remembers of its server: `Port`, and the `Pid` of the last one."""
    try:
        record: dict[str, Any] = json.loads((home / "server.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return record


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


@contextlib.contextmanager
def only_server(home: Path) -> Iterator[None]:
    """Hold the home's lock for as long as the server lives. Raises StartError when another server holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"A server for {home} is running already.") from None
        yield


def locked(home: Path) -> bool:
    """Whether a server holds the home's lock."""
    try:
        with (home / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def status(home: Path) -> Status:
    """Whether the home's server answers."""
    record = record_of(home)
    port = record.get("Port")
    endpoint = f"http://127.0.0.1:{port}" if port else None
    running = endpoint is not None and locked(home) and _answers(endpoint, home)
    return Status("Running" if running else "Stopped", record.get("Pid") if running else None, endpoint, str(home))


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
        return found
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "local_aws", "serve", "--home", str(home), "--region", region]
    if images:
        command += ["--images", str(images)]
    with (home / "server.log").open("ab") as log:
        start = log.tell()
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, cwd=home
        )
    end = time.monotonic() + wait
    while time.monotonic() < end:
        found = status(home)
        if found.Status == "Running":
            return found
        if process.poll() is not None and not locked(home):
            raise StartError(_last_line(home / "server.log", start) or f"local_aws ended with {process.returncode}.")
        time.sleep(0.02)
    raise StartError(f"local_aws did not answer within {wait:.0f} s; its log is {home / 'server.log'}.")


def _last_line(path: Path, start: int) -> str:
    lines = path.read_bytes()[start:].decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("local-aws: ") if lines else ""


def down(home: Path, wait: float = 20.0) -> Status:
    """Stop the home's server; its jobs end with it and run again at the next start."""
    home = home.resolve()
    found = status(home)
    if found.Pid is None:
        return found
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.Pid, signal.SIGTERM)
    end = time.monotonic() + wait
    while locked(home):
        if time.monotonic() > end:
            os.kill(found.Pid, signal.SIGKILL)
        time.sleep(0.02)
    return status(home)
