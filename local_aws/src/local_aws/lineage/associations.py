"""Associations: directed, one between two things, of a type that says how the source is related to the destination."""

from collections.abc import Iterator
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.lineage import entities
from local_aws.lineage.entities import TRIAL_COMPONENT
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

KIND = "sagemaker:Association"

_LIMIT = 10

#: Member that a list may be narrowed by, each must be equal.
_FILTERS = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")


def key_of(source: str, destination: str) -> str:
    return f"{source} {destination}"


def put(aws: Aws, source: str, destination: str, kind: str) -> None:
    """Remember an association between two ARNs that exist; inside a transaction."""
    document = {"SourceArn": source, "DestinationArn": destination, "AssociationType": kind}
    aws.store.put(KIND, key_of(source, destination), document | {"CreationTime": aws.clock.now()})


def every(aws: Aws) -> Iterator[Document]:
    """All of them, oldest first."""
    return (document for _, document in aws.store.scan(KIND))


def touching(aws: Aws, arn: str) -> Iterator[Document]:
    """Those with `arn` at one end."""
    return (one for one in every(aws) if arn in (one["SourceArn"], one["DestinationArn"]))


def add(aws: Aws, request: Request) -> Result:
    source, destination = request["SourceArn"], request["DestinationArn"]
    with aws.store.transaction():
        for arn in (source, destination):
            entities.of_arn(arn).get(aws, arn)
        if aws.store.get(KIND, key_of(source, destination)):
            raise AwsError("ValidationException", f"An association from {source} to {destination} already exists.")
        put(aws, source, destination, request.get("AssociationType", "AssociatedWith"))
    return {"SourceArn": source, "DestinationArn": destination}


def delete(aws: Aws, request: Request) -> Result:
    source, destination = request["SourceArn"], request["DestinationArn"]
    if not aws.store.delete(KIND, key_of(source, destination)):
        raise AwsError("ResourceNotFound", f"There is no association from {source} to {destination}.")
    return {"SourceArn": source, "DestinationArn": destination}


def described(aws: Aws, association: Document) -> Document:
    """With type and name of both ends."""
    found = dict(association)
    for end in ("Source", "Destination"):
        arn = association[f"{end}Arn"]
        kind = entities.of_arn(arn)
        document = aws.store.get(kind.store_kind, kind.key_of(arn)) or {}
        found[f"{end}Type"] = type_of(kind, document)
        if name := document.get(kind.name_member):
            found[f"{end}Name"] = name
    return found


def type_of(kind: entities.Kind, document: Document) -> str:
    """`DataSet`, `ModelGroup`, …; of a trial component what its job is: `TrainingJob`."""
    if kind is TRIAL_COMPONENT:
        return str(document.get("Source", {}).get("SourceType", "")).removeprefix("SageMaker")
    return str(document.get(kind.type_member, ""))


def page(aws: Aws, request: Request) -> Result:
    found = every(aws)
    if arn := request.get("SourceArn") or request.get("DestinationArn"):
        found = touching(aws, arn)
    shown = (described(aws, association) for association in found)
    wanted = {name: request[name] for name in _FILTERS if request.get(name)}
    chosen = [one for one in shown if all(one.get(name) == value for name, value in wanted.items())]
    by = {name: name for name in (*_FILTERS, "CreationTime")}
    for one in chosen:
        one["Key"] = key_of(one["SourceArn"], one["DestinationArn"])
    return crud.page(chosen, request, into="AssociationSummaries", name="Key", sort_by=by, size=_LIMIT)


def register(operations: Operations) -> None:
    """The operations on associations, and the deletion of what they associate."""
    operations("AddAssociation")(add)
    operations("DeleteAssociation")(delete)
    operations("ListAssociations")(page)
    for kind in (entities.ARTIFACT, entities.CONTEXT, entities.ACTION):
        operations(f"Delete{kind.noun}")(_deletion(kind))


def _deletion(kind: entities.Kind) -> Any:
    def delete(aws: Aws, request: Request) -> Result:
        arn = kind.get(aws, entities.find(request, kind))[kind.arn_member]
        return entities.delete(aws, kind, request, touching(aws, arn))

    return delete
