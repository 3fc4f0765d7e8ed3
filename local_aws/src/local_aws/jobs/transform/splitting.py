"""A file becomes the bodies of requests, in order and without looking at single lines where many go together.

After SplitType and BatchStrategy of CreateTransformJob; a line keeps its line end.
https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

MEGABYTE = 1 << 20


class PayloadError(Exception):
    """A body is larger than MaxPayloadInMB; the text says which."""


Split = Callable[[BinaryIO, int], Iterator[bytes]]


def whole(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """The file as one body of at most `limit` bytes; 0: of any size. Raises PayloadError."""
    body = file.read(limit + 1) if limit else file.read()
    if limit and len(body) > limit:
        raise PayloadError(
            f"The file has more than the {limit // MEGABYTE} MB of MaxPayloadInMB, and SplitType is None."
        )
    if body:
        yield body


def single_lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """A body a line; empty lines are no records. Raises PayloadError."""
    for number, line in enumerate(file, start=1):
        if len(line) > limit > 0:
            raise _too_long(f"Record {number}", limit)
        if line.strip():
            yield line


def many_lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    """As many whole lines in a body as `limit` bytes hold; 0: all of them. Raises PayloadError."""
    if not limit:
        yield from whole(file, 0)
        return
    rest = b""
    sent = 0
    while content := file.read(limit + 1 - len(rest)):
        rest += content
        if len(rest) <= limit:
            continue
        end = rest.rfind(b"\n", 0, limit) + 1
        if not end:
            raise _too_long(f"The record at byte {sent}", limit)
        yield rest[:end]
        sent += end
        rest = rest[end:]
    if rest:
        yield rest


def _too_long(what: str, limit: int) -> PayloadError:
    return PayloadError(f"{what} has more than the {limit // MEGABYTE} MB of MaxPayloadInMB.")


#: By SplitType and BatchStrategy.
SPLITS: Mapping[tuple[str, str], Split] = {
    ("None", "SingleRecord"): whole,
    ("None", "MultiRecord"): whole,
    ("Line", "SingleRecord"): single_lines,
    ("Line", "MultiRecord"): many_lines,
}
