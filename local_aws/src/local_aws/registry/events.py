"""What EventBridge hears of model packages.

https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from collections.abc import Iterable
from typing import Any

from local_aws.events import bus
from local_aws.operations import Aws

Document = dict[str, Any]

_TOLD = (
    "ModelPackageGroupName",
    "ModelPackageName",
    "ModelPackageVersion",
    "ModelPackageArn",
    "ModelPackageDescription",
    "InferenceSpecification",
    "ModelPackageStatus",
    "ModelPackageStatusDetails",
    "ModelApprovalStatus",
    "ApprovalDescription",
    "ModelMetrics",
    "ModelLifeCycle",
    "CustomerMetadataProperties",
    "SourceUri",
)


def tell(aws: Aws, package: Document, updated: Iterable[str] = ()) -> None:
    """Emit a package's change with its whole state; inside the transaction that makes it.

    updated  members that an update named; none when the package is new. A change of the metadata tells the approval
             status once more, as on AWS, and is known by what it updated.
    """
    detail = {member: package[member] for member in _TOLD if member in package}
    detail |= {"CreationTime": bus.iso(package["CreationTime"]), "CertifyForMarketplace": False}
    if names := list(updated):
        detail["UpdatedModelPackageFields"] = names
    bus.emit(aws, "aws.sagemaker", "SageMaker Model Package State Change", detail, [package["ModelPackageArn"]])
