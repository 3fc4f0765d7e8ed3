"""EventBridge's pattern language: what PutRule refuses, and which events a pattern matches.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract.documents import Document

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _differs(operand: Any, value: Any) -> bool:
    return value is not None and value not in (operand if isinstance(operand, list) else [operand])


def _like(operand: Any, value: Any) -> bool:
    """`*` stands for any characters."""
    pattern = ".*".join(map(re.escape, str(operand).split("*")))
    return isinstance(value, str) and re.fullmatch(pattern, value, re.DOTALL) is not None


def _is_range(operand: Any) -> bool:
    """Whether it is a list as `[">", 0, "<=", 5]`."""
    return (
        isinstance(operand, list)
        and len(operand) in (2, 4)
        and all(isinstance(sign, str) and sign in _COMPARISONS for sign in operand[::2])
        and all(map(_is_number, operand[1::2]))
    )


def _within(operand: Any, value: Any) -> bool:
    """All comparisons of the range hold."""
    return (
        _is_number(value)
        and _is_range(operand)
        and all(_COMPARISONS[sign](value, bound) for sign, bound in zip(operand[::2], operand[1::2], strict=True))
    )


#: Operator → whether a value is what its operand asks for; None stands for a field that is not there.
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "exists": lambda operand, value: bool(operand == (value is not None)),
    "prefix": lambda operand, value: isinstance(value, str) and value.startswith(str(operand)),
    "suffix": lambda operand, value: isinstance(value, str) and value.endswith(str(operand)),
    "anything-but": _differs,
    "equals-ignore-case": lambda operand, value: isinstance(value, str) and value.casefold() == str(operand).casefold(),
    "wildcard": _like,
    "numeric": _within,
}


def faults(pattern: Any, place: str = "EventPattern") -> Iterator[str]:
    """What PutRule would refuse."""
    for key, value in pattern.items() if isinstance(pattern, dict) else ():
        if isinstance(value, list):
            yield from _list_faults(value, f"{place}.{key}")
        elif isinstance(value, dict):
            yield from faults(value, f"{place}.{key}")
        else:
            yield f"{place}.{key}: values stand in a list"


def _list_faults(entries: list[Any], place: str) -> Iterator[str]:
    if not entries:
        yield f"{place}: the list is empty"
    for entry in entries:
        if isinstance(entry, dict) and not set(entry) <= set(OPERATORS):
            yield f"{place}: {', '.join(entry)} is no operator"
        if isinstance(entry, dict) and "numeric" in entry and not _is_range(entry["numeric"]):
            yield f'{place}: numeric takes comparisons with numbers, as in [">", 0, "<=", 5]'
        if isinstance(entry, list):
            yield f"{place}: a list stands within the list"


def matches(pattern: Document, event: Document) -> bool:
    """Whether the event matches, by EventBridge's rules: every key of the pattern, one value of each list."""
    return all(_matches(wanted, event.get(key)) for key, wanted in pattern.items())


def _matches(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and matches(wanted, found)
    values = found if isinstance(found, list) else [found]
    return isinstance(wanted, list) and any(_one(entry, value) for entry in wanted for value in values)


def _one(entry: Any, value: Any) -> bool:
    if not isinstance(entry, dict):
        return bool(entry == value)
    return any(OPERATORS[name](operand, value) for name, operand in entry.items() if name in OPERATORS)
