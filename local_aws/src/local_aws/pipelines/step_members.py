"""The members that steps have beside their arguments: dependencies, caching, retries, property files, conditions."""

from collections.abc import Callable, Iterator
from typing import Any

from local_aws.pipelines import conditions, durations, retries
from local_aws.pipelines.definition import TRIGGERS
from local_aws.pipelines.expressions import is_expression
from local_aws.pipelines.steps.kind import StepKind

Document = dict[str, Any]

_EVERY = frozenset({"Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description"})


def member_violations(raw: Document, kind: StepKind, where: str) -> Iterator[str]:
    """One sentence for everything that is wrong with a step outside of its job's request."""
    for name in sorted(set(raw) - _EVERY - kind.members - kind.own_members):
        yield f"{where}: {name} is not a member of a {kind.name} step."
    for name in ("DisplayName", "Description"):
        if not isinstance(raw.get(name, ""), str):
            yield f"{where}: {name}: a string is needed."
    for name, check in _CHECKS.items():
        if raw.get(name) is not None:
            yield from check(raw[name], raw, f"{where}: {name}")
    if kind.operation is None:
        yield from _OWN_FORM[kind.name](raw["Arguments"], where)


def _depends_on(value: Any, _: Document, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{where}: a list of names of steps is needed."
        return
    for item in value:
        if isinstance(item, dict) and isinstance(item.get("Step"), str) and str(item.get("Trigger")) in TRIGGERS:
            continue
        if not isinstance(item, str):
            yield f"{where}: {item!r} is neither a name of a step nor a Step with a Trigger ({', '.join(TRIGGERS)})."


def _cache_config(value: Any, _: Document, where: str) -> Iterator[str]:
    if not isinstance(value, dict) or not isinstance(value.get("Enabled"), bool):
        yield f"{where}: Enabled, a boolean, is needed."
        return
    for name in sorted(set(value) - {"Enabled", "ExpireAfter"}):
        yield f"{where}: {name} is not a member."
    if "ExpireAfter" in value:
        try:
            durations.seconds(str(value["ExpireAfter"]))
        except ValueError as error:
            yield f"{where}: ExpireAfter: {error}"
    elif value["Enabled"]:
        yield f"{where}: ExpireAfter is needed."


def _property_files(value: Any, raw: Document, where: str) -> Iterator[str]:
    outputs = _output_names(raw["Arguments"])
    for item in value if isinstance(value, list) else [None]:
        members = ("PropertyFileName", "OutputName", "FilePath")
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in members):
            yield f"{where}: a list of objects with {', '.join(members)} is needed."
        elif item["OutputName"] not in outputs:
            yield f"{where}: {item['PropertyFileName']}: the step has no output {item['OutputName']!r}."


def _output_names(arguments: Document) -> set[str]:
    config = arguments.get("ProcessingOutputConfig")
    outputs = config.get("Outputs") if isinstance(config, dict) else None
    listed = outputs if isinstance(outputs, list) else []
    return {str(item.get("OutputName")) for item in listed if isinstance(item, dict)}


_CHECKS: dict[str, Callable[[Any, Document, str], Iterator[str]]] = {
    "DependsOn": _depends_on,
    "CacheConfig": _cache_config,
    "RetryPolicies": lambda value, _, where: retries.violations(value, where),
    "PropertyFiles": _property_files,
}


def _condition(arguments: Document, where: str) -> Iterator[str]:
    for name in sorted(set(arguments) - {"Conditions", "IfSteps", "ElseSteps"}):
        yield f"{where}: Arguments: {name} is not a member."
    for name in ("IfSteps", "ElseSteps"):
        if not isinstance(arguments.get(name, []), list):
            yield f"{where}: Arguments.{name}: a list of steps is needed."
    listed = arguments.get("Conditions")
    if not isinstance(listed, list) or not listed:
        yield f"{where}: Arguments.Conditions: a list of at least one condition is needed."
        return
    for index, item in enumerate(listed):
        yield from conditions.violations(item, f"{where}: Arguments.Conditions[{index}]")


def _fail(arguments: Document, where: str) -> Iterator[str]:
    for name in sorted(set(arguments) - {"ErrorMessage"}):
        yield f"{where}: Arguments: {name} is not a member."
    message = arguments.get("ErrorMessage", "")
    if not isinstance(message, str) and not is_expression(message):
        yield f"{where}: Arguments.ErrorMessage: a string or an expression is needed."


_OWN_FORM: dict[str, Callable[[Document, str], Iterator[str]]] = {"Condition": _condition, "Fail": _fail}
