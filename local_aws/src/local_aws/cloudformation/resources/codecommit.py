"""Repositories of CodeCommit."""

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import NotSupported
from local_aws.operations import Aws


def _create(aws: Aws, name: str, properties: Document) -> Made:
    made = call(
        aws,
        "codecommit",
        "CreateRepository",
        repositoryName=name,
        repositoryDescription=properties.get("RepositoryDescription"),
        kmsKeyId=properties.get("KmsKeyId"),
        tags=tag_map(properties.get("Tags")),
    )["repositoryMetadata"]
    attributes = {"Arn": made["Arn"], "Name": name, "RepositoryId": made["repositoryId"]}
    return Made(
        made["repositoryId"],
        attributes | {"CloneUrlHttp": made["cloneUrlHttp"], "CloneUrlSsh": made["cloneUrlSsh"]},
    )


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    for name in ("RepositoryName", "KmsKeyId"):
        if before.get(name) != now.get(name):
            raise NotSupported(f"an update of {name} of AWS::CodeCommit::Repository")
    name, arn = made.attributes["Name"], made.attributes["Arn"]
    description = now.get("RepositoryDescription")
    call(aws, "codecommit", "UpdateRepositoryDescription", repositoryName=name, repositoryDescription=description)
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "codecommit", "UntagResource", resourceArn=arn, tagKeys=gone)
    if wanted and wanted != held:
        call(aws, "codecommit", "TagResource", resourceArn=arn, tags=wanted)
    return made


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "codecommit", "DeleteRepository", repositoryName=made.attributes["Name"])


TYPES = (
    ResourceType(
        "AWS::CodeCommit::Repository",
        frozenset({"KmsKeyId", "RepositoryDescription", "RepositoryName", "Tags"}),
        _create,
        _delete,
        _update,
        name="RepositoryName",
    ),
)
