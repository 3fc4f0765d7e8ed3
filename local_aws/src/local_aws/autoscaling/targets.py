"""Scalable targets: what is scaled, and between which bounds."""

from typing import Any

from local_aws.autoscaling import capacity
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

TARGETS = "autoscaling:Target"
POLICIES = "autoscaling:Policy"
ACTIONS = "autoscaling:ScheduledAction"


def key(request: Document) -> str:
    """Where a target stands; its policies and actions follow below it."""
    return f"{request['ScalableDimension']}|{request['ResourceId']}"


def below(request: Document, name: str) -> str:
    """Where a policy or a scheduled action of a target stands."""
    return f"{key(request)}|{name}"


def check(request: Document) -> None:
    """Raises AwsError when the namespace, the dimension and the resource id do not go together."""
    namespace, dimension = request["ServiceNamespace"], request["ScalableDimension"]
    if dimension.partition(":")[0] != namespace:
        raise AwsError("ValidationException", "Unsupported service namespace, resource type or scalable dimension")
    capacity.of(dimension, request["ResourceId"])


def spoken(request: Document) -> str:
    """A target as AWS's messages name it."""
    return (
        f"service namespace: {request['ServiceNamespace']}, resource ID: {request['ResourceId']},"
        f" scalable dimension: {request['ScalableDimension']}"
    )


def find(aws: Aws, request: Document) -> Document:
    """Raises AwsError "ObjectNotFoundException"."""
    target = aws.store.get(TARGETS, key(request))
    if target is None:
        raise AwsError("ObjectNotFoundException", f"No scalable target found for {spoken(request)}")
    return target


def set_bounds(aws: Aws, target: Document, low: int | None, high: int | None) -> Document:
    """The target with other bounds, kept; None leaves one as it is. Inside a transaction."""
    low = target["MinCapacity"] if low is None else low
    high = target["MaxCapacity"] if high is None else high
    if low > high:
        raise AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity")
    resource = target["ResourceId"]
    lowest = capacity.of(target["ScalableDimension"], resource).capacity.lowest(aws, resource)
    if low < lowest:
        raise AwsError("ValidationException", f"Minimum capacity must be at least {lowest}")
    target |= {"MinCapacity": low, "MaxCapacity": high}
    aws.store.put(TARGETS, key(target), target)
    return target


def of_resource(aws: Aws, resource: str) -> list[Document]:
    """The targets registered on a resource, for example endpoint/E/variant/V."""
    return [target for _, target in aws.store.scan(TARGETS) if target["ResourceId"] == resource]


def asked_for(aws: Aws, kind: str, request: Document) -> list[Document]:
    """Targets, policies or actions by the namespace, resource and dimension of a Describe request."""
    return [
        document
        for _, document in aws.store.scan(kind)
        if document["ServiceNamespace"] == request["ServiceNamespace"]
        and request.get("ResourceId") in (None, document["ResourceId"])
        and request.get("ScalableDimension") in (None, document["ScalableDimension"])
    ]
