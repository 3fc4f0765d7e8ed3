"""botocore's service models: which service, which operation, which shapes."""

import re
from functools import cache, cached_property
from typing import Any

from botocore.exceptions import UnknownServiceError
from botocore.loaders import create_loader
from botocore.model import NoShapeFoundError, OperationModel, ServiceModel

#: Names under which clients sign requests, where they differ from botocore's name of the service.
SIGNING_NAMES = {
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
    "elasticloadbalancing": "elbv2",
}

#: Without a session, which would import clients, waiters and their documentation.
_LOADER = create_loader()


@cache
def service_model(name: str) -> ServiceModel:
    """The model of a service by botocore's name. Raises botocore.exceptions.UnknownServiceError."""
    return ServiceModel(_LOADER.load_service_model(name, "service-2"), name)


@cache
def operation_model(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


@cache
def target_prefixes(services: tuple[str, ...]) -> dict[str, str]:
    """The prefix in `X-Amz-Target` → service, for the JSON protocols."""
    return {prefix: name for name in services if (prefix := service_model(name).metadata.get("targetPrefix"))}


#: Codes of SQS that its model no longer has.
_QUERY_CODES = {
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "BatchEntryIdsNotDistinct": "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
    "EmptyBatchRequest": "AWS.SimpleQueueService.EmptyBatchRequest",
    "TooManyEntriesInBatchRequest": "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    "MessageNotInflight": "AWS.SimpleQueueService.MessageNotInflight",
}


@cache
def query_code(service: str, code: str) -> str | None:
    """The code that the query protocol has for an error of a service that once spoke it (SQS, CloudWatch), or None."""
    try:
        model = service_model(service)
        if "awsQueryCompatible" not in model.metadata:
            return None
        found: str | None = model.shape_for(code).metadata.get("error", {}).get("code")
        return found or _QUERY_CODES.get(code)
    except (UnknownServiceError, NoShapeFoundError):
        return None


def map_tags(shape: Any) -> tuple[str, str]:
    """How the keys and the values of a map are called in forms and in XML."""
    return shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")


class Route:
    """One operation of a REST service: method, path pattern, and the query keys that select it."""

    def __init__(self, operation: OperationModel) -> None:
        self.name: str = operation.name
        self.method: str = operation.http["method"]
        path, _, query = operation.http["requestUri"].partition("?")
        flags = dict(part.partition("=")[::2] for part in query.split("&")) if query else {}
        self.flags = {key: value for key, value in flags.items() if key != "x-id"}  # a hint that selects nothing
        self.pattern = re.compile(_pattern(path))
        self.literal = len(re.sub(r"\{[^}]*\}", "", path))
        self._input = operation.input_shape

    @cached_property
    def query_names(self) -> frozenset[str]:
        """Query keys that the operation takes as members."""
        members: dict[str, Any] = self._input.members if self._input else {}
        return frozenset(
            member.serialization.get("name", name)
            for name, member in members.items()
            if member.serialization.get("location") == "querystring"
        )

    @cached_property
    def required_query(self) -> frozenset[str]:
        """Query keys that the operation cannot do without; they tell UploadPart from PutObject."""
        shape: Any = self._input
        required = shape.required_members if shape else []
        return frozenset(
            shape.members[name].serialization.get("name", name)
            for name in required
            if shape.members[name].serialization.get("location") == "querystring"
        )

    @cached_property
    def required_headers(self) -> frozenset[str]:
        """Required headers, lower case; they tell CopyObject from PutObject."""
        shape: Any = self._input
        required = shape.required_members if shape else []
        return frozenset(
            shape.members[name].serialization.get("name", name).lower()
            for name in required
            if shape.members[name].serialization.get("location") == "header"
        )

    def match(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> dict[str, str] | None:
        """The members in the path, or None when the request is not for this operation."""
        if method != self.method or not (found := self.pattern.fullmatch(path)):
            return None
        if any(key not in query or (value and query[key] != value) for key, value in self.flags.items()):
            return None
        if not (self.required_query <= set(query) and self.required_headers <= set(headers)):
            return None
        return found.groupdict()


def _pattern(path: str) -> str:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/") or "/")
    regex = ""
    for part in parts:
        if part.startswith("{"):
            name = part[1:-1]
            regex += f"(?P<{name[:-1]}>.+)" if name.endswith("+") else f"(?P<{name}>[^/]+)"
        else:
            regex += re.escape(part)
    return regex + "/?" if regex != "/" else "/"


@cache
def routes(service: str) -> tuple[Route, ...]:
    """The operations of a REST service, the most specific first."""
    model = service_model(service)
    operations = [model.operation_model(name) for name in model.operation_names]
    found = [
        Route(operation) for operation in operations if not operation.deprecated
    ]  # they share their successors' URI
    return tuple(
        sorted(
            found,
            key=lambda route: (
                -len(route.flags),
                -len(route.required_query),
                -len(route.required_headers),
                -route.literal,
            ),
        )
    )
