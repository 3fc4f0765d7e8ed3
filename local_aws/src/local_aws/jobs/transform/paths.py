"""The part of JSONPath that InputFilter and OutputFilter know.

https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html#data-processing-operators:
`$`, `.name`, `['name', …]`, `[number, …]` with negative numbers, `[start:end]`, `*`. By that page's words and examples
a slice includes its end: `$[1:4]` are the second to the fifth column.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class PathError(Exception):
    """An expression that is none of these, or one that finds nothing; the text says why."""


@dataclass(frozen=True)
class Names:
    """`.name` or `['a','b']`: a member, or an object of several."""

    names: tuple[str, ...]
    many = False

    def of(self, value: Any) -> Iterator[Any]:
        if not isinstance(value, dict):
            raise PathError(f"{self.names[0]!r} is asked of {_called(value)}, which has no attributes.")
        if missing := [name for name in self.names if name not in value]:
            raise PathError(f"There is no attribute {missing[0]!r}.")
        yield value[self.names[0]] if len(self.names) == 1 else {name: value[name] for name in self.names}


@dataclass(frozen=True)
class Span:
    """`start:end`, both included."""

    start: int | None
    end: int | None

    def positions(self, length: int) -> range:
        end = length if self.end in (None, -1) else (self.end or 0) + 1
        return range(length)[self.start : end]


@dataclass(frozen=True)
class Positions:
    """`[0]`, `[1,3,-1]`, `[2:5]`, `[0,5:]`."""

    items: tuple[int | Span, ...]

    @property
    def many(self) -> bool:
        return len(self.items) > 1 or isinstance(self.items[0], Span)

    def within(self, length: int) -> list[int]:
        """The positions of an array of `length` elements. Raises PathError for a number beyond it."""
        found: list[int] = []
        for item in self.items:
            if isinstance(item, Span):
                found.extend(item.positions(length))
            elif -length <= item < length:
                found.append(item % length)
            else:
                raise PathError(f"There is no element {item} among {length}.")
        return found

    def of(self, value: Any) -> Iterator[Any]:
        if not isinstance(value, list):
            raise PathError(f"Elements are asked of {_called(value)}, which is no array.")
        return (value[position] for position in self.within(len(value)))


@dataclass(frozen=True)
class Every:
    """`*`: all elements or all values of the attributes."""

    many = True

    def of(self, value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            return iter(value.values())
        if isinstance(value, list):
            return iter(value)
        raise PathError(f"* is asked of {_called(value)}.")


Step = Names | Positions | Every
Path = tuple[Step, ...]

_NAME = re.compile(r"\.([^.\[\]*'\"()?@,:\s]+)")
_EVERY = re.compile(r"\.\*|\.?\[\s*\*\s*\]")
_BRACKET = re.compile(r"\.?\[([^\]]*)\]")
_QUOTED = re.compile(r"\s*'([^']*)'\s*$|\s*\"([^\"]*)\"\s*$")
_NUMBER = re.compile(r"\s*(-?\d+)\s*$")
_SPAN = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*$")


def parse(text: str) -> Path:
    """The steps of an expression; none for `$`. Raises PathError."""
    if not text.startswith("$"):
        raise PathError(f"{text!r} does not begin with $.")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        if steps and isinstance(steps[-1], Names) and len(steps[-1].names) > 1:
            raise PathError(f"{text!r}: nothing may follow several names.")
        if found := _EVERY.match(text, at):
            steps.append(Every())
        elif found := _NAME.match(text, at):
            steps.append(Names((found[1],)))
        elif found := _BRACKET.match(text, at):
            steps.append(_bracket(found[1], text))
        else:
            raise PathError(f"{text!r} has an operator at character {at + 1} that filters do not know: {text[at:]!r}.")
        at = found.end()
    return tuple(steps)


def _bracket(inside: str, text: str) -> Step:
    parts = re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^,])+", inside)
    names = [_QUOTED.match(part) for part in parts]
    if parts and all(names):
        return Names(tuple((name[1] if name[1] is not None else name[2]) for name in names if name))
    items: list[int | Span] = []
    for part in parts:
        if number := _NUMBER.match(part):
            items.append(int(number[1]))
        elif span := _SPAN.match(part):
            items.append(Span(*(int(end) if end else None for end in span.groups())))
        else:
            raise PathError(f"{text!r}: [{inside}] is neither names, numbers nor a slice.")
    if not items:
        raise PathError(f"{text!r} has an empty bracket.")
    return Positions(tuple(items))


def select(path: Path, value: Any) -> Any:
    """One value, or a list where the path has a slice, a wildcard or several numbers. Raises PathError."""
    found = [value]
    for step in path:
        found = [each for item in found for each in step.of(item)]
    return found if any(step.many for step in path) else found[0]


def columns(path: Path, width: int) -> list[int]:
    """The columns that the path selects of a CSV row of `width` cells, which counts as an array. Raises PathError."""
    if not path or path == (Every(),):
        return list(range(width))
    if len(path) == 1 and isinstance(path[0], Positions):
        return path[0].within(width)
    raise PathError("A CSV row has positions only: $[0], $[1:], $[0,-1].")


def _called(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
