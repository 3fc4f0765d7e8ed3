"""Artifacts, contexts and actions: the things that lineage is between, and the trial components that stand for jobs.

Source: "Lineage Tracking Entities", developer guide; API_CreateArtifact, API_CreateContext, API_CreateAction.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """noun      "Artifact": members and operations are called after it
    resource  in its ARN: "artifact"
    identity  the member by which it is described and deleted: "ArtifactArn"
    """

    noun: str
    resource: str
    identity: str

    @property
    def store_kind(self) -> str:
        return f"sagemaker:{self.noun}"

    @property
    def arn_member(self) -> str:
        return f"{self.noun}Arn"

    @property
    def name_member(self) -> str:
        return f"{self.noun}Name"

    @property
    def type_member(self) -> str:
        return f"{self.noun}Type"

    def arn(self, aws: Aws, key: str) -> str:
        return aws.arn("sagemaker", f"{self.resource}/{key}")

    def key_of(self, name_or_arn: str) -> str:
        return name_or_arn.partition(f":{self.resource}/")[2] or name_or_arn

    def get(self, aws: Aws, name_or_arn: str) -> Document:
        """Raises AwsError "ResourceNotFound"."""
        document = aws.store.get(self.store_kind, self.key_of(name_or_arn))
        if document is None:
            raise AwsError("ResourceNotFound", f"{self.noun} {self.arn(aws, self.key_of(name_or_arn))} does not exist.")
        return document

    def put(self, aws: Aws, key: str, document: Document) -> str:
        """Remember a new one, inside a transaction; its ARN."""
        now, arn = aws.clock.now(), self.arn(aws, key)
        made = {self.arn_member: arn, "CreationTime": now, "LastModifiedTime": now}
        aws.store.put(self.store_kind, key, document | made)
        return arn


ARTIFACT = Kind("Artifact", "artifact", "ArtifactArn")
CONTEXT = Kind("Context", "context", "ContextName")
ACTION = Kind("Action", "action", "ActionName")
TRIAL_COMPONENT = Kind("TrialComponent", "experiment-trial-component", "TrialComponentName")

#: What can stand at the end of an association.
KINDS = (ARTIFACT, CONTEXT, ACTION, TRIAL_COMPONENT)


def of_arn(arn: str) -> Kind:
    """Raises AwsError "ValidationException" for the ARN of something else."""
    for kind in KINDS:
        if f":{kind.resource}/" in arn:
            return kind
    raise AwsError("ValidationException", f"{arn} is no artifact, context, action or trial component.")


def artifact_key(source: str) -> str:
    """There is one artifact for a source URI, so that its address can be its name."""
    return hashlib.sha256(source.encode()).hexdigest()[:32]


def _key(kind: Kind, request: Request) -> str:
    return artifact_key(request["Source"]["SourceUri"]) if kind is ARTIFACT else str(request[kind.name_member])


def create(aws: Aws, kind: Kind, request: Request) -> Result:
    with aws.store.transaction():
        key = _key(kind, request)
        if aws.store.get(kind.store_kind, key):
            raise AwsError("ValidationException", f"{kind.noun} {kind.arn(aws, key)} already exists.")
        return {kind.arn_member: kind.put(aws, key, request)}


def update(aws: Aws, kind: Kind, request: Request) -> Result:
    """Properties are added and removed one by one, everything else is replaced."""
    with aws.store.transaction():
        document = kind.get(aws, request[kind.identity])
        removed = request.get("PropertiesToRemove", [])
        properties = document.get("Properties", {}) | request.get("Properties", {})
        replaced = {name: request[name] for name in (kind.name_member, "Description", "Status") if name in request}
        document |= replaced | {"LastModifiedTime": aws.clock.now()}
        document["Properties"] = {name: properties[name] for name in properties if name not in removed}
        aws.store.put(kind.store_kind, kind.key_of(document[kind.arn_member]), document)
    return {kind.arn_member: document[kind.arn_member]}


def delete(aws: Aws, kind: Kind, request: Request, associated: Iterator[Document]) -> Result:
    """Raises AwsError "ValidationException" while there are associations with it."""
    if next(associated, None):
        raise AwsError("ValidationException", f"{kind.noun} has associations; they are to be deleted first.")
    with aws.store.transaction():
        document = kind.get(aws, find(request, kind))
        aws.store.delete(kind.store_kind, kind.key_of(document[kind.arn_member]))
    return {kind.arn_member: document[kind.arn_member]}


def find(request: Request, kind: Kind) -> str:
    """Name, ARN or, for artifacts, the source that a request means."""
    if value := request.get(kind.identity):
        return str(value)
    if kind is ARTIFACT and (source := request.get("Source")):
        return artifact_key(source["SourceUri"])
    raise AwsError("ValidationException", f"{kind.identity} is needed.")


def page(aws: Aws, kind: Kind, request: Request) -> Result:
    found = [document for _, document in aws.store.scan(kind.store_kind)]
    if source := request.get("SourceUri"):
        found = [document for document in found if document["Source"]["SourceUri"] == source]
    return crud.page(
        found,
        request,
        into=f"{kind.noun}Summaries",
        name=kind.name_member if kind is not ARTIFACT else kind.arn_member,
        filters={kind.type_member: kind.type_member},
    )


def register(operations: Operations, kind: Kind) -> None:
    """Create, update, describe and list of a kind."""
    operations(f"Create{kind.noun}")(lambda aws, request: create(aws, kind, request))
    operations(f"Update{kind.noun}")(lambda aws, request: update(aws, kind, request))
    operations(f"Describe{kind.noun}")(lambda aws, request: kind.get(aws, request[kind.identity]))
    operations(f"List{kind.noun}s")(lambda aws, request: page(aws, kind, request))
