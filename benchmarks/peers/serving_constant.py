"""The floor of a WSGI server: the body is read, the answer is always the same."""

from collections.abc import Callable
from typing import Any

ANSWER = b"yes,0.7916489839553833\n"


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response("200 OK", [("Content-Type", "text/csv"), ("Content-Length", str(len(ANSWER)))])
    return [ANSWER]
