"""Expressions of the definition language: `{"Get": …}`, `{"Std:Join": …}`, `{"Std:JsonGet": …}`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FUNCTIONS = ("Get", "Std:Join", "Std:JsonGet")

EXECUTION = {
    "CurrentDateTime": "string",
    "PipelineArn": "string",
    "PipelineExecutionArn": "string",
    "PipelineExecutionId": "string",
    "PipelineName": "string",
    "StartDateTime": "string",
}

_PART = re.compile(r"\.?([A-Za-z0-9_]+)|\[(\d+)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]")


@dataclass(frozen=True)
class Path:
    """`Outputs['train'].S3Uri` as parts: a text for a member or key in brackets, a number for an index."""

    parts: tuple[str | int, ...]

    @classmethod
    def parse(cls, text: str) -> "Path | None":
        """None when the text is no path."""
        parts: list[str | int] = []
        position = 0
        while position < len(text):
            found = _PART.match(text, position)
            if not found:
                return None
            name, index, single, double = found.groups()
            parts.append(int(index) if index is not None else name or single or double)
            position = found.end()
        return cls(tuple(parts)) if parts else None


def is_expression(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in FUNCTIONS


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every expression below `value` with its place, inner ones after the one that holds them."""
    if is_expression(value):
        yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{path}[{index}]")


def step_references(value: Any) -> Iterator[str]:
    """The names of the steps that the expressions below `value` refer to."""
    for _, expression in walk(value, ""):
        target = expression.get("Get")
        if isinstance(target, str) and target.startswith("Steps."):
            yield target.split(".")[1].split("[")[0]
