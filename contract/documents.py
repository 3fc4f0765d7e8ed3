"""JSON documents with one spelling, so that equal content has equal bytes and an equal hash."""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from contract.errors import InputError

Document = dict[str, Any]
T = TypeVar("T")


def dumps(document: Any) -> str:
    """The canonical text of a JSON document: sorted keys, two spaces, a final newline. NaN is refused."""
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def kind_of(value: Any) -> str:
    """What JSON calls the kind of a value that was read from it."""
    return _KINDS[type(value)]


_KINDS = {dict: "object", list: "array", str: "string", int: "number", float: "number", bool: "boolean"} | {
    type(None): "null"
}


def sha256(content: bytes) -> str:
    """The hash that names bundles, data and artefacts, as 64 hexadecimal characters."""
    return hashlib.sha256(content).hexdigest()


def read(path: Path) -> Document:
    """The document in `path`. Raises InputError when it is missing, no JSON, or no object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing.") from None
    except ValueError as error:  # no UTF-8, no JSON, or a number of thousands of digits
        raise InputError(f"{path} is not a JSON document: {error}.") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deep to be read.") from None
    if not isinstance(document, dict):
        raise InputError(f"{path} holds a JSON {kind_of(document)}, an object is needed.")
    return document


def into(kind: type[T], document: Document, name: str) -> T:
    """The dataclass whose members these are. Raises InputError, with `name`, on unknown or missing ones."""
    try:
        return kind(**document)
    except TypeError as error:
        raise InputError(f"{name} cannot be read: {error}.") from None


def write(path: Path, document: Any) -> None:
    """Write the canonical text to `path`: whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(dumps(document), encoding="utf-8")
    partial.replace(path)
