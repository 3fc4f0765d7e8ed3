"""What expressions refer to: declared parameters, steps that run before, members that a description has."""

from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from contract.errors import InputError
from model_build.check import shapes
from model_build.check.expressions import EXECUTION, Path, is_expression, step_references
from model_build.check.kinds import CHECK_MEMBERS, TYPES

#: Parameter type → the scalar that it yields.
YIELDS = {"String": "string", "Integer": "integer", "Float": "float", "Boolean": "boolean"}

#: Scalars of a shape → scalars that may be given for it.
ACCEPTS = {
    "string": {"string", "timestamp"},
    "integer": {"integer", "long"},
    "long": {"integer", "long"},
    "float": {"integer", "long", "float", "double"},
    "double": {"integer", "long", "float", "double"},
    "boolean": {"boolean"},
}


@dataclass(frozen=True)
class Scope:
    """The names of a definition. `branch`: step → the condition it belongs to, "" on the top level."""

    parameters: dict[str, dict[str, Any]]
    steps: dict[str, dict[str, Any]]
    branch: dict[str, str]

    @classmethod
    def of(cls, parameters: list[dict[str, Any]], steps: list[dict[str, Any]]) -> "Scope":
        found: dict[str, dict[str, Any]] = {}
        branch: dict[str, str] = {}
        waiting = [(step, "") for step in steps]
        for step, owner in waiting:
            found[step["Name"]], branch[step["Name"]] = step, owner
            inner = step["Arguments"] if step["Type"] == "Condition" else {}
            for side in ("IfSteps", "ElseSteps"):
                waiting += [(one, f"{step['Name']}.{side}") for one in inner.get(side, [])]
        return cls({parameter.get("Name", ""): parameter for parameter in parameters}, found, branch)

    def resolve(self, place: str, expression: dict[str, Any], shape: Any) -> Iterator[str]:
        """Violations of an expression in the place of `shape` (None: any scalar will do)."""
        (function, argument) = next(iter(expression.items()))
        if function == "Get":
            yield from self._get(place, argument, shape)
        elif function == "Std:Join":
            yield from self._join(place, argument, shape)
        else:
            yield from self._json_get(place, argument)

    def dependencies(self, step: dict[str, Any]) -> Iterator[str]:
        """Violations of `DependsOn`."""
        for entry in step.get("DependsOn", []):
            name = _depends_on(entry)
            if name not in self.steps:
                yield f"{step['Name']}.DependsOn: there is no step {name!r}"

    def cycles(self) -> Iterator[str]:
        """Steps that wait for each other."""
        try:
            TopologicalSorter(self.upstream()).prepare()
        except CycleError as error:
            yield f"{' → '.join(reversed(error.args[1]))}: these steps wait for each other"

    def upstream(self) -> dict[str, set[str]]:
        """Step → the steps it waits for."""
        return {name: set(self._waits_for(step)) & set(self.steps) for name, step in self.steps.items()}

    def _waits_for(self, step: dict[str, Any]) -> Iterator[str]:
        yield from (_depends_on(entry) for entry in step.get("DependsOn", []))
        arguments = step["Arguments"]
        if step["Type"] == "Condition":
            arguments = arguments.get("Conditions", [])
        yield from step_references(arguments)
        yield from step_references([step.get(member) for member in CHECK_MEMBERS])
        owner = self.branch[step["Name"]].split(".")[0]
        if owner:
            yield owner

    def _get(self, place: str, target: Any, shape: Any) -> Iterator[str]:
        kind, _, rest = target.partition(".") if isinstance(target, str) else ("", "", "")
        if kind == "Parameters":
            yield from self._parameter(place, rest, shape)
        elif kind == "Execution":
            if rest not in EXECUTION:
                yield f"{place}: there is no execution variable {rest!r}"
            else:
                yield from _fits(place, target, EXECUTION[rest], shape)
        elif kind == "Steps":
            yield from self._property(place, rest, shape)
        else:
            yield f"{place}: {target!r} begins with none of Parameters, Execution, Steps"

    def _parameter(self, place: str, name: str, shape: Any) -> Iterator[str]:
        if name not in self.parameters:
            yield f"{place}: there is no parameter {name!r}"
            return
        parameter = self.parameters[name]
        yield from _fits(place, f"Parameters.{name}", YIELDS.get(parameter.get("Type", ""), ""), shape)
        if shape is not None:
            values = parameter.get("EnumValues") or [parameter.get("DefaultValue")]
            for value in values:
                if value is not None:
                    yield from shapes.check(value, shape, f"{place} (parameter {name})", self.resolve)

    def _property(self, place: str, rest: str, shape: Any) -> Iterator[str]:
        name, _, members = rest.partition(".")
        if reason := self._unreachable(place, name):
            yield f"{place}: {reason}"
            return
        kind = TYPES.get(self.steps[name]["Type"])
        path = Path.parse(members)
        if kind is None or path is None:
            yield f"{place}: Steps.{rest} is no property of a step"
            return
        if kind.properties:
            if members not in kind.properties:
                yield f"{place}: Steps.{rest}: a {self.steps[name]['Type']} step has no such property"
            else:
                yield from _fits(place, f"Steps.{rest}", "string", shape)
            return
        output = shapes.model().operation_model(kind.describes).output_shape
        found = self._descend(output, path, name)
        if isinstance(found, str):
            yield f"{place}: Steps.{rest}: {found}"
        else:
            yield from _fits(place, f"Steps.{rest}", found.type_name, shape)

    def _unreachable(self, place: str, name: str) -> str | None:
        """Why a reference at `place` cannot be followed to the step, None when it can."""
        here = place.split(".")[0]
        if name not in self.steps:
            return f"there is no step {name!r}"
        if name == here:
            return f"the step {name!r} refers to itself"
        if self.branch[name] and self.branch[name] != self.branch.get(here):
            return f"the step {name!r} runs only within {self.branch[name]}"
        return None

    def _descend(self, shape: Any, path: Path, step: str) -> Any:
        """The shape at `path`, or the reason why there is none."""
        for part in path.parts:
            if shape.type_name == "structure" and part in shape.members:
                shape = shape.members[part]
            elif shape.type_name == "map":
                shape = shape.value
            elif shape.type_name == "list":
                if isinstance(part, str) and part not in _outputs(self.steps[step]):
                    return f"the step has no output {part!r}"
                shape = shape.member
            else:
                return f"{part!r} is no member of {shape.name}"
        return shape

    def _join(self, place: str, argument: Any, shape: Any) -> Iterator[str]:
        if not isinstance(argument, dict) or set(argument) != {"On", "Values"} or not isinstance(argument["On"], str):
            yield f"{place}: Std:Join needs On, a text, and Values"
            return
        yield from _fits(place, "Std:Join", "string", shape)
        for value in argument["Values"]:
            if is_expression(value):
                yield from self.resolve(place, value, None)
            elif isinstance(value, dict | list):
                yield f"{place}: {value} cannot be joined"

    def _json_get(self, place: str, argument: Any) -> Iterator[str]:
        form = set(argument) if isinstance(argument, dict) else set()
        if form not in ({"PropertyFile", "Path"}, {"S3Uri", "Path"}):
            yield f"{place}: Std:JsonGet needs Path, and PropertyFile or S3Uri"
            return
        if not isinstance(argument["Path"], str) or Path.parse(argument["Path"]) is None:
            yield f"{place}: {argument['Path']!r} is no path into a JSON document"
        if "S3Uri" in form:
            if isinstance(argument["S3Uri"], dict):
                yield from self.resolve(place, argument["S3Uri"], shapes.model().shape_for("S3Uri"))
            return
        target = argument["PropertyFile"].get("Get", "") if isinstance(argument["PropertyFile"], dict) else ""
        parts = target.split(".")
        if len(parts) != 4 or parts[0] != "Steps" or parts[2] != "PropertyFiles":
            yield f"{place}: {target!r} is no property file"
        elif reason := self._unreachable(place, parts[1]):
            yield f"{place}: {reason}"
        else:
            files = {entry.get("PropertyFileName") for entry in self.steps[parts[1]].get("PropertyFiles", [])}
            if parts[3] not in files:
                yield f"{place}: the step {parts[1]!r} has no property file {parts[3]!r}"


def downstream(steps: list[dict[str, Any]], first: str) -> list[str]:
    """The steps of the top level that are `first` or wait for it, in the order of the definition.

    Raises InputError when there is no step `first` there.
    """
    names = [step["Name"] for step in steps]
    if first not in names:
        raise InputError(f"There is no step {first!r}; the steps are {', '.join(names)}.")
    waiting = Scope.of([], steps).upstream()
    found = {first}
    while more := {name for name, above in waiting.items() if above & found} - found:
        found |= more
    return [name for name in names if name in found]


def _depends_on(entry: Any) -> str:
    """A step's name in `DependsOn`, which may stand beside a trigger."""
    return str(entry.get("Step") if isinstance(entry, dict) else entry)


def _fits(place: str, what: str, given: str, shape: Any) -> Iterator[str]:
    if shape is None:
        if given not in ("string", "integer", "long", "float", "double", "boolean", "timestamp"):
            yield f"{place}: {what} is a {given}, not a plain value"
    elif given not in ACCEPTS.get(shape.type_name, {shape.type_name}):
        yield f"{place}: {what} is a {given}, a {shape.type_name} is needed"


def _outputs(step: dict[str, Any]) -> set[str]:
    """The keys by which a list in a step's description may be asked: the names of its outputs or channels."""
    arguments = step["Arguments"]
    outputs = arguments.get("ProcessingOutputConfig", {}).get("Outputs", [])
    inputs = arguments.get("ProcessingInputs", [])
    return {entry.get("OutputName") or entry.get("InputName") for entry in [*outputs, *inputs]}
