"""Bodies on their way in: in pieces, onto a disk that fails, from a client that goes away."""

import asyncio
import hashlib
import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local_aws.wire.http import Body, HttpRequest
from local_aws.wire.receive import PIECE, DisconnectedError, receive_body

PIECES = [b"a" * PIECE, b"b" * PIECE, b"c" * 10]


def received(messages: list[dict[str, Any]], new_file: Callable[[], Path]) -> Body:
    """The body of these messages; all of them must be taken unless the client goes away."""

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    with ThreadPoolExecutor(1) as threads:
        request = HttpRequest("PUT", "/bucket/key", "", {})
        return asyncio.run(receive_body(request, receive, new_file, threads))


def body(pieces: list[bytes]) -> list[dict[str, Any]]:
    return [
        {"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces)}
        for number, piece in enumerate(pieces)
    ]


@pytest.mark.parametrize("pieces", [[b""], [b"a"], PIECES, [*PIECES, b""]], ids=["empty", "small", "large", "no tail"])
def test_it_is_whole(tmp_path: Path, pieces: list[bytes]) -> None:
    found, whole = received(body(pieces), lambda: tmp_path / "spool"), b"".join(pieces)
    assert (found.size, found.md5) == (len(whole), hashlib.md5(whole, usedforsecurity=False).hexdigest())
    assert found.read() == whole


def test_a_disk_that_fails_is_told_after_all_was_read(tmp_path: Path) -> None:
    messages = body(PIECES)
    with pytest.raises(FileNotFoundError):
        received(messages, lambda: tmp_path / "nowhere" / "spool")
    assert messages == []


def test_nothing_stays_of_a_body_whose_end_does_not_fit(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """The last bytes that fit end within a piece, so that some wait in the file's buffer and cannot be flushed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    request.addfinalizer(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before))
    resource.setrlimit(resource.RLIMIT_FSIZE, (PIECE - 10, before[1]))
    with pytest.raises(OSError, match="too large"):
        received(body(PIECES), lambda: tmp_path / "spool")
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_of_a_client_that_goes_away(tmp_path: Path) -> None:
    with pytest.raises(DisconnectedError):
        received([*body([*PIECES, b"d"])[:2], {"type": "http.disconnect"}], lambda: tmp_path / "spool")
    assert list(tmp_path.iterdir()) == []
