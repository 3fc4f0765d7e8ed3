"""The strict check of a value against a botocore shape: types, required and unknown members, enums, patterns, ranges.

botocore's own ParamValidator leaves out enums, patterns and unknown members; SageMaker does not.
"""

import datetime
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby
from typing import Any

#: Decides whether a value stands for one that is known later (an expression of the definition language).
Deferred = Callable[[Any], bool]


def violations(shape: Any, value: Any, path: str = "", deferred: Deferred = lambda _: False) -> Iterator[str]:
    """One sentence for everything in `value` that `shape` does not allow; nothing when it is valid."""
    if deferred(value):
        return
    check = _CHECKS.get(shape.type_name)
    if check is not None:
        yield from check(shape, value, path, deferred)


#: How services call the key of a tag.
_TAG = frozenset({"Key", "key", "TagKey"})


def tag_violations(tags: Any) -> Iterator[str]:
    """What AWS refuses of tags that its users give, as a list of keys and values or as a map; no shape says it."""
    if isinstance(tags, dict):
        keys = list(map(str, tags))
    else:
        keys = [str(tag[name]) for tag in tags or [] if isinstance(tag, dict) for name in _TAG if name in tag]
    for key in keys:
        if key.lower().startswith("aws:"):
            yield f"Tags: {key!r}: aws: prefixed tag key names are not allowed for external use."
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"Tags: the key {key!r} is given more than once."


def _structure(shape: Any, value: Any, path: str, deferred: Deferred) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong_type(path, value, "an object")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"{path or 'The request'}: the required member {name} is missing."
    for name, item in value.items():
        if name not in shape.members:
            yield f"{path or 'The request'}: {name} is not a member of {shape.name}."
        elif item is not None:
            yield from violations(shape.members[name], item, f"{path}.{name}" if path else name, deferred)
    if shape.is_tagged_union and len([item for item in value.values() if item is not None]) != 1:
        yield f"{path}: exactly one member of {shape.name} must be given."


def _list(shape: Any, value: Any, path: str, deferred: Deferred) -> Iterator[str]:
    if not isinstance(value, list | tuple):
        yield _wrong_type(path, value, "a list")
        return
    yield from _range(shape, len(value), path, "items")
    for index, item in enumerate(value):
        yield from violations(shape.member, item, f"{path}[{index}]", deferred)


def _map(shape: Any, value: Any, path: str, deferred: Deferred) -> Iterator[str]:
    if not isinstance(value, dict):
        yield _wrong_type(path, value, "an object")
        return
    yield from _range(shape, len(value), path, "entries")
    for key, item in value.items():
        yield from violations(shape.key, key, f"{path} (key {key!r})", deferred)
        yield from violations(shape.value, item, f"{path}.{key}", deferred)


def _string(shape: Any, value: Any, path: str, _: Deferred) -> Iterator[str]:
    if not isinstance(value, str):
        yield _wrong_type(path, value, "a string")
        return
    if shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is not one of {', '.join(shape.enum[:12])}{', …' if len(shape.enum) > 12 else ''}."
    yield from _range(shape, len(value), path, "characters")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield f"{path}: {value!r} does not match the pattern {pattern}."


def _integer(shape: Any, value: Any, path: str, _: Deferred) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield _wrong_type(path, value, "an integer")
    else:
        yield from _range(shape, value, path, "")


def _float(shape: Any, value: Any, path: str, _: Deferred) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _wrong_type(path, value, "a number")
    else:
        yield from _range(shape, value, path, "")


def _boolean(_: Any, value: Any, path: str, __: Deferred) -> Iterator[str]:
    if not isinstance(value, bool):
        yield _wrong_type(path, value, "a boolean")


def _timestamp(_: Any, value: Any, path: str, __: Deferred) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int | float | str | datetime.datetime):
        yield _wrong_type(path, value, "a timestamp")


_CHECKS: dict[str, Callable[[Any, Any, str, Deferred], Iterator[str]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _range(shape: Any, number: float, path: str, unit: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    of = f" {unit}" if unit else ""
    if low is not None and number < low:
        yield f"{path}: {number}{of} is below the minimum of {low}."
    if high is not None and number > high:
        yield f"{path}: {number}{of} is above the maximum of {high}."


def _wrong_type(path: str, value: Any, wanted: str) -> str:
    return f"{path or 'The request'}: {type(value).__name__} {str(value)[:80]!r} stands where {wanted} belongs."


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """botocore carries Java's spelling; Python knows no \\p classes and no possessive quantifiers before 3.11."""
    for java, python in _JAVA_CLASSES:
        pattern = pattern.replace(java, python)
    return re.compile(re.sub(r"\\p\{([LMNPSZ][a-z]?)\}", lambda found: _characters(found[1]), pattern), re.DOTALL)


def _characters(category: str) -> str:
    """Those of a general category of Unicode, L or Lu, as the inside of a character class."""
    return "".join(characters for name, characters in _categories().items() if name.startswith(category))


@cache
def _categories() -> dict[str, str]:
    """Unicode's general categories: two letters → their characters, as the inside of a character class."""
    found: dict[str, str] = defaultdict(str)
    for name, run in groupby(map(chr, range(sys.maxunicode + 1)), key=unicodedata.category):
        first, *others = run
        found[name] += f"{re.escape(first)}-{re.escape(others[-1] if others else first)}"
    return found


_JAVA_CLASSES = (
    (r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff"),  # surrogate pairs
    (r"\p{Alnum}", r"a-zA-Z0-9"),
    (r"\p{ASCII}*", r"[\x00-\x7f]*"),
    (r"[\p{Print}]", r"[\x20-\x7e]"),
    (r"\p{Print}", r"[\x20-\x7e]"),
    (r"\z", r"\Z"),
    (r"\p{Graph}", r"\x21-\x7e"),
    (r"\p{ASCII}", r"\x00-\x7f"),
    (r"[\w-_]", r"[\w\-_]"),
    (r"]*)${", r"]){"),  # SageMaker's customer metadata: a length that went astray
)
