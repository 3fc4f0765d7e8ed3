"""What SageMaker writes down by itself: artifacts by their URI, and all about a model package.

Source: "Amazon SageMaker AI-Created Tracking Entities", developer guide. Everything is written inside the transaction
that makes or changes the package.
"""

from collections.abc import Iterable
from typing import Any

from local_aws.lineage import associations
from local_aws.lineage.entities import ACTION, ARTIFACT, CONTEXT, artifact_key
from local_aws.operations import Aws

Document = dict[str, Any]


def artifact(aws: Aws, uri: str, artifact_type: str, more: Document) -> str:
    """The ARN of the one artifact for a URI; the first to name it says what it is."""
    key = artifact_key(uri)
    if aws.store.get(ARTIFACT.store_kind, key):
        return ARTIFACT.arn(aws, key)
    document = {"Source": {"SourceUri": uri, "SourceTypes": []}, "ArtifactType": artifact_type, "Properties": {}}
    return ARTIFACT.put(aws, key, document | more)


def package_registered(aws: Aws, package: Document, uris: Iterable[tuple[str, str]]) -> None:
    """The artifact of a package, its group's context, and what it is made of.

    uris  (artifact type, URI) of the images and models in its containers
    """
    more = {name: package[name] for name in ("MetadataProperties",) if name in package}
    arn = artifact(aws, package["ModelPackageArn"], "ModelPackage", more)
    for artifact_type, uri in uris:
        associations.put(aws, artifact(aws, uri, artifact_type, more), arn, "ContributedTo")
    if group := package.get("ModelPackageGroupName"):
        associations.put(aws, arn, _group(aws, group), "AssociatedWith")
        approval(aws, package)


def approval(aws: Aws, package: Document) -> None:
    """The action that gave a version its approval status: its creation, or a decision about it."""
    status = package["ModelApprovalStatus"]
    moment = int(package.get("LastModifiedTime") or package["CreationTime"])
    name = f"{package['ModelPackageGroupName']}-{package['ModelPackageVersion']}-{status}-{moment}-aws-model-package"
    document = {
        "ActionName": name,
        "ActionType": "Approval",
        "Source": {"SourceUri": package["ModelPackageArn"], "SourceType": "ARN"},
        "Status": "Completed",
        "Properties": {"ModelApprovalStatus": status},
    }
    action = ACTION.put(aws, name, document)
    associations.put(aws, action, ARTIFACT.arn(aws, artifact_key(package["ModelPackageArn"])), "ContributedTo")


def _group(aws: Aws, group: str) -> str:
    name = f"{group}-aws-model-package-group"
    if aws.store.get(CONTEXT.store_kind, name) is None:
        source = {"SourceUri": aws.arn("sagemaker", f"model-package-group/{group}"), "SourceType": "ARN"}
        CONTEXT.put(aws, name, {"ContextName": name, "ContextType": "ModelGroup", "Source": source, "Properties": {}})
    return CONTEXT.arn(aws, name)
