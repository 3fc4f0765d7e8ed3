"""The shadow endpoint: the model's own WSGI callable in a process of its own, asked as SageMaker asks an endpoint.

Run as a program it is that process: PYTHONPATH leads to the artefact's code, and requests come and go as lines of JSON.
"""

import importlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Records of one request.
BATCH = 1000

#: In values of the environment, for the folder of the unpacked model.
MODEL_FOLDER = "{model}"


class RefusedError(Exception):
    """The model does not answer; the message is its own reason."""


class Endpoint:
    """A running model, and how its requests are written (`predictor` of analysis_config.json)."""

    def __init__(self, process: "subprocess.Popen[str]", predictor: Mapping[str, Any]) -> None:
        self._process, self._predictor = process, predictor

    def ask(self, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The answer to each record: what stands on its line. Raises RefusedError."""
        found: list[Any] = []
        for at in range(0, len(records), BATCH):
            found += self._batch(records[at : at + BATCH])
        return found

    def _batch(self, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        lines = [json.dumps(record) for record in records]
        body = self._predictor["content_template"].replace("$records", f"[{', '.join(lines)}]")
        headers = {name: self._predictor[name] for name in ("content_type", "accept_type")}
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"body": body, **headers}) + "\n")
            self._process.stdin.flush()
            said = self._process.stdout.readline()
        except BrokenPipeError:
            said = ""
        if not said:
            raise RefusedError("its process has ended; the log says why")
        answer = json.loads(said)
        if "refused" in answer:
            raise RefusedError(answer["refused"])
        return [json.loads(line) for line in answer["body"].splitlines()]


@contextmanager
def endpoint(archive: Path, environment: Mapping[str, str], predictor: Mapping[str, Any]) -> Iterator[Endpoint]:
    """The model in `archive` (model.tar.gz) with its container's environment. Raises RefusedError for requests that
    this machine cannot write."""
    wanted = {"content_type": "application/json", "accept_type": "application/jsonlines", "record_template":
              "$features_kvp"}  # fmt: skip
    for name, value in wanted.items():
        if predictor.get(name) != value:
            raise RefusedError(f"predictor.{name} is {predictor.get(name)!r}, this machine writes {value!r}")
    if "$records" not in predictor.get("content_template", ""):
        raise RefusedError("predictor.content_template has no $records")
    unpacked = archive.parent / "unpacked"
    with tarfile.open(archive) as tar:
        tar.extractall(unpacked, filter="data")
    own = {name: value.replace(MODEL_FOLDER, str(unpacked)) for name, value in environment.items()}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), environment["SAGEMAKER_SERVING_MODULE"]],
        env={**os.environ, **own, "SM_MODEL_DIR": str(unpacked), "MAX_CONTENT_LENGTH": str(1 << 40)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Endpoint(process, predictor)
    finally:
        process.kill()
        process.wait()


def _serve(callable_: str) -> None:
    """Answer until nobody asks any more. What the model prints goes to the log."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    module, _, name = callable_.partition(":")
    app = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        answers.write(json.dumps(_answer(app, json.loads(line))) + "\n")
        answers.flush()


def _answer(app: Any, request: dict[str, str]) -> dict[str, str]:
    body, told = request["body"].encode(), []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/invocations",
        "CONTENT_TYPE": request["content_type"],
        "HTTP_ACCEPT": request["accept_type"],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    content = b"".join(app(environ, lambda status, _headers: told.append(status))).decode()
    return {"body": content} if told[0].startswith("200") else {"refused": f"{told[0]}: {content[:300]}"}


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file is no place of the model's
    _serve(sys.argv[1])
