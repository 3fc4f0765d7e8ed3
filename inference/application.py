"""The web application of endpoints and transform jobs: a bare WSGI callable under SageMaker's serving contract.

`/ping` is 200 as soon as the model is loaded, `/invocations` answers, `/execution-parameters` tells a transform job
how to batch (SageMaker developer guide, "Use your own inference code").
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from contract.errors import InputError
from inference import formats, validation
from inference.formats import Answer
from inference.model import Model

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

MAX_PAYLOAD_MB = 6


@dataclass(frozen=True)
class Response:
    """Status, body and its content type. SageMaker's chains want the plain type, without a charset."""

    status: HTTPStatus
    body: bytes
    content_type: str = formats.JSON


class RefusedError(Exception):
    """A request that cannot be answered: a status of the 4xx and the reason."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Application:
    """Answers with one model."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._routes: dict[str, tuple[str, Callable[[Environ], Response]]] = {
            "/ping": ("GET", self._ping),
            "/invocations": ("POST", self._invocations),
            "/execution-parameters": ("GET", self._execution_parameters),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = self._route(environ)
        except RefusedError as error:
            response = _refusal(error.status, str(error))
        except InputError as error:
            response = _refusal(HTTPStatus.BAD_REQUEST, str(error))
        headers = [("Content-Type", response.content_type), ("Content-Length", str(len(response.body)))]
        start_response(f"{response.status.value} {response.status.phrase}", headers)
        return [response.body]

    def _route(self, environ: Environ) -> Response:
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        if path not in self._routes:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"{path} is none of {', '.join(self._routes)}.")
        expected, answer = self._routes[path]
        if method != expected and (method, expected) != ("HEAD", "GET"):
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {expected}, not {method}.")
        return answer(environ)

    def _ping(self, _environ: Environ) -> Response:
        return Response(HTTPStatus.OK, b"{}\n")

    def _execution_parameters(self, _environ: Environ) -> Response:
        document = {
            "MaxConcurrentTransforms": os.cpu_count() or 1,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": MAX_PAYLOAD_MB,
        }
        return Response(HTTPStatus.OK, json.dumps(document).encode())

    def _invocations(self, environ: Environ) -> Response:
        content_type = _content_type(environ)
        accept = _accept(environ, content_type)
        records = formats.read(_body(environ), content_type, self._model.preprocessor.columns)
        matrix = validation.encode(self._model.encoder, records)
        return Response(HTTPStatus.OK, formats.write(answers(self._model, matrix), accept), accept)


def answers(model: Model, matrix: validation.Matrix) -> list[Answer]:
    """Score and decision for each row of features (rows, features)."""
    scores = model.predict(matrix)
    return [Answer(decision, score) for decision, score in zip(model.decide(scores), scores.tolist(), strict=True)]


def _content_type(environ: Environ) -> str:
    given = environ.get("CONTENT_TYPE") or formats.CSV
    name = formats.name_of(given)
    if name not in formats.READERS:
        known = ", ".join(formats.READERS)
        raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"The content type {given!r} is none of {known}.")
    return name


def _accept(environ: Environ, content_type: str) -> str:
    """The first acceptable format; that of the request when the client does not mind."""
    given = environ.get("HTTP_ACCEPT") or "*/*"
    for choice in given.split(","):
        name = formats.name_of(choice)
        if name in formats.WRITERS:
            return name
        if name in ("*/*", "application/*", "text/*"):
            return content_type
    raise RefusedError(HTTPStatus.NOT_ACCEPTABLE, f"{given!r} asks for none of {', '.join(formats.WRITERS)}.")


def _body(environ: Environ) -> bytes:
    """All of the body. A server that decodes chunks says so, and there is no length then."""
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
    if length:
        body: bytes = stream.read(int(length))
    elif environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = b""
    return body


def _refusal(status: HTTPStatus, reason: str) -> Response:
    return Response(status, json.dumps({"error": reason}, ensure_ascii=False).encode())
