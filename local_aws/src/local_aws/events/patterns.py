"""The pattern language of EventBridge: read once, refused with a reason, matched often.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from local_aws.errors import AwsError

#: Whether one value of an event passes; ABSENT stands for a field that is not there.
Test = Callable[[Any], bool]

#: Whether a whole event, or an object in it, passes.
Matcher = Callable[[Mapping[str, Any]], bool]

ABSENT = object()


def invalid(reason: str) -> AwsError:
    return AwsError("InvalidEventPatternException", f"Event pattern is not valid. Reason: {reason}")


@cache
def compile_pattern(text: str) -> Matcher:
    """The matcher of a pattern's JSON. Raises AwsError "InvalidEventPatternException"."""
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise invalid(f"it is not JSON: {error}") from None
    if not isinstance(pattern, dict) or not pattern:
        raise invalid("it must be a JSON object with at least one field")
    return _object(pattern, "the pattern")


def _object(pattern: dict[str, Any], path: str) -> Matcher:
    if not pattern:
        raise invalid(f"empty objects are not allowed: {path}")
    tests = [_alternatives(rule, path) if name == "$or" else _field(name, rule) for name, rule in pattern.items()]
    return lambda event: all(test(event) for test in tests)


def _alternatives(patterns: Any, path: str) -> Matcher:
    if not isinstance(patterns, list) or len(patterns) < 2 or not all(isinstance(item, dict) for item in patterns):
        raise invalid(f"$or in {path} needs a list of at least two objects")
    matchers = [_object(item, path) for item in patterns]
    return lambda event: any(matches(event) for matches in matchers)


def _field(name: str, rule: Any) -> Matcher:
    if isinstance(rule, dict):
        inner = _object(rule, name)
        # A field that is missing may still satisfy {"exists": false} further in.
        return lambda event: any(inner(item) for item in _objects(event.get(name)))
    if not isinstance(rule, list):
        raise invalid(f'"{name}" must be an object or an array')
    if not rule:
        raise invalid(f"empty arrays are not allowed: {name}")
    tests = [_test(item, name) for item in rule]
    return lambda event: any(test(value) for value in _values(event.get(name, ABSENT)) for test in tests)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = [
        item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)
    ]
    return found or [{}]


def _values(value: Any) -> list[Any]:
    """An array in an event passes when one of its values does."""
    if isinstance(value, dict):
        return [ABSENT]
    if not isinstance(value, list):
        return [value]
    return [item for item in value if not isinstance(item, dict | list)] or [ABSENT]


def _test(rule: Any, name: str) -> Test:
    if not isinstance(rule, dict):
        if isinstance(rule, list):
            raise invalid(f"arrays within arrays are not allowed: {name}")
        return _equals(rule)
    if len(rule) != 1:
        raise invalid(f"one operator an object is allowed: {name}")
    ((operator, operand),) = rule.items()
    if operator not in OPERATORS:
        raise invalid(f"Unrecognized match type {operator}")
    return OPERATORS[operator](operand, name)


def _equals(wanted: Any) -> Test:
    """JSON's own equality: true is not 1, and 300.0 is 300."""
    return lambda value: isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


# operators: the operand and the name of the field in, a test out


def _text(operand: Any, operator: str, name: str) -> str:
    if not isinstance(operand, str) or not operand:
        raise invalid(f"{operator} of {name} needs a string")
    return operand


def _on_text(test: Callable[[str], bool]) -> Test:
    return lambda value: isinstance(value, str) and test(value)


def _affix(operator: str, begins: Callable[[str, str], bool]) -> Callable[[Any, str], Test]:
    """prefix and suffix, each also as {"prefix": {"equals-ignore-case": "…"}}."""

    def build(operand: Any, name: str) -> Test:
        if isinstance(operand, dict) and operand.keys() == {"equals-ignore-case"}:
            folded = _text(operand["equals-ignore-case"], operator, name).lower()
            return _on_text(lambda value: begins(value.lower(), folded))
        wanted = _text(operand, operator, name)
        return _on_text(lambda value: begins(value, wanted))

    return build


def _ignore_case(operand: Any, name: str) -> Test:
    wanted = _text(operand, "equals-ignore-case", name).lower()
    return _on_text(lambda value: value.lower() == wanted)


def _wildcard(operand: Any, name: str) -> Test:
    text = _text(operand, "wildcard", name)
    if "**" in text:
        raise invalid(f"consecutive wildcard characters are not allowed: {name}")
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", text)
    if "\\" in parts:
        raise invalid(f"a backslash may stand before * and \\ only: {name}")
    regex = "".join(".*" if part == "*" else re.escape(part[-1] if part[0] == "\\" else part) for part in parts)
    compiled = re.compile(regex, re.DOTALL)
    return _on_text(lambda value: compiled.fullmatch(value) is not None)


def _exists(operand: Any, name: str) -> Test:
    if not isinstance(operand, bool):
        raise invalid(f"exists of {name} needs true or false")
    return lambda value: (value is not ABSENT) == operand


def _cidr(operand: Any, name: str) -> Test:
    try:
        network = ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise invalid(f"cidr of {name} needs an address range such as 10.0.0.0/24") from None

    def within(value: str) -> bool:
        try:
            return ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return _on_text(within)


_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": lambda value, limit: value == limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def _numeric(operand: Any, name: str) -> Test:
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise invalid(f"numeric of {name} needs one or two comparisons")
    pairs = list(zip(operand[::2], operand[1::2], strict=True))
    for symbol, limit in pairs:
        if symbol not in _COMPARISONS:
            raise invalid(f"Unrecognized numeric range operator {symbol}")
        if isinstance(limit, bool) or not isinstance(limit, int | float):
            raise invalid(f"numeric of {name} compares with numbers only")
    if len(pairs) == 2 and (pairs[0][0][0], pairs[1][0][0]) not in ((">", "<"), ("<", ">")):
        raise invalid(f"the two comparisons of numeric must be a lower and an upper bound: {name}")
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(_COMPARISONS[symbol](value, limit) for symbol, limit in pairs)
    )


def _anything_but(operand: Any, name: str) -> Test:
    """A field that is there, with no value that the operand names."""
    if isinstance(operand, dict):
        if len(operand) != 1 or not operand.keys() <= _EXCLUDED:
            raise invalid(f"Unsupported anything-but pattern: {', '.join(operand)}")
        ((operator, inner),) = operand.items()
        refused = [OPERATORS[operator](item, name) for item in (inner if isinstance(inner, list) else [inner])]
    else:
        items = operand if isinstance(operand, list) else [operand]
        if any(isinstance(item, dict | list | bool) or item is None for item in items):
            raise invalid(f"anything-but of {name} needs strings or numbers")
        refused = [_equals(item) for item in items]
    if not refused:
        raise invalid(f"anything-but of {name} is empty")
    return lambda value: value is not ABSENT and not any(test(value) for test in refused)


_EXCLUDED = {"prefix", "suffix", "equals-ignore-case", "wildcard"}

OPERATORS: Mapping[str, Callable[[Any, str], Test]] = {
    "prefix": _affix("prefix", str.startswith),
    "suffix": _affix("suffix", str.endswith),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
