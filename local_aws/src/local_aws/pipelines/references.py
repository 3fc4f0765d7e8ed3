"""The references of a definition: that each leads somewhere, and that no step waits for itself."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local_aws.pipelines.definition import needs, own_arguments, own_members, walk_steps
from local_aws.pipelines.expressions import (
    EXECUTION_VARIABLES,
    ExpressionError,
    Path,
    Reference,
    is_expression,
    parse_get,
    parse_path,
    property_file_of,
    walk,
)
from local_aws.pipelines.steps import KINDS
from local_aws.wire.models import operation_model

Document = dict[str, Any]


def reference_violations(definition: Document) -> Iterator[str]:
    """One sentence for every expression that leads nowhere or is malformed, and every unknown step in a DependsOn."""
    declared = {parameter["Name"] for parameter in definition.get("Parameters") or []}
    steps = {raw["Name"]: raw for raw, _, _ in walk_steps(definition["Steps"])}
    for name, raw in steps.items():
        for item in raw.get("DependsOn") or []:
            other = item["Step"] if isinstance(item, dict) else item
            if other not in steps:
                yield f"The step {name}: DependsOn: there is no step {other!r}."
        for where, kind, body in walk(own_arguments(raw) | own_members(raw)):
            for sentence in _expression(kind, body, declared, steps):
                yield f"The step {name}: {where}: {sentence}"
    for where, kind, body in walk(definition.get("PipelineExperimentConfig") or {}):
        for sentence in _expression(kind, body, declared, {}):
            yield f"PipelineExperimentConfig: {where}: {sentence}"


def _expression(kind: str, body: Any, declared: set[str], steps: dict[str, Document]) -> Iterator[str]:
    try:
        if kind == "Get":
            yield from _get(body, declared, steps)
        elif kind == "Std:Join":
            if not isinstance(body, dict) or set(body) != {"On", "Values"} or not isinstance(body["Values"], list):
                yield "Std:Join needs On and a list Values."
            elif not isinstance(body["On"], str):
                yield f"Std:Join: On: {body['On']!r} is not a string."
        else:
            yield from _json_get(body, steps)
    except ExpressionError as error:
        yield str(error)


def _get(body: Any, declared: set[str], steps: dict[str, Document]) -> Iterator[str]:
    if not isinstance(body, str):
        yield f"Get: {body!r} is not a string."
        return
    found = parse_get(body)
    if found.root == "Parameters" and found.name not in declared:
        yield f"the parameter {found.name} is not declared."
    elif found.root == "Execution" and found.name not in EXECUTION_VARIABLES:
        yield f"{body}: there is no such variable; there are {', '.join(sorted(EXECUTION_VARIABLES))}."
    elif found.root == "Steps":
        if found.name not in steps:
            yield f"{body}: there is no step {found.name}."
        elif found.path[:1] != ("PropertyFiles",):  # those are looked at with their Std:JsonGet
            yield from _property(found, steps[found.name])


def _property(found: Reference, raw: Document) -> Iterator[str]:
    kind = KINDS[raw["Type"]]
    if kind.name == "Condition":
        if found.path != ("Outcome",):
            yield f"the Condition step {found.name} has one property, Outcome."
    elif kind.own_properties:
        if found.path not in {(name,) for name in kind.own_properties}:
            yield f"the {kind.name} step {found.name} has the properties {', '.join(sorted(kind.own_properties))}."
    elif kind.answer is None:
        yield f"the {kind.name} step {found.name} has no properties."
    else:
        shapes: list[Any] = [
            operation_model("sagemaker", answer).output_shape for answer in (*kind.more_answers, kind.answer)
        ]
        fitting = (shape for shape in shapes if found.path and found.path[0] in shape.members)
        _follow(next(fitting, shapes[-1]), found.path, f"the {kind.name} step {found.name}")


def _follow(shape: Any, path: Path, what: str) -> None:
    """Walk a botocore shape along `path`. Raises ExpressionError where it leaves the Describe answer."""
    for part in path:
        kind = shape.type_name
        if kind == "structure" and part in shape.members:
            shape = shape.members[part]
        elif kind == "list":
            shape = shape.member
        elif kind == "map" and isinstance(part, str):
            shape = shape.value
        else:
            raise ExpressionError(
                f"{what} has no property {'.'.join(map(str, path))}: {part!r} is not in {shape.name}."
            )
    if not path:
        raise ExpressionError(f"{what} as a whole is no value: name one of its properties.")


def _json_get(body: Any, steps: dict[str, Document]) -> Iterator[str]:
    forms = ({"PropertyFile", "Path"}, {"S3Uri", "Path"})
    if not isinstance(body, dict) or set(body) not in forms or not isinstance(body["Path"], str):
        yield "Std:JsonGet needs a Path and either PropertyFile or S3Uri."
        return
    parse_path(body["Path"])
    if "PropertyFile" not in body:
        if not isinstance(body["S3Uri"], str) and not is_expression(body["S3Uri"]):
            yield f"Std:JsonGet: S3Uri: {body['S3Uri']!r} is neither a string nor an expression."
        return
    step, name = property_file_of(body)
    known = [item.get("PropertyFileName") for item in steps.get(step, {}).get("PropertyFiles") or []]
    if step in steps and name not in known:
        yield f"the step {step} declares no property file {name!r}."


def cycles(definition: Document) -> Iterator[str]:
    """One sentence when steps wait for each other."""
    graph: dict[str, set[str]] = {}
    for raw, branches, _ in walk_steps(definition["Steps"]):
        graph[raw["Name"]] = {*needs(raw), *(branch.owner for branch in branches)}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"Steps wait for each other in a circle: {' → '.join(reversed(error.args[1]))}."
