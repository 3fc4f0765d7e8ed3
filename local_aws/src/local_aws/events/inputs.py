"""What a target gets of an event: all of it, a part, a constant, or a template that is filled in.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

import json
import re
from typing import Any

from local_aws.errors import AwsError

Document = dict[str, Any]

#: What a template may name without a path of its own.
_RESERVED = frozenset(
    {
        "aws.events.rule-arn",
        "aws.events.rule-name",
        "aws.events.event.ingestion-time",
        "aws.events.event",
        "aws.events.event.json",
    }
)

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
_PLACE = re.compile(r"<([A-Za-z0-9._-]+)>")


def steps(path: str) -> list[str | int]:
    """`$.detail.items[0]` → ["detail", "items", 0]. Raises AwsError "ValidationException"."""
    found: list[str | int] = []
    position = 1
    while path[:1] == "$" and position < len(path) and (match := _STEP.match(path, position)):
        found.append(int(match[2]) if match[2] else match[1] or match[3])
        position = match.end()
    if path[:1] != "$" or position != len(path):
        raise AwsError("ValidationException", f"Invalid JSON path: {path}")
    return found


def select(event: Any, path: str) -> Any:
    """The value at `path`, None when there is none."""
    value = event
    for step in steps(path):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def check(target: Document) -> None:
    """Raises AwsError "ValidationException" when the target's input cannot be made."""
    given = [member for member in ("Input", "InputPath", "InputTransformer") if target.get(member) is not None]
    if len(given) > 1:
        raise AwsError("ValidationException", f"Only one of Input, InputPath and InputTransformer: {target['Id']}.")
    if "Input" in given:
        try:
            json.loads(target["Input"])
        except ValueError:
            raise AwsError("ValidationException", f"Input of the target {target['Id']} is not JSON.") from None
    if "InputPath" in given:
        steps(target["InputPath"])
    if "InputTransformer" in given:
        _check_transformer(target)


def _check_transformer(target: Document) -> None:
    paths = target["InputTransformer"].get("InputPathsMap") or {}
    for path in paths.values():
        steps(path)
    unknown = set(_PLACE.findall(target["InputTransformer"]["InputTemplate"])) - set(paths) - _RESERVED
    if unknown:
        raise AwsError(
            "ValidationException",
            f"InputTemplate of the target {target['Id']} names {', '.join(sorted(unknown))},"
            " which InputPathsMap does not have.",
        )


def payload(target: Document, event: Document, rule: Document) -> str:
    """The text that the target gets, JSON in almost every case."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        return json.dumps(select(event, target["InputPath"]))
    if target.get("InputTransformer") is not None:
        return _fill(target["InputTransformer"], event, rule)
    return json.dumps(event)


def _reserved(event: Document, rule: Document) -> Document:
    return {
        "aws.events.rule-arn": rule["Arn"],
        "aws.events.rule-name": rule["Name"],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {key: value for key, value in event.items() if key != "detail"},
        "aws.events.event.json": event,
    }


def _fill(transformer: Document, event: Document, rule: Document) -> str:
    values = _reserved(event, rule)
    values |= {name: select(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    template: str = transformer["InputTemplate"]

    def put(match: re.Match[str]) -> str:
        value = values[match[1]]
        if value is None:
            return ""
        if isinstance(value, str):
            # Within a string only what a string needs escaped; alone, a string with its quotes where JSON is meant.
            text = json.dumps(value)
            return text if _alone(template, match) else text[1:-1]
        return json.dumps(value) if _alone(template, match) else json.dumps(value).replace('"', '\\"')

    return _PLACE.sub(put, template)


def _alone(template: str, match: re.Match[str]) -> bool:
    """Whether the place stands outside of a JSON string."""
    return len(re.findall(r'(?<!\\)"', template[: match.start()])) % 2 == 0
