"""The definition as a whole: its parameters, its steps, and how they hang together."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from model_build.check import conditions, shapes
from model_build.check.expressions import walk
from model_build.check.kinds import TYPES
from model_build.check.references import Scope
from model_build.check.steps import step_violations

TOP = {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps"}

#: Type of a parameter → what its default may be.
PARAMETERS: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


def violations(definition: Any) -> list[str]:
    """One sentence per violation, each beginning with its place. An empty list: AWS would take the definition."""
    if not isinstance(definition, dict) or not isinstance(definition.get("Steps"), list):
        return ["the definition: it is no object with a list of Steps"]
    return list(_violations(definition))


def _violations(definition: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name}: this member is not known" for name in sorted(set(definition) - TOP))
    if definition.get("Version") != "2020-12-01":
        yield f"Version: {definition.get('Version')!r} is not 2020-12-01"
    parameters = definition.get("Parameters", [])
    yield from _parameters(parameters)
    if not definition["Steps"]:
        yield "Steps: there is no step"
    if malformed := [step for step in _every(definition["Steps"]) if not {"Name", "Type", "Arguments"} <= set(step)]:
        yield f"Steps: a step lacks Name, Type or Arguments: {malformed[0].get('Name', malformed[0])}"
        return
    scope = Scope.of(parameters, definition["Steps"])
    yield from _names([step["Name"] for step in _every(definition["Steps"])])
    for step in _every(definition["Steps"]):
        yield from _step(step, scope)
    yield from (f"PipelineExperimentConfig: {fault}" for fault in _experiment(definition, scope))
    yield from scope.cycles()


def _every(steps: list[Any]) -> Iterator[dict[str, Any]]:
    """All steps, those inside of conditions, too."""
    for step in steps:
        yield step
        yield from _every(conditions.branches(step))


def _step(step: dict[str, Any], scope: Scope) -> Iterator[str]:
    name = step["Name"]
    if step["Type"] == "Condition":
        yield from conditions.violations(step, scope)
    elif step["Type"] in TYPES:
        yield from step_violations(step, scope)
    else:
        yield f"{name}: the step type {step['Type']!r} is not known here"
    yield from scope.dependencies(step)


def _names(names: list[str]) -> Iterator[str]:
    shape = shapes.model().shape_for("StepName")
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{name}: {count} steps have this name"
        yield from shapes.check(name, shape, f"the step name {name!r}", _no_expression)


def _parameters(parameters: Any) -> Iterator[str]:
    shape = shapes.model().shape_for("PipelineParameterName")
    for name, count in Counter(parameter.get("Name") for parameter in parameters).items():
        if count > 1:
            yield f"Parameters.{name}: {count} parameters have this name"
        yield from shapes.check(name, shape, f"the parameter name {name!r}", _no_expression)
    for parameter in parameters:
        yield from (f"Parameters.{parameter.get('Name')}: {fault}" for fault in _parameter(parameter))


def _parameter(parameter: dict[str, Any]) -> Iterator[str]:
    known = {"Name", "Type", "DefaultValue", "EnumValues"}
    yield from (f"the member {name} is not known" for name in sorted(set(parameter) - known))
    kind = parameter.get("Type")
    if kind not in PARAMETERS:
        yield f"the type {kind!r} is none of {', '.join(PARAMETERS)}"
        return
    values = parameter.get("EnumValues", [])
    default = parameter.get("DefaultValue")
    for value in [*values, *([default] if default is not None else [])]:
        if not isinstance(value, PARAMETERS[kind]) or (isinstance(value, bool) and kind != "Boolean"):
            yield f"{value!r} is no {kind}"
    if values and kind != "String":
        yield "only a String has EnumValues"
    if values and default is not None and default not in values:
        yield f"the default {default!r} is not one of {values}"


def _experiment(definition: dict[str, Any], scope: Scope) -> Iterator[str]:
    config = definition.get("PipelineExperimentConfig") or {}
    yield from (f"the member {name} is not known" for name in sorted(set(config) - {"ExperimentName", "TrialName"}))
    text = shapes.model().shape_for("ExperimentEntityName")
    for place, expression in walk(config, ""):
        yield from scope.resolve(place.lstrip("."), expression, text)


def _no_expression(place: str, _value: Any, _shape: Any) -> Iterator[str]:
    yield f"{place}: no expression may stand here"
