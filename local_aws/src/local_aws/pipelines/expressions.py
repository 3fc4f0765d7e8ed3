"""The expressions of the definition language: `Get`, `Std:Join`, `Std:JsonGet`.

Sources: the SageMaker developer guide ("Define a pipeline", "Property files and JsonGet") and what SDK v3 emits.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

Path = tuple[str | int, ...]

EXPRESSIONS = frozenset({"Get", "Std:Join", "Std:JsonGet"})

#: What `Get: Execution.<name>` can name.
EXECUTION_VARIABLES = frozenset(
    {
        "PipelineName",
        "PipelineArn",
        "PipelineExecutionId",
        "PipelineExecutionArn",
        "StartDateTime",
        "CurrentDateTime",
    }
)

#: By which member `list['name']` finds its element, for example Outputs['train'].
_NAMING_MEMBERS = ("OutputName", "InputName", "ChannelName", "MetricName", "Name", "Key")


class ExpressionError(Exception):
    """An expression that has no value; the text is one sentence."""


@dataclass(frozen=True)
class Reference:
    """`Get: Parameters.X`, `Execution.X` or `Steps.X.path`; `path` is empty for the first two."""

    root: str
    name: str
    path: Path = ()


class Scope(Protocol):
    """Where the values of expressions come from. Every method raises ExpressionError when there is none."""

    def parameter(self, name: str) -> Any: ...

    def execution(self, name: str) -> str: ...

    def properties(self, step: str) -> Any:
        """What Describe answers for what the step made."""

    def property_file(self, step: str, name: str) -> Any:
        """The parsed JSON of a property file of a finished step."""

    def json_object(self, uri: str) -> Any:
        """The parsed JSON of an object in S3."""


def is_expression(value: Any) -> bool:
    """Whether `value` stands for one that is known later."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in EXPRESSIONS


@cache
def parse_get(text: str) -> Reference:
    """`"Steps.Train.ModelArtifacts.S3ModelArtifacts"` → its parts. Raises ExpressionError."""
    root, _, rest = text.partition(".")
    found = re.fullmatch(r"([A-Za-z0-9_-]+)(.*)", rest, re.DOTALL)
    if root not in ("Parameters", "Execution", "Steps") or not found:
        raise ExpressionError(f"{text!r} is not Parameters.…, Execution.… or Steps.….")
    if root != "Steps" and found[2]:
        raise ExpressionError(f"{text!r}: nothing can follow {root}.{found[1]}.")
    return Reference(root, found[1], parse_path(found[2]))


_PART = re.compile(
    r"""\.?(?P<name>[^.\[\]'"]+) | \[(?P<index>\d+)\] | \[(?P<quote>['"])(?P<key>.*?)(?P=quote)\]""",
    re.DOTALL | re.VERBOSE,
)


@cache
def parse_path(text: str) -> Path:
    """`".a.b[0]['c d']"` → ("a", "b", 0, "c d"); a leading `$` is allowed. Raises ExpressionError."""
    rest = text.removeprefix("$")
    parts: list[str | int] = []
    position = 0
    while position < len(rest):
        found = _PART.match(rest, position)
        if not found:
            raise ExpressionError(f"{text!r} is not a path of names, [indexes] and ['keys'].")
        key = found["name"] if found["name"] is not None else found["key"]
        parts.append(int(found["index"]) if found["index"] is not None else key)
        position = found.end()
    return tuple(parts)


def look_up(document: Any, path: Path, what: str) -> Any:
    """The value at `path` in a JSON document. Raises ExpressionError that names the part that is missing."""
    value = document
    for part in path:
        found = _into(value, part)
        if found is _MISSING:
            raise ExpressionError(f"{what} has no {part!r} (looked for {_text(path)}).")
        value = found
    return value


_MISSING = object()


def _into(value: Any, part: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(part), _MISSING)
    if isinstance(value, list) and isinstance(part, int):
        return value[part] if part < len(value) else _MISSING
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and any(item.get(member) == part for member in _NAMING_MEMBERS):
                return item
    return _MISSING


def _text(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def evaluate(value: Any, scope: Scope) -> Any:
    """`value` with every expression in it replaced by its value. Raises ExpressionError."""
    if is_expression(value):
        kind, body = next(iter(value.items()))
        return _EVALUATE[kind](body, scope)
    if isinstance(value, dict):
        return {key: evaluate(item, scope) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, scope) for item in value]
    return value


def _get(body: str, scope: Scope) -> Any:
    found = parse_get(body)
    if found.root == "Parameters":
        return scope.parameter(found.name)
    if found.root == "Execution":
        return scope.execution(found.name)
    return look_up(scope.properties(found.name), found.path, f"The step {found.name}")


def _join(body: dict[str, Any], scope: Scope) -> str:
    return str(body["On"]).join(as_text(evaluate(item, scope)) for item in body["Values"])


def as_text(value: Any) -> str:
    """A scalar as `Std:Join` writes it: numbers and booleans as in JSON. Raises ExpressionError for anything else."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        raise ExpressionError(f"{json.dumps(value)[:80]} cannot be joined: a scalar is needed.")
    return json.dumps(value)


def _json_get(body: dict[str, Any], scope: Scope) -> Any:
    if "PropertyFile" in body:
        step, name = property_file_of(body)
        document, what = scope.property_file(step, name), f"The property file {name} of the step {step}"
    else:
        uri = evaluate(body["S3Uri"], scope)
        if not isinstance(uri, str):
            raise ExpressionError(f"Std:JsonGet: S3Uri: {json.dumps(uri)[:80]} is not a string.")
        document, what = scope.json_object(uri), str(uri)
    found = look_up(document, parse_path(body["Path"]), what)
    if found is None or isinstance(found, dict | list):
        raise ExpressionError(f"{what}: {body['Path']} is {json.dumps(found)[:80]}, not a string, number or boolean.")
    return found


def property_file_of(body: dict[str, Any]) -> tuple[str, str]:
    """(step, property file) of `Std:JsonGet`'s first form. Raises ExpressionError."""
    text = body["PropertyFile"].get("Get", "") if isinstance(body["PropertyFile"], dict) else ""
    found = re.fullmatch(r"Steps\.([A-Za-z0-9_-]+)\.PropertyFiles\.(.+)", str(text))
    if not found:
        raise ExpressionError("PropertyFile needs {'Get': 'Steps.<step>.PropertyFiles.<name>'}.")
    return found[1], found[2]


_EVALUATE: dict[str, Callable[[Any, Scope], Any]] = {"Get": _get, "Std:Join": _join, "Std:JsonGet": _json_get}


def walk(value: Any, where: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every expression in `value`, inner ones too: (where it stands, its kind, its body)."""
    if is_expression(value):
        kind, body = next(iter(value.items()))
        yield where, kind, body
        if kind == "Get":
            return
        value = body
    if isinstance(value, dict):
        for key, item in value.items():
            yield from walk(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from walk(item, f"{where}[{index}]")


def steps_in(value: Any) -> set[str]:
    """The steps that `value` refers to."""
    names = set()
    for _, kind, body in walk(value):
        if kind == "Get" and isinstance(body, str):
            found = parse_get(body)
            if found.root == "Steps":
                names.add(found.name)
    return names
