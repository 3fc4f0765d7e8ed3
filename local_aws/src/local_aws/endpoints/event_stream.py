"""application/vnd.amazon.eventstream: messages with headers, a payload and two checksums.

https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import struct
from collections.abc import Mapping
from zlib import crc32

CONTENT_TYPE = b"application/vnd.amazon.eventstream"

#: The number of the type string in a header.
_STRING = 7

#: Lengths of the message and of its headers, the checksum of both; and the checksum at the end.
_PRELUDE = struct.Struct("!II")
_CRC = struct.Struct("!I")


def message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One message."""
    lines = b"".join(_header(name, value) for name, value in headers.items())
    total = _PRELUDE.size + 2 * _CRC.size + len(lines) + len(payload)
    prelude = _PRELUDE.pack(total, len(lines))
    content = prelude + _CRC.pack(crc32(prelude)) + lines + payload
    return content + _CRC.pack(crc32(content))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(text)) + text


def event(kind: str, payload: bytes) -> bytes:
    """An event whose payload are bytes."""
    headers = {":message-type": "event", ":event-type": kind, ":content-type": "application/octet-stream"}
    return message(headers, payload)


def exception(kind: str, members: Mapping[str, str]) -> bytes:
    """An exception that ends the stream."""
    headers = {":message-type": "exception", ":exception-type": kind, ":content-type": "application/json"}
    return message(headers, json.dumps(members).encode())
