"""Input and output filters of transform jobs: what one leaves of a record, and which record it leaves as it is wanted.

The part of JSONPath that SageMaker knows is `$`, `.name`, `['name', …]`, `[number, …]`, `*` and `[start:end]`, which
includes its end; a row of CSV counts as an array.
https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-data-processing.html#data-processing-operators
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contract.errors import InputError


@dataclass(frozen=True)
class Names:
    """`.name`, or `['a','b']`: an object of several."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class Positions:
    """`[0]`, `[1,-1]`, `[2:]`, and `*` as `[0:]`: numbers, and slices as pairs of their ends."""

    items: tuple[int | tuple[int | None, int | None], ...]

    @property
    def many(self) -> bool:
        return len(self.items) > 1 or not isinstance(self.items[0], int)

    def within(self, length: int) -> list[int]:
        """The positions in an array of `length` elements. Raises InputError for a number beyond it."""
        found: list[int] = []
        for item in self.items:
            if isinstance(item, tuple):
                start, end = item
                found += range(length)[start : length if end in (None, -1) else (end or 0) + 1]
            elif -length <= item < length:
                found.append(item % length)
            else:
                raise InputError(f"there is no element {item} among {length}")
        return found


Step = Names | Positions
Path = tuple[Step, ...]

EVERY = Positions(((0, None),))

_NAME = re.compile(r"\.([^.\[\]*'\"()?@,:\s]+)")
_EVERY = re.compile(r"\.\*|\.?\[\s*\*\s*\]")
_BRACKET = re.compile(r"\.?\[([^\[\]]+)\]")
_QUOTED = re.compile(r"\s*(?:'([^']*)'|\"([^\"]*)\")\s*")
_NUMBER = re.compile(r"\s*(-?\d+)\s*")
_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*")


def parse(text: str) -> Path:
    """The steps of a filter; none for `$`. Raises InputError, with the place, for what SageMaker does not know."""
    if not text.startswith("$"):
        raise InputError(f"{text!r} does not begin with $")
    steps: list[Step] = []
    at = 1
    while at < len(text):
        if found := _EVERY.match(text, at):
            steps.append(EVERY)
        elif found := _NAME.match(text, at):
            steps.append(Names((found[1],)))
        elif found := _BRACKET.match(text, at):
            steps.append(_bracket(found[1], text))
        else:
            raise InputError(f"{text!r} has no operator of SageMaker's filters at character {at + 1}: {text[at:]!r}")
        at = found.end()
    if any(_ends(step) for step in steps[:-1]):
        raise InputError(f"{text!r}: nothing may follow several names, several numbers, a slice or *")
    return tuple(steps)


def _bracket(inside: str, text: str) -> Step:
    parts = re.findall(r"(?:'[^']*'|\"[^\"]*\"|[^,])+", inside)
    names = [_QUOTED.fullmatch(part) for part in parts]
    if names and all(names):
        return Names(tuple(name[1] if name[1] is not None else name[2] for name in names if name))
    items: list[int | tuple[int | None, int | None]] = []
    for part in parts:
        if number := _NUMBER.fullmatch(part):
            items.append(int(number[1]))
        elif ends := _SLICE.fullmatch(part):
            first, last = (None if end is None else int(end) for end in ends.groups())
            items.append((first, last))
        else:
            raise InputError(f"{text!r}: [{inside}] holds neither names in quotation marks, numbers nor a slice")
    return Positions(tuple(items))


def _ends(step: Step) -> bool:
    return len(step.names) > 1 if isinstance(step, Names) else step.many


def of_rows(path: Path) -> bool:
    """Whether a row of CSV can be filtered so."""
    return all(isinstance(step, Positions) for step in path) and len(path) <= 1


def columns(path: Path, width: int) -> list[int]:
    """The columns that are left of a row of CSV. Raises InputError when the path is none for CSV, or beyond the row."""
    if not path:
        return list(range(width))
    if not of_rows(path) or not isinstance(path[0], Positions):
        raise InputError("a row of CSV has positions only: $[0], $[1:], $[0,-1]")
    return path[0].within(width)


def select(path: Path, value: Any) -> Any:
    """What is left of a JSON document. Raises InputError when the path finds nothing."""
    for step in path:
        if isinstance(step, Names):
            if not isinstance(value, dict) or (lacking := [name for name in step.names if name not in value]):
                raise InputError(
                    f"there is no attribute {(step.names if not isinstance(value, dict) else lacking)[0]!r}"
                )
            value = value[step.names[0]] if len(step.names) == 1 else {name: value[name] for name in step.names}
            continue
        array = list(value.values()) if isinstance(value, dict) and step == EVERY else value
        if not isinstance(array, list):
            raise InputError("elements are asked of what is no array")
        found = [array[position] for position in step.within(len(array))]
        value = found if step.many else found[0]
    return value


# the other way round


def row(path: Path, cells: Sequence[str], filler: str) -> list[str]:
    """The shortest row of CSV of which the filter leaves `cells`. Raises InputError when there is none."""
    for width in range(1, len(cells) + _reach(path) + 1):
        try:
            places = columns(path, width)
        except InputError as error:
            reason = str(error)
            continue
        if len(places) == len(set(places)) == len(cells):
            whole = [filler] * width
            for place, cell in zip(places, cells, strict=True):
                whole[place] = cell
            return whole
        reason = f"it leaves {len(places)} of {width} cells"
    raise InputError(f"no row is left as the {len(cells)} values that the model takes: {reason}")


def _reach(path: Path) -> int:
    """More columns than that beside the wanted ones change nothing."""
    items = [item for step in path if isinstance(step, Positions) for item in step.items]
    ends = [end for item in items for end in (item if isinstance(item, tuple) else (item,))]
    return max((abs(end) + 1 for end in ends if end is not None), default=0)


def document(path: Path, record: Mapping[str, Any]) -> Any:
    """A JSON document of which `record` is left, by name or by position. Raises InputError when there is none."""
    if not path:
        return dict(record)
    value: Any = dict(record)
    for step in reversed(path):
        if isinstance(step, Names) and len(step.names) > 1:
            if set(step.names) != set(record):
                raise InputError(f"it leaves {', '.join(step.names)}, the model takes {', '.join(record)}")
        elif isinstance(step, Names):
            value = {step.names[0]: value}
        elif step.many:
            value = row((step,), list(record.values()), filler="")
        else:
            value = row((step,), [value], filler="")
    return value
