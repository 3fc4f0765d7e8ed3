"""A value against a shape of botocore's service models: types, required and unknown members, enums, patterns, ranges.

botocore's own ParamValidator leaves out enums, patterns and unknown members; AWS does not. Shapes are read by their
attributes alone, so that this room needs no botocore.
"""

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby
from typing import Any

#: (place, value, shape) → the violations of a value that is known later only (an expression), None for any other.
Deferred = Callable[[str, Any, Any], Iterator[str] | None]

SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (str, int, float),
    "blob": (str, bytes),
}

#: What Java's regular expressions have and Python's have not, as service models use it, beside Unicode's categories.
JAVA = (
    (r"\p{Alnum}", "A-Za-z0-9"),
    (r"\p{ASCII}", r"\x00-\x7f"),
    (r"[\p{Print}]", r"[\x20-\x7e]"),
    (r"\p{Print}", r"[\x20-\x7e]"),
    (r"\p{Graph}", r"\x21-\x7e"),
    (r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"),
    (r"[\w-_]", r"[\w\-_]"),
    ("${1,128}", ""),
    ("${1,256}", ""),
)


def violations(value: Any, shape: Any, place: str, deferred: Deferred = lambda *_: None) -> Iterator[str]:
    """One sentence per violation, each beginning with the place. `shape` is a botocore shape."""
    found = deferred(place, value, shape)
    if found is not None:
        yield from found
    elif shape.type_name in SCALARS:
        yield from _scalar(value, shape, place)
    else:
        yield from CONTAINERS[shape.type_name](value, shape, place, deferred)


def _structure(value: Any, shape: Any, place: str, deferred: Deferred) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no object"
        return
    for name in sorted(set(value) - set(shape.members)):
        yield f"{place}.{name}: this member is not known"
    for name in shape.required_members:
        if name not in value:
            yield f"{place}.{name}: this member is missing"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{place}: exactly one of {', '.join(shape.members)} is needed"
    for name, inner in value.items():
        if name in shape.members:
            yield from violations(inner, shape.members[name], f"{place}.{name}", deferred)


def _list(value: Any, shape: Any, place: str, deferred: Deferred) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{place}: {value!r} is no list"
        return
    yield from _range(len(value), shape.metadata, place, "entries")
    for index, inner in enumerate(value):
        yield from violations(inner, shape.member, f"{place}[{index}]", deferred)


def _map(value: Any, shape: Any, place: str, deferred: Deferred) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}: {value!r} is no object"
        return
    yield from _range(len(value), shape.metadata, place, "entries")
    for key, inner in value.items():
        yield from violations(key, shape.key, f"{place} (key {key!r})", deferred)
        yield from violations(inner, shape.value, f"{place}.{key}", deferred)


def _scalar(value: Any, shape: Any, place: str) -> Iterator[str]:
    accepted = SCALARS[shape.type_name]
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
        yield f"{place}: {value!r} is no {shape.type_name}"
    elif isinstance(value, str):
        yield from _text(value, shape, place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _range(value, shape.metadata, place, "")


def _text(value: str, shape: Any, place: str) -> Iterator[str]:
    enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if enum and value not in enum:
        yield f"{place}: {value!r} is not one of the {len(enum)} values that {shape.name} may have"
    yield from _range(len(value), shape.metadata, place, "characters")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield f"{place}: {value!r} does not match {pattern}"


def _range(size: float, limits: Any, place: str, unit: str) -> Iterator[str]:
    shown = f"{size:g} {unit}".rstrip()
    if "min" in limits and size < limits["min"]:
        yield f"{place}: {shown} is below the minimum {limits['min']}"
    if "max" in limits and size > limits["max"]:
        yield f"{place}: {shown} is above the maximum {limits['max']}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in JAVA:
        pattern = pattern.replace(java, python)
    return re.compile(re.sub(r"\\p\{([LMNPSZ][a-z]?)\}", lambda found: _characters(found[1]), pattern))


def _characters(category: str) -> str:
    """Those of a general category, L or Lu, as the inside of a character class."""
    return "".join(characters for name, characters in _categories().items() if name.startswith(category))


@cache
def _categories() -> dict[str, str]:
    """Unicode's general categories: two letters → their characters, as the inside of a character class."""
    found: dict[str, str] = defaultdict(str)
    for name, run in groupby(map(chr, range(sys.maxunicode + 1)), key=unicodedata.category):
        first, *others = run
        found[name] += f"{re.escape(first)}-{re.escape(others[-1] if others else first)}"
    return found


CONTAINERS: dict[str, Callable[[Any, Any, str, Deferred], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
}
