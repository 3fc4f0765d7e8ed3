"""Requests and responses of SageMaker's Random Cut Forest endpoint.

https://docs.aws.amazon.com/sagemaker/latest/dg/rcf-in-formats.html and cdf-inference.html (the common formats).
"""

import io
import json
from collections.abc import Callable
from email.message import Message
from typing import Any

from contract.errors import InputError
from random_cut_forest.matrix import Matrix, rows_of, rows_of_csv
from random_cut_forest.trees import Floats

BODY = "The body"


def parse(body: bytes, content_type: str) -> Matrix:
    """The rows (n, features) of a request. Raises InputError for another content type and a body that is not of it."""
    reader = READERS.get(_media_type(content_type))
    if reader is None:
        raise InputError(f"The content type {content_type!r} is not supported; these are: {', '.join(READERS)}.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{BODY} is not UTF-8.") from None
    if not text.strip():
        raise InputError(f"{BODY} is empty.")
    return rows_of(reader(text), BODY)


def respond(scores: Floats, accept: str | None = None) -> tuple[bytes, str]:
    """Body and content type for `scores` (n,): JSON, or JSON Lines where `accept` asks for it. Raises InputError."""
    for wanted in (accept or "*/*").split(","):
        media_type = _media_type(wanted)
        media_type = "application/json" if media_type in ("*/*", "application/*") else media_type
        if writer := WRITERS.get(media_type):
            return writer(scores.tolist()).encode(), media_type
    raise InputError(f"Accept is {accept!r}, the answer can be {' or '.join(WRITERS)}.")


def _media_type(header: str) -> str:
    message = Message()
    message["Content-Type"] = header.strip()
    # Message answers text/plain for what it cannot read, "*/*" among it.
    return "*/*" if header.strip().startswith("*/*") else message.get_content_type()


def _csv(text: str) -> Any:
    return rows_of_csv(io.StringIO(text), BODY)


def _json(text: str) -> Any:
    document = _loads(text, BODY)
    if not isinstance(document, dict) or not isinstance(document.get("instances"), list):
        raise InputError(f'{BODY} is not of the form {{"instances": [{{"features": [1.5, 2.5]}}]}}.')
    return [_features(instance, f"instance {index}") for index, instance in enumerate(document["instances"])]


def _json_lines(text: str) -> Any:
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return [_features(_loads(line, f"line {number}"), f"line {number}") for number, line in lines]


def _loads(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON: {error}.") from None


def _features(instance: Any, where: str) -> list[float]:
    """`{"features": […]}`, or as in the common format `{"data": {"features": {"values": […]}}}`."""
    try:
        features = instance["features"] if "features" in instance else instance["data"]["features"]["values"]
        if isinstance(features, dict) or "keys" in instance.get("data", {}).get("features", {}):
            raise InputError(f"{BODY}: sparse features ({where}) are not supported, send all values.")
    except (KeyError, TypeError, AttributeError):
        raise InputError(f'{BODY}: {where} is not of the form {{"features": [1.5, 2.5]}}.') from None
    numbers = isinstance(features, list) and all(type(value) in (int, float) for value in features)
    if not numbers:
        raise InputError(f"{BODY}: the features of {where} are no list of numbers.")
    return list(features)


def _scores_json(scores: list[float]) -> str:
    return json.dumps({"scores": [{"score": score} for score in scores]})


def _scores_json_lines(scores: list[float]) -> str:
    return "".join(json.dumps({"score": score}) + "\n" for score in scores)


READERS: dict[str, Callable[[str], Any]] = {
    "text/csv": _csv,
    "application/json": _json,
    "application/jsonlines": _json_lines,
}

WRITERS: dict[str, Callable[[list[float]], str]] = {
    "application/json": _scores_json,
    "application/jsonlines": _scores_json_lines,
}
