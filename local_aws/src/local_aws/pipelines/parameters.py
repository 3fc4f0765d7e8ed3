"""The parameters of a pipeline: types, defaults, enums, and the values that an execution is started with."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from local_aws.errors import AwsError

#: Type → the Python types that a value of it may have. A boolean is no number.
TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}

Declaration = dict[str, Any]


def violations(declared: Any) -> Iterator[str]:
    """One sentence for everything that is wrong with the `Parameters` of a definition."""
    if not isinstance(declared, list):
        yield "Parameters: a list is needed."
        return
    names: set[str] = set()
    for index, parameter in enumerate(declared):
        if not isinstance(parameter, dict) or not isinstance(parameter.get("Name"), str) or not parameter["Name"]:
            yield f"Parameters[{index}]: a Name is needed."
            continue
        where = f"The parameter {parameter['Name']}"
        if parameter["Name"] in names:
            yield f"{where} is declared twice."
        names.add(parameter["Name"])
        yield from _declaration(parameter, where)


def _declaration(parameter: Declaration, where: str) -> Iterator[str]:
    kind = parameter.get("Type")
    if not isinstance(kind, str) or kind not in TYPES:
        yield f"{where}: {kind!r} is not one of {', '.join(TYPES)}."
        return
    for name in set(parameter) - {"Name", "Type", "DefaultValue", "EnumValues"}:
        yield f"{where}: {name} is not a member of a parameter."
    if "DefaultValue" in parameter and not fits(kind, parameter["DefaultValue"]):
        yield f"{where}: the default {parameter['DefaultValue']!r} is no {kind}."
    choices = parameter.get("EnumValues")
    if choices is None:
        return
    if kind != "String" or not isinstance(choices, list) or not all(isinstance(item, str) for item in choices):
        yield f"{where}: EnumValues needs a list of strings, for a String."
    elif "DefaultValue" in parameter and parameter["DefaultValue"] not in choices:
        yield f"{where}: the default {parameter['DefaultValue']!r} is not one of {', '.join(choices)}."


def fits(kind: str, value: Any) -> bool:
    """Whether `value` is of the declared type."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return isinstance(value, TYPES[kind]) and (kind == "Boolean") == isinstance(value, bool)


def bind(declared: list[Declaration], given: list[dict[str, str]]) -> dict[str, Any]:
    """Name → typed value of every parameter of an execution.

    given  the `PipelineParameters` of StartPipelineExecution: texts.
    Raises AwsError "ValidationException" for an unknown name, one that is given twice, a value of another type or
    outside of the enum, and for a parameter that has neither a default nor a value.
    """
    by_name = {parameter["Name"]: parameter for parameter in declared}
    values = {name: parameter["DefaultValue"] for name, parameter in by_name.items() if "DefaultValue" in parameter}
    seen: set[str] = set()
    for item in given:
        if item["Name"] in seen:
            raise _invalid(f"The parameter {item['Name']} is given twice.")
        seen.add(item["Name"])
        if item["Name"] not in by_name:
            known = ", ".join(by_name) or "none"
            raise _invalid(f"The pipeline has no parameter {item['Name']}; there are: {known}.")
        values[item["Name"]] = _typed(by_name[item["Name"]], item["Value"])
    for name in by_name:
        if name not in values:
            raise _invalid(f"The parameter {name} has no default value: give one.")
    return values


def _typed(parameter: Declaration, text: str) -> Any:
    kind, name = parameter["Type"], parameter["Name"]
    try:
        value = _READ[kind](text)
    except (ValueError, KeyError):
        value = None
    if not fits(kind, value):
        raise _invalid(f"The parameter {name} is of type {kind}: {text!r} is none.")
    choices = parameter.get("EnumValues")
    if choices and value not in choices:
        raise _invalid(f"The parameter {name}: {text!r} is not one of {', '.join(choices)}.")
    return value


_READ: dict[str, Callable[[str], Any]] = {
    "String": str,
    "Integer": int,
    "Float": float,
    "Boolean": lambda text: {"true": True, "false": False}[text.lower()],
}


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
