"""Condition steps: their conditions and their branches."""

from collections.abc import Iterator
from typing import Any

from model_build.check import shapes
from model_build.check.expressions import is_expression
from model_build.check.references import Scope

COMPARISONS = {"Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"}
MEMBERS = {"Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description"}


def branches(step: dict[str, Any]) -> list[Any]:
    """The steps of both branches; none for a step that is no condition."""
    if step.get("Type") != "Condition" or not isinstance(step.get("Arguments"), dict):
        return []
    return [*step["Arguments"].get("IfSteps", []), *step["Arguments"].get("ElseSteps", [])]


def violations(step: dict[str, Any], scope: Scope) -> Iterator[str]:
    """One sentence per violation in a condition step; the steps of its branches are looked at elsewhere."""
    name, arguments = step["Name"], step["Arguments"]
    yield from (f"{name}.{key}: a Condition step has no such member" for key in sorted(set(step) - MEMBERS))
    known = {"Conditions", "IfSteps", "ElseSteps"}
    yield from (f"{name}.Arguments.{key}: this member is not known" for key in sorted(set(arguments) - known))
    if not arguments.get("Conditions"):
        yield f"{name}.Arguments.Conditions: at least one condition is needed"
    for index, condition in enumerate(arguments.get("Conditions", [])):
        yield from _condition(condition, f"{name}.Arguments.Conditions[{index}]", scope)
    for inner in branches(step):
        if inner.get("Type") == "Condition":
            yield f"{inner.get('Name')}: a Condition step inside of another one is not possible on AWS"
    if not branches(step):
        yield f"{name}: both branches are empty"


def _condition(condition: Any, place: str, scope: Scope) -> Iterator[str]:
    kind = condition.get("Type") if isinstance(condition, dict) else None
    wanted = _WANTED.get(kind or "", COMPARED if kind in COMPARISONS else None)
    if wanted is None:
        yield f"{place}: the type {kind!r} is no condition"
    elif set(condition) != wanted:
        yield f"{place}: a condition of type {kind} has the members {', '.join(sorted(wanted))}"
    elif kind == "Not":
        yield from _condition(condition["Condition"], f"{place}.Condition", scope)
    elif kind == "Or":
        for index, inner in enumerate(condition["Conditions"]):
            yield from _condition(inner, f"{place}.Conditions[{index}]", scope)
    elif kind == "In":
        for value in [condition["QueryValue"], *condition["Values"]]:
            yield from _operand(value, place, scope)
    else:
        yield from _operand(condition["LeftValue"], f"{place}.LeftValue", scope)
        yield from _operand(condition["RightValue"], f"{place}.RightValue", scope)


COMPARED = {"Type", "LeftValue", "RightValue"}
_WANTED = {
    "Not": {"Type", "Condition"},
    "Or": {"Type", "Conditions"},
    "In": {"Type", "QueryValue", "Values"},
}


def _operand(value: Any, place: str, scope: Scope) -> Iterator[str]:
    if is_expression(value):
        yield from scope.resolve(place, value, None)
    elif not isinstance(value, str | int | float | bool):
        yield f"{place}: {value!r} is neither a plain value nor an expression"
    elif isinstance(value, str):
        yield from shapes.check(value, shapes.model().shape_for("String1024"), place, scope.resolve)
