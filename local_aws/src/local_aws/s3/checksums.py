"""Checksums that clients send along: verified where Python has the algorithm, kept and given back in any case.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import hashlib
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from local_aws.errors import AwsError
from local_aws.operations import Request


class Hash(Protocol):
    def update(self, content: bytes, /) -> None: ...

    def digest(self) -> bytes: ...


class Crc32:
    """zlib's CRC-32 with hashlib's manners; four bytes, big-endian."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, content: bytes, /) -> None:
        self._value = zlib.crc32(content, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


#: Member of requests and answers → how to compute it; None where neither Python nor zlib can.
MEMBERS: dict[str, Callable[[], Hash] | None] = {
    "ChecksumCRC32": Crc32,
    "ChecksumCRC32C": None,
    "ChecksumCRC64NVME": None,
    "ChecksumMD5": partial(hashlib.md5, usedforsecurity=False),
    "ChecksumSHA1": partial(hashlib.sha1, usedforsecurity=False),
    "ChecksumSHA256": hashlib.sha256,
    "ChecksumSHA512": hashlib.sha512,
    "ChecksumXXHASH64": None,
    "ChecksumXXHASH3": None,
    "ChecksumXXHASH128": None,
}


def new(member: str) -> Hash | None:
    """A hash for a member of `MEMBERS`, None when it can only be kept."""
    make = MEMBERS[member]
    return make() if make else None


def text(made: Hash) -> str:
    """A digest as headers have it."""
    return base64.b64encode(made.digest()).decode()


def sent(request: Request) -> dict[str, str]:
    return {member: request[member] for member in MEMBERS if request.get(member)}


def verify(request: Request, chunks: Iterable[bytes], md5: str) -> dict[str, str]:
    """The checksums in `request`, after those that can be verified agree with the content.

    md5  of the content, hexadecimal, for `Content-MD5`. Raises AwsError "BadDigest" or "InvalidDigest".
    """
    claimed = request.get("ContentMD5")
    if claimed is not None and _decoded(claimed, 16) != bytes.fromhex(md5):
        raise AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    found = sent(request)
    hashes = {member: made for member in found if (made := new(member))}
    if hashes:
        for chunk in chunks:
            for made in hashes.values():
                made.update(chunk)
    for member, made in hashes.items():
        if text(made) != found[member]:
            name = member.removeprefix("Checksum")
            raise AwsError("BadDigest", f"The {name} you specified did not match the calculated checksum.")
    return found


def composite(member: str, parts: list[str]) -> str | None:
    """The checksum of checksums of a multipart upload, `…-N`; None where it cannot be computed."""
    made = new(member)
    if made is None:
        return None
    made.update(b"".join(base64.b64decode(part) for part in parts))
    return f"{text(made)}-{len(parts)}"


def _decoded(text: str, length: int) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        found = b""
    if len(found) != length:
        raise AwsError("InvalidDigest", "The Content-MD5 you specified is not valid.")
    return found
