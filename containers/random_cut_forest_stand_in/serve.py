"""`serve` of the image: rows in as CSV, JSON or JSON Lines, `{"scores": [{"score": 1.2}]}` or JSON Lines out.

On AWS the image answers RecordIO as well, which this one refuses by name.
"""

import json
import socket
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from wsgi_stand_in.server import serve  # type: ignore[import-not-found]  # beside it at run time

from contract.errors import InputError
from random_cut_forest import RandomCutForest, merge, serving

#: The first descriptor of socket activation.
LISTENER = 3

MAX_PAYLOAD_MB = 6

StartResponse = Callable[[str, list[tuple[str, str]]], object]
Answer = tuple[HTTPStatus, bytes, str]


class Application:
    """The WSGI callable of one forest."""

    def __init__(self, forest: RandomCutForest) -> None:
        self._forest = forest

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        try:
            status, body, content_type = self._answer(environ)
        except InputError as error:
            status, body, content_type = HTTPStatus.BAD_REQUEST, f"{error}".encode(), "text/plain"
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        path = environ["PATH_INFO"]
        if path == "/ping":
            return HTTPStatus.OK, b"", "application/json"
        if path == "/execution-parameters":
            limits = {"MaxConcurrentTransforms": 1, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": MAX_PAYLOAD_MB}
            return HTTPStatus.OK, json.dumps(limits).encode(), "application/json"
        if path != "/invocations":
            return HTTPStatus.NOT_FOUND, b"", "text/plain"
        body = environ["wsgi.input"].read()
        rows = serving.parse(body, environ.get("CONTENT_TYPE", "text/csv"))
        answer, content_type = serving.respond(self._forest.score(rows), environ.get("HTTP_ACCEPT"))
        return HTTPStatus.OK, answer, content_type


def load(folder: Path) -> RandomCutForest:
    """The forest that the hosts of a training left in `folder`. Raises InputError when there is none."""
    files = sorted(folder.glob("forest-*.npz"))
    if not files:
        raise InputError(f"{folder} holds no forest: ModelDataUrl must be the artefact of this image's training.")
    return merge([RandomCutForest.load(path) for path in files])


def main(folder: Path) -> None:
    try:
        forest = load(folder)
    except InputError as error:
        sys.exit(f"ClientError: {error}")
    serve(Application(forest), socket.socket(fileno=LISTENER))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
