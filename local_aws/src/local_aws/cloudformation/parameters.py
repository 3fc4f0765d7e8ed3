"""Parameters: what a template declares, what a request gives, and whether the one allows the other."""

import re
from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.templates import invalid
from local_aws.errors import NotSupported

Document = dict[str, Any]

_LISTS = ("CommaDelimitedList", "List<String>", "List<Number>")
_TYPES = ("String", "Number", *_LISTS)

#: What Python would take besides (nan, inf, 1_000) is none.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

#: How a NoEcho value is shown.
HIDDEN = "****"


def given(template: Document, request: Document, previous: Mapping[str, str]) -> dict[str, str]:
    """Parameter → text: from the request, what it was (UsePreviousValue), or the default.

    Raises AwsError "ValidationError" for a missing, unknown or forbidden value.
    """
    declared: Document = template.get("Parameters", {})
    sent = {item["ParameterKey"]: item for item in request.get("Parameters") or []}
    if unknown := sorted(sent.keys() - declared.keys()):
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    for name, declaration in declared.items():
        item = sent.get(name, {})
        if item.get("UsePreviousValue"):
            if name not in previous:
                raise invalid(
                    f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true for it."
                )
            values[name] = previous[name]
        elif "ParameterValue" in item:
            values[name] = item["ParameterValue"]
        elif "Default" in declaration:
            values[name] = _text(declaration["Default"])
    if missing := [name for name in declared if name not in values]:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, declaration in declared.items():
        _check(name, declaration, values[name])
    return values


def typed(template: Document, values: Mapping[str, str]) -> Document:
    """What Ref yields: a list for list types, else the text."""
    return {
        name: [part.strip() for part in values[name].split(",")] if declaration["Type"] in _LISTS else values[name]
        for name, declaration in template.get("Parameters", {}).items()
    }


def shown(template: Document, values: Mapping[str, str]) -> list[Document]:
    """As DescribeStacks has them."""
    declared = template.get("Parameters", {})
    return [
        {"ParameterKey": name, "ParameterValue": HIDDEN if is_true(declared.get(name, {}).get("NoEcho")) else value}
        for name, value in values.items()
    ]


def is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(_text, value)) if isinstance(value, list) else str(value)


def check_declarations(template: Document) -> None:
    """Raises AwsError for a parameter of no type or of one that is not done here."""
    for name, declaration in template.get("Parameters", {}).items():
        kind = declaration.get("Type") if isinstance(declaration, dict) else None
        if kind is None:
            raise invalid(f"Template format error: Every Parameters object must contain a Type member. ({name})")
        if str(kind).startswith(("AWS::", "List<AWS::")):
            raise NotSupported(f"the parameter type {kind} ({name})")
        if kind not in _TYPES:
            raise invalid(f"Template format error: Unrecognized parameter type: {kind}")


def _check(name: str, declaration: Document, value: str) -> None:
    allowed = [_text(item) for item in declaration.get("AllowedValues", [])]
    many = declaration["Type"] in _LISTS
    reason = declaration.get("ConstraintDescription")
    for part in [one.strip() for one in value.split(",")] if many else [value]:
        problem = _number(declaration, part) if "Number" in declaration["Type"] else _string(declaration, part)
        if allowed and part not in allowed:
            problem = f"Parameter {name} must be one of AllowedValues"
        if problem:
            hint = f"failed to satisfy constraint: {reason}" if reason else problem
            raise invalid(f"Parameter '{name}' {hint}" if reason else hint.replace("%", name))


def _number(declaration: Document, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        return "Parameter '%' must be a number."
    number = float(text)
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        return f"Parameter '%' must be a number not less than {declaration['MinValue']}"
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        return f"Parameter '%' must be a number not greater than {declaration['MaxValue']}"
    return ""


def _string(declaration: Document, text: str) -> str:
    if "MinLength" in declaration and len(text) < int(declaration["MinLength"]):
        return f"Parameter '%' must contain at least {declaration['MinLength']} characters"
    if "MaxLength" in declaration and len(text) > int(declaration["MaxLength"]):
        return f"Parameter '%' must contain at most {declaration['MaxLength']} characters"
    pattern = declaration.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, text):
        return f"Parameter % failed to satisfy constraint: must match pattern {pattern}"
    return ""
