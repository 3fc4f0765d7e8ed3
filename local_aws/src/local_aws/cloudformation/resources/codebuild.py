"""CodeBuild's projects: their properties are the API's members, in another case."""

from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.resources.calls import call
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.operations import Aws
from local_aws.wire.models import operation_model

#: What a property that a template no longer has goes back to.
_EMPTY: Mapping[str, Any] = {
    "cache": {"type": "NO_CACHE"},
    "concurrentBuildLimit": -1,
    "description": "",
    "encryptionKey": "alias/aws/s3",
    "logsConfig": {},
    "queuedTimeoutInMinutes": 480,
    "secondaryArtifacts": [],
    "secondarySourceVersions": [],
    "secondarySources": [],
    "sourceVersion": "",
    "tags": [],
    "timeoutInMinutes": 60,
    "vpcConfig": {},
}


def _members(properties: Document, operation: str) -> Document:
    shape: Any = operation_model("codebuild", operation).input_shape
    found: Document = _renamed(shape, properties)
    return found


def _renamed(shape: Any, value: Any) -> Any:
    """`BuildSpec` → `buildspec`; what the shape does not have stays, and the strict check refuses it by name."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = {name.lower(): name for name in shape.members}
        return {
            names.get(key.lower(), key): _renamed(shape.members[names[key.lower()]], item)
            if key.lower() in names
            else item
            for key, item in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_renamed(shape.member, item) for item in value]
    return value


def _create(aws: Aws, name: str, properties: Document) -> Made:
    project = call(aws, "codebuild", "CreateProject", **_members(properties | {"Name": name}, "CreateProject"))
    return Made(name, {"Arn": project["project"]["arn"], "Id": name})


def _update(aws: Aws, made: Made, _: Document, now: Document) -> Made:
    given = _members(now | {"Name": made.id}, "UpdateProject")
    call(aws, "codebuild", "UpdateProject", **(dict(_EMPTY) | given))
    return made


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "codebuild", "DeleteProject", name=made.id)


TYPES = (
    ResourceType(
        "AWS::CodeBuild::Project",
        frozenset(
            {
                "Artifacts",
                "Cache",
                "ConcurrentBuildLimit",
                "Description",
                "EncryptionKey",
                "Environment",
                "LogsConfig",
                "Name",
                "QueuedTimeoutInMinutes",
                "SecondaryArtifacts",
                "SecondarySourceVersions",
                "SecondarySources",
                "ServiceRole",
                "Source",
                "SourceVersion",
                "Tags",
                "TimeoutInMinutes",
                "VpcConfig",
            }
        ),
        _create,
        _delete,
        _update,
        name="Name",
    ),
)
