"""Lines out of a stream of bytes."""

import os
import time

from hypothesis import given
from hypothesis import strategies as st

from local_aws.processes import watch


def read(pieces: list[bytes]) -> tuple[list[bytes], bytes]:
    """The lines, and what has not ended."""
    partial = bytearray()
    found = [line for piece in pieces for line in watch.lines_of(partial, piece)]
    return found, bytes(partial)


@given(st.lists(st.binary(max_size=20).map(lambda piece: piece.replace(b"x", b"\n")), max_size=20))
def test_lines_are_the_same_however_they_come(pieces: list[bytes]) -> None:
    *lines, rest = b"".join(pieces).split(b"\n")
    assert read(pieces) == (lines, rest)


def test_a_line_without_end_is_cut_between_characters() -> None:
    text = "aé€\U0001f600" * 100_000
    encoded = text.encode()
    lines, rest = read([encoded[start : start + (1 << 16)] for start in range(0, len(encoded), 1 << 16)])
    assert max(map(len, lines)) <= watch.LONGEST_LINE
    assert len(lines) == len(encoded) // watch.LONGEST_LINE
    assert "".join(line.decode() for line in [*lines, rest]) == text


def test_bytes_that_are_no_text_are_cut_too() -> None:
    lines, rest = read([b"\x80" * (1 << 20), b"\n"])
    assert b"".join(lines) == b"\x80" * (1 << 20)
    assert rest == b""


def test_fifty_megabytes_in_one_line_take_no_minutes() -> None:
    begun = time.process_time()
    lines, _ = read([os.urandom(1 << 16).replace(b"\n", b" ")] * 800)
    assert len(lines) == 800 * (1 << 16) // watch.LONGEST_LINE
    assert time.process_time() - begun < 5
