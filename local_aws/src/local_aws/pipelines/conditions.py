"""The conditions of a Condition step: one row a type."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from local_aws.pipelines.expressions import ExpressionError

Condition = dict[str, Any]
Resolve = Callable[[Any], Any]


@dataclass(frozen=True)
class Comparison:
    """`LeftValue` and `RightValue`, compared; ordering wants two numbers or two strings."""

    compare: Callable[[Any, Any], bool]
    ordered: bool
    members: tuple[str, ...] = ("LeftValue", "RightValue")

    def holds(self, condition: Condition, resolve: Resolve) -> bool:
        left, right = resolve(condition["LeftValue"]), resolve(condition["RightValue"])
        _comparable(condition["Type"], left, right)
        if self.ordered and isinstance(left, bool):
            raise ExpressionError(f"{condition['Type']} cannot order {left!r} and {right!r}.")
        return self.compare(left, right)


class In:
    """`QueryValue` is one of `Values`."""

    members = ("QueryValue", "Values")

    def holds(self, condition: Condition, resolve: Resolve) -> bool:
        value = resolve(condition["QueryValue"])
        candidates = [resolve(item) for item in condition["Values"]]
        for candidate in candidates:
            _comparable("In", value, candidate)
        return value in candidates


class Not:
    members = ("Condition",)

    def holds(self, condition: Condition, resolve: Resolve) -> bool:
        return not holds(condition["Condition"], resolve)


class Or:
    members = ("Conditions",)

    def holds(self, condition: Condition, resolve: Resolve) -> bool:
        return any(holds(item, resolve) for item in condition["Conditions"])


TYPES: dict[str, Comparison | In | Not | Or] = {
    "Equals": Comparison(operator.eq, ordered=False),
    "GreaterThan": Comparison(operator.gt, ordered=True),
    "GreaterThanOrEqualTo": Comparison(operator.ge, ordered=True),
    "LessThan": Comparison(operator.lt, ordered=True),
    "LessThanOrEqualTo": Comparison(operator.le, ordered=True),
    "In": In(),
    "Not": Not(),
    "Or": Or(),
}


def holds(condition: Condition, resolve: Resolve) -> bool:
    """Whether a checked condition holds. Raises ExpressionError when values cannot be compared."""
    return TYPES[condition["Type"]].holds(condition, resolve)


def _comparable(kind: str, left: Any, right: Any) -> None:
    if _family(left) != _family(right):
        raise ExpressionError(
            f"{kind} cannot compare {left!r} ({_family(left)}) with {right!r} ({_family(right)}): both need one type."
        )


def _family(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    return "number" if isinstance(value, int | float) else "String" if isinstance(value, str) else type(value).__name__


def violations(condition: Any, where: str) -> Iterator[str]:
    """One sentence for everything that is wrong with the form of a condition."""
    kind = TYPES.get(str(condition.get("Type"))) if isinstance(condition, dict) else None
    if kind is None:
        given = condition.get("Type") if isinstance(condition, dict) else condition
        yield f"{where}: {given!r} is not a type of condition; there are {', '.join(TYPES)}."
        return
    for name in kind.members:
        if name not in condition:
            yield f"{where}: the required member {name} is missing."
    for name in set(condition) - {"Type", *kind.members}:
        yield f"{where}: {name} is not a member of the condition {condition['Type']}."
    for name in ("Values", "Conditions"):
        if name in kind.members and name in condition and not isinstance(condition[name], list):
            yield f"{where}.{name}: a list is needed."
            return
    if condition.get("Conditions") == []:
        yield f"{where}.Conditions: at least one condition is needed."
    if "Condition" in condition:
        yield from violations(condition["Condition"], f"{where}.Condition")
    for index, item in enumerate(condition.get("Conditions", [])):
        yield from violations(item, f"{where}.Conditions[{index}]")
