"""`#{namespace.variable}` in the configurations of actions. Pure.

https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from local_aws.errors import AwsError

Document = dict[str, Any]

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@_-]+)\.([A-Za-z0-9@_-]+)\}")

#: Namespaces that a pipeline has by itself.
PIPELINE, CODEPIPELINE = "variables", "codepipeline"
OWN = {"PipelineExecutionId"}


def references(configuration: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(namespace, variable) of every reference."""
    for value in configuration.values():
        yield from ((found[1], found[2]) for found in _REFERENCE.finditer(value))


def scope(execution: Document) -> dict[str, dict[str, str]]:
    """Namespace → variables, as they stand now."""
    return {
        **execution["Namespaces"],
        PIPELINE: {one["name"]: one["resolvedValue"] for one in execution["variables"]},
        CODEPIPELINE: {"PipelineExecutionId": execution["pipelineExecutionId"]},
    }


def resolve(configuration: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The configuration with values in the places of references. Raises AwsError "ConfigurationError"."""

    def value(found: re.Match[str]) -> str:
        space = known.get(found[1], {})
        if found[2] not in space:
            raise AwsError("ConfigurationError", f"The variable {found[0]} has no value: no action has given it one.")
        return space[found[2]]

    return {key: _REFERENCE.sub(value, text) for key, text in configuration.items()}


def given(declared: Document, request: list[Document]) -> list[Document]:
    """Name and resolvedValue of every variable of a pipeline. Raises AwsError "ValidationException"."""
    known = {one["name"]: one.get("defaultValue") for one in declared.get("variables") or []}
    wanted = {one["name"]: one["value"] for one in request}
    if unknown := sorted(wanted.keys() - known.keys()):
        raise AwsError("ValidationException", f"The pipeline {declared['name']} declares no variable {unknown[0]}.")
    found = {name: wanted.get(name, default) for name, default in known.items()}
    if missing := sorted(name for name, value in found.items() if value is None):
        raise AwsError("ValidationException", f"The variable {missing[0]} has no default: a value is needed.")
    return [{"name": name, "resolvedValue": value} for name, value in found.items()]
