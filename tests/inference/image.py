"""The serving stack of the XGBoost image on this machine: its gunicorn, its versions, and nothing it lacks.

As the image starts it with SAGEMAKER_USE_NGINX=false (sagemaker-containers 2.8.6, `_server.py`): gunicorn with gevent
workers. Here it binds a socket file in place of a port, since without a network there is no port to reach.
"""

import fcntl
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
TOOLS = REPOSITORY / ".tools"
MANIFEST = REPOSITORY / "containers" / "xgboost-3.2-0.txt"

#: What serving touches, with what that needs; XGBoost without the GPU libraries has another name.
NEEDED = ("numpy", "pyarrow", "scipy", "gevent", "gunicorn", "setuptools")
XGBOOST = "xgboost-cpu==3.2.0"
FLASK = ("Flask==3.1.3", "Werkzeug==3.1.8")

#: Each runs the rest without a network of its own, with the model's folder read-only (`$0`); the first that works does.
CAGES: dict[str, list[str]] = {
    "no network, read-only model folder": [
        "unshare", "-n", "-m", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
    ],
    "read-only by its modes alone": ["sh", "-c", 'exec "$@"'],
}  # fmt: skip


class UnavailableError(Exception):
    """The packages of the image cannot be had here; says why."""


@dataclass(frozen=True)
class Image:
    """An environment with the image's packages; `version` is its Python's, and `flask` a folder with Flask in it."""

    python: Path
    version: str
    flask: Path


def packages() -> list[str]:
    """What is installed, pinned as in the image."""
    pinned = [line.split("#")[0].strip() for line in MANIFEST.read_text().splitlines() if "==" in line]
    return [line for line in pinned if line.partition("==")[0] in NEEDED] + [XGBOOST]


def image() -> Image:
    """Made once and kept below .tools/. Raises UnavailableError."""
    wanted = packages()
    interpreter = _python312()
    digest = hashlib.sha256("\n".join([interpreter, *wanted, *FLASK]).encode()).hexdigest()[:12]
    folder = TOOLS / "images" / f"xgboost-3.2-0-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            _uv("venv", "--quiet", "--python", interpreter, str(folder))
            python = str(folder / "bin" / "python")
            _uv("pip", "install", "--quiet", "--python", python, *wanted)
            _uv("pip", "install", "--quiet", "--python", python, "--target", str(folder / "flask"), *FLASK)
            (folder / "complete").touch()
    python = folder / "bin" / "python"
    version = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    return Image(python, version, folder / "flask")


def _uv(*arguments: str) -> None:
    tool = TOOLS / "bin" / "uv"
    if not tool.is_file():
        raise UnavailableError(f"{tool.relative_to(REPOSITORY)} is missing; `make setup` brings it")
    done = subprocess.run([str(tool), *arguments], capture_output=True, text=True)
    if done.returncode:
        reason = " ".join(line.strip() for line in done.stderr.splitlines()[-3:])
        raise UnavailableError(f"uv {arguments[0]} failed: {reason}")


def _python312() -> str:
    """A Python 3.12 as the image has it, or this one where there is none."""
    found = [shutil.which("python3.12"), *map(str, sorted(Path.home().glob(".pyenv/versions/3.12*/bin/python3.12")))]
    for candidate in filter(None, found):
        if subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0:
            return candidate
    return sys.executable


def cage(folder: Path) -> tuple[str, list[str]]:
    """How much can be taken away from a server of the model in `folder` here, and the command that does it."""
    for name, command in CAGES.items():
        if subprocess.run([*command, str(folder), "true"], capture_output=True).returncode == 0:
            return name, [*command, str(folder)]
    raise AssertionError("not even sh runs")


@contextmanager
def served(image: Image, model: Path, caged: list[str], socket_file: Path, **environment: str) -> Iterator["Client"]:
    """gunicorn with inference.app:app out of the artefact in `model`, until the block ends."""
    command = [str(image.python), "-m", "gunicorn", "-k", "gevent", "-w", "1", "--timeout", "60"]
    command += ["-b", f"unix:{socket_file}", "--log-level", "info", "inference.app:app"]
    paths = [str(model / "code"), *filter(None, [environment.pop("PYTHONPATH", None)])]
    settings = {
        "PATH": os.defpath, "SM_MODEL_DIR": str(model), "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1",
        "SAGEMAKER_SERVING_MODULE": "inference.app:app", "SAGEMAKER_USE_NGINX": "false",
    }  # fmt: skip
    log = socket_file.with_suffix(".log")
    with log.open("w") as stream:
        process = subprocess.Popen(
            [*caged, *command], env={**settings, **environment}, cwd="/", stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield Client(socket_file).when_up(process, log)
    finally:
        process.terminate()
        process.wait(30)


@dataclass(frozen=True)
class Client:
    """Requests over a socket file."""

    socket_file: Path

    def when_up(self, process: subprocess.Popen[bytes], log: Path) -> "Client":
        """Waits until /ping answers. Raises AssertionError with the log when the server ends instead."""
        end = time.monotonic() + 60
        while time.monotonic() < end and process.poll() is None:
            try:
                if self("GET", "/ping")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.05)
        process.kill()
        raise AssertionError(log.read_text())

    def __call__(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        connection = http.client.HTTPConnection("localhost", timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self.socket_file))
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.headers.get("Content-Type", ""), response.read()
        finally:
            connection.close()
