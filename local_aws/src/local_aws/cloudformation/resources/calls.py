"""Calls of the machine's own operations, as strict as those of clients."""

import json
from collections.abc import Iterable
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.wire.models import operation_model
from local_aws.wire.validate import violations

Document = dict[str, Any]

#: What services say of things that are not there.
_GONE = frozenset(
    {
        "NoSuchBucket",
        "NoSuchEntity",
        "NotFound",
        "NotFoundException",
        "ObjectNotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)


def call(aws: Aws, service: str, operation: str, **members: Any) -> Document:
    """The answer of one operation. Values are turned into the types of its input first, as CloudFormation does.

    Raises AwsError as the operation; "ValidationException" when the input does not fit its shape.
    """
    shape: Any = operation_model(service, operation).input_shape
    request = coerced(shape, {name: item for name, item in members.items() if item is not None})
    if service != "s3" and (found := list(violations(shape, request))):
        raise AwsError("ValidationException", " ".join(found))
    answer = aws.handlers[service, operation](aws, request)
    return answer if isinstance(answer, dict) else {}


def coerced(shape: Any, item: Any) -> Any:
    """Text becomes numbers and booleans and the other way round, where the shape wants it; all else stays."""
    kind = shape.type_name
    if kind == "structure" and isinstance(item, dict):
        members = shape.members
        return {name: coerced(members[name], inner) if name in members else inner for name, inner in item.items()}
    if kind == "list" and isinstance(item, list):
        return [coerced(shape.member, inner) for inner in item]
    if kind == "map" and isinstance(item, dict):
        return {name: coerced(shape.value, inner) for name, inner in item.items()}
    return _scalar(kind, item)


def _scalar(kind: str, item: Any) -> Any:
    if kind == "boolean" and isinstance(item, str) and item.lower() in ("true", "false"):
        return item.lower() == "true"
    if kind == "string" and isinstance(item, bool):
        return str(item).lower()
    if kind == "string" and isinstance(item, int | float):
        return str(item)
    number = {"integer": int, "long": int, "float": float, "double": float}.get(kind)
    if number and isinstance(item, str):
        try:
            return number(item)
        except ValueError:
            return item  # the strict check says it
    return item


def gone(error: AwsError) -> bool:
    """Whether an error says that the thing is not there."""
    return error.code in _GONE or (
        error.code == "ValidationException" and ("Could not find" in error.message or "does not exist" in error.message)
    )


def policy(document: Any) -> str:
    """A policy as the APIs take it."""
    return document if isinstance(document, str) else json.dumps(document)


def tag_map(tags: Iterable[Document] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags or []}
