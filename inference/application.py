"""The web application of endpoints and transform jobs: a bare WSGI callable under SageMaker's serving contract.

`/ping` is 200 as soon as the model is loaded, `/invocations` answers, `/execution-parameters` tells a transform job
how to batch (SageMaker developer guide, "Use your own inference code").
"""

import json
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from contract.errors import InputError
from inference import body, formats, writing
from inference.model import Model
from inference.refusal import RefusedError
from inference.scoring import Scorer
from inference.serving import Serving
from inference.single import Single

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

#: Of a transform job that does not say otherwise.
MAX_PAYLOAD_MB = 6

#: What InvokeEndpoint hands over as CustomAttributes: `reasons=3` asks for the three strongest reasons.
ATTRIBUTES = "HTTP_X_AMZN_SAGEMAKER_CUSTOM_ATTRIBUTES"

OK = "200 OK"

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Response:
    """Status, body and its content type. SageMaker's chains want the plain type, without a charset."""

    status: str
    body: bytes
    content_type: str = formats.JSON


class Contract(ABC):
    """SageMaker's serving contract around `invocations`."""

    def __init__(self, serving: Serving | None) -> None:
        self._serving = serving or Serving()
        self._routes: dict[str, tuple[str, Callable[[Environ], Response]]] = {
            "/invocations": ("POST", self.invocations),
            "/ping": ("GET", self._ping),
            "/execution-parameters": ("GET", self._execution_parameters),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            response = self._route(environ)
        except RefusedError as error:
            response = _refusal(error.status, str(error))
        except InputError as error:
            response = _refusal(HTTPStatus.BAD_REQUEST, str(error))
        except Exception:
            # The model's or our own mistake: said in the log, and never an answer.
            logger.exception("A request could not be answered")
            response = _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "The model failed on this request; the log says how.")
        content = response.body
        start_response(
            response.status, [("Content-Type", response.content_type), ("Content-Length", str(len(content)))]
        )
        return [content]

    def _route(self, environ: Environ) -> Response:
        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD", "GET")
        route = self._routes.get(path)
        if route is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"{path:.200} is none of {', '.join(self._routes)}.")
        expected, answer = route
        if method != expected and (method, expected) != ("HEAD", "GET"):
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} takes {expected}, not {method}.")
        return answer(environ)

    def _ping(self, _environ: Environ) -> Response:
        return Response(OK, b"{}\n")

    def _execution_parameters(self, _environ: Environ) -> Response:
        document = {
            "MaxConcurrentTransforms": os.cpu_count() or 1,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": MAX_PAYLOAD_MB,
        }
        return Response(OK, json.dumps(document).encode())

    @abstractmethod
    def invocations(self, environ: Environ) -> Response:
        """The answer to a request. Raises RefusedError or InputError for one that cannot be answered."""


class Application(Contract):
    """Answers with one model."""

    def __init__(self, model: Model, serving: Serving | None = None) -> None:
        super().__init__(serving)
        self._single = Single(model, self._serving)
        self._scorer = Scorer(model, self._serving)

    def invocations(self, environ: Environ) -> Response:
        content = body.read(environ, self._serving.largest)
        source, accept = formats.negotiate(environ.get("CONTENT_TYPE"), environ.get("HTTP_ACCEPT"))
        told = _reasons(environ[ATTRIBUTES]) if ATTRIBUTES in environ else None
        told = self._serving.reasons if told is None else told
        answers = self._single.answer(content) if source == formats.CSV and not told else None
        if answers is None:
            answers = self._scorer.answers(content, source, told)
        return Response(OK, writing.write(answers, accept), accept)


def _reasons(attributes: str) -> int | None:
    """The number in `reasons=3` among other attributes; None without one. Raises InputError when it is none."""
    for attribute in attributes.replace(";", ",").split(","):
        key, _, value = attribute.partition("=")
        if key.strip().lower() == "reasons":
            digits = value.strip()
            if not (digits.isascii() and digits.isdigit()):
                raise InputError(f"The custom attribute reasons is {digits!r:.50}; a whole number is needed.")
            return int(digits) if len(digits) < 19 else 10**18  # all that there are, and Python reads no 5000 digits
    return None


def _refusal(status: HTTPStatus, reason: str) -> Response:
    content = json.dumps({"error": reason}, ensure_ascii=False).encode(errors="replace")
    return Response(f"{status.value} {status.phrase}", content)
