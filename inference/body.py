"""The body of a request, as long as its headers say and no longer than the mode allows."""

from http import HTTPStatus
from typing import Any

from contract.errors import InputError
from inference.refusal import RefusedError
from inference.serving import MEGABYTE

#: Of a body that is too large, so much is read and forgotten: who is still sending would not see the refusal.
PATIENCE = 64 * MEGABYTE
PIECE = 1 << 16


def read(environ: dict[str, Any], largest: int) -> bytes:
    """All of the body; in chunks when the server decodes them and says so (`wsgi.input_terminated`).

    Raises RefusedError (413) beyond `largest` bytes, InputError for a length that is none or is not kept.
    """
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
    if not length:
        body: bytes = stream.read(largest + 1) if environ.get("wsgi.input_terminated") else b""
        if len(body) > largest:
            _forget(stream, PATIENCE)
            raise _too_large("more", largest)
        return body
    if not (length.isascii() and length.isdigit()):
        raise InputError(f"The Content-Length is {length!r:.50}; a whole number is needed.")
    size = int(length) if len(length) < 19 else 10**18
    if size > largest:
        _forget(stream, min(size, PATIENCE))
        raise _too_large(f"{size:,}", largest)
    body = stream.read(size)
    if len(body) < size:
        raise InputError(f"The body ends after {len(body):,} of {size:,} bytes.")
    return body


def _forget(stream: Any, size: int) -> None:
    while size > 0 and (piece := stream.read(min(size, PIECE))):
        size -= len(piece)


def _too_large(size: str, largest: int) -> RefusedError:
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body has {size} bytes, at most {largest:,} are taken at once."
    )
