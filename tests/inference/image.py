"""The serving stack of the XGBoost image on this machine: its gunicorn, its versions, and nothing it lacks.

As the image starts it with SAGEMAKER_USE_NGINX=false (sagemaker-containers 2.8.6, `_server.py`): gunicorn with gevent
workers. Here it binds a socket file in place of a port, since without a network there is no port to reach.
"""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import Image

#: Each runs the rest without a network of its own, with the model's folder read-only (`$0`); the first that works does.
CAGES: dict[str, list[str]] = {
    "no network, read-only model folder": [
        "unshare", "-n", "-m", "sh", "-c", 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
    ],
    "read-only by its modes alone": ["sh", "-c", 'exec "$@"'],
}  # fmt: skip


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
