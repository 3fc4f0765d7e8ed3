"""Model packages: versions of a group's model, and packages that stand alone."""

from collections.abc import Iterable, Iterator
from typing import Any

from local_aws import crud
from local_aws.cards import content
from local_aws.errors import AwsError, NotSupported
from local_aws.idempotency import once
from local_aws.lineage import recording
from local_aws.model_data import require
from local_aws.operations import Aws, Operations, Request, Result
from local_aws.registry import events, groups

Document = dict[str, Any]

KIND = groups.PACKAGES

#: Members of CreateModelPackage that would run jobs or bind things that are not here.
_NOT_SUPPORTED = ("ValidationSpecification", "SourceAlgorithmSpecification", "ManagedStorageType")


def arn_of(aws: Aws, key: str) -> str:
    return aws.arn("sagemaker", f"model-package/{key}")


def key_of(name_or_arn: str) -> str:
    """`arn:…:model-package/credit/3` or `credit/3` → `credit/3`, the key in the store."""
    return name_or_arn.partition(":model-package/")[2] or name_or_arn


def describe(aws: Aws, name_or_arn: str) -> Document:
    """The package. Raises AwsError "ValidationException"."""
    package = aws.store.get(KIND, key_of(name_or_arn))
    if package is None:
        raise AwsError("ValidationException", f"ModelPackage {arn_of(aws, key_of(name_or_arn))} does not exist.")
    return package


def create(aws: Aws, request: Request) -> str:
    """The ARN of a new package, `Completed` at once.

    In a group it gets the next version, and waits for an approval unless the request says otherwise.
    Raises AwsError "ValidationException" when the group or the model's data is not there.
    """
    request = {key: value for key, value in request.items() if value is not None}
    if ("ModelPackageName" in request) == ("ModelPackageGroupName" in request):
        raise AwsError("ValidationException", "Either ModelPackageName or ModelPackageGroupName is needed.")
    for member in _NOT_SUPPORTED:
        if member in request:
            raise NotSupported(f"{member} of CreateModelPackage")
    if request.get("CertifyForMarketplace"):
        raise NotSupported("CertifyForMarketplace of CreateModelPackage")
    _check_card(request)
    for url in model_data_of(request):
        require(aws, url)
    return once(aws, "CreateModelPackage", request.pop("ClientToken", None), request, lambda: _add(aws, request))


def _add(aws: Aws, request: Request) -> str:
    if group := request.get("ModelPackageGroupName"):
        name, version = groups.name_of(group), groups.next_version(aws, group)
        key = f"{name}/{version}"
        identity = {"ModelPackageName": name, "ModelPackageGroupName": name, "ModelPackageVersion": version}
        approval = {"ModelApprovalStatus": request.get("ModelApprovalStatus", "PendingManualApproval")}
    else:
        key, identity, approval = request["ModelPackageName"], {}, {}
        if aws.store.get(KIND, key):
            raise AwsError("ValidationException", f"Model package already exists: {arn_of(aws, key)}")
    arn = arn_of(aws, key)
    made = {
        "ModelPackageArn": arn,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CreationTime": aws.clock.now(),
    }
    package = request | identity | approval | made
    _save(aws, key, package)
    recording.package_registered(aws, package, _made_of(request))
    return arn


def _save(aws: Aws, key: str, package: Document, updated: Iterable[str] = ()) -> None:
    """Where every change of a package passes."""
    aws.store.put(KIND, key, package)
    events.tell(aws, package, updated)


def model_data_of(request: Request) -> Iterator[str]:
    """The S3 URIs of the models in a package's inference specifications."""
    specifications = [request.get("InferenceSpecification") or {}]
    specifications += request.get("AdditionalInferenceSpecifications") or []
    for specification in specifications:
        for container in specification.get("Containers", []):
            source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
            if url := container.get("ModelDataUrl") or source.get("S3Uri"):
                yield url


def _made_of(request: Request) -> Iterator[tuple[str, str]]:
    """(artifact type, URI) of the images and models in a package's containers."""
    for container in request.get("InferenceSpecification", {}).get("Containers", []):
        if image := container.get("Image"):
            yield "Image", image
    yield from (("Model", url) for url in model_data_of(request))


def _check_card(request: Request) -> None:
    card = (request.get("ModelCard") or {}).get("ModelCardContent")
    if card is not None:
        content.require(card, content.PACKAGE, "ModelCardContent")


def update(aws: Aws, request: Request) -> Result:
    request = {key: value for key, value in request.items() if value is not None}
    _check_card(request)
    token = request.pop("ClientToken", None)
    once(aws, "UpdateModelPackage", token, request, lambda: _change(aws, request))
    return {"ModelPackageArn": request["ModelPackageArn"]}


#: Members that an update replaces as they are.
_REPLACED = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "SourceUri",
)


def _change(aws: Aws, request: Request) -> str:
    key = key_of(request["ModelPackageArn"])
    package = describe(aws, key)
    if "ModelApprovalStatus" in request and "ModelPackageVersion" not in package:
        raise AwsError(
            "ValidationException", f"{package['ModelPackageArn']} has no version: only versions are approved."
        )
    package |= {member: request[member] for member in _REPLACED if member in request}
    if "ModelCard" in request:
        package["ModelCard"] = package.get("ModelCard", {}) | request["ModelCard"]
    if more := request.get("AdditionalInferenceSpecificationsToAdd"):
        package["AdditionalInferenceSpecifications"] = _joined(package, more)
    removed = request.get("CustomerMetadataPropertiesToRemove", [])
    metadata = package.get("CustomerMetadataProperties", {}) | request.get("CustomerMetadataProperties", {})
    package["CustomerMetadataProperties"] = {name: metadata[name] for name in metadata if name not in removed}
    package |= {"LastModifiedTime": aws.clock.now(), "LastModifiedBy": _caller(aws)}
    _save(aws, key, package, [name for name in request if name != "ModelPackageArn"])
    if "ModelApprovalStatus" in request:
        recording.approval(aws, package)
    return str(package["ModelPackageArn"])


def _caller(aws: Aws) -> Document:
    """Who changes things: the machine knows one identity, that of GetCallerIdentity."""
    return {"IamIdentity": {"Arn": f"arn:aws:iam::{aws.account}:user/local", "PrincipalId": aws.account}}


def _joined(package: Document, more: list[Document]) -> list[Document]:
    held: list[Document] = package.get("AdditionalInferenceSpecifications", [])
    names = {item["Name"] for item in held}
    for item in more:
        if item["Name"] in names:
            raise AwsError(
                "ValidationException", f"There is an additional inference specification {item['Name']} already."
            )
    return held + more


def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        describe(aws, request["ModelPackageName"])
        aws.store.delete(KIND, key_of(request["ModelPackageName"]))
    return None


def list_packages(aws: Aws, request: Request) -> Result:
    """Packages without a version by default; those of a group when the request names one."""
    group = request.get("ModelPackageGroupName")
    if group:
        name = groups.get(aws, group)["ModelPackageGroupName"]
        found = [package for _, package in aws.store.scan(KIND, f"{name}/")]
    else:
        wanted = request.get("ModelPackageType", "Unversioned")
        found = [
            package
            for _, package in aws.store.scan(KIND)
            if wanted in ("Both", "Versioned" if "ModelPackageVersion" in package else "Unversioned")
        ]
    return crud.page(
        found,
        request,
        into="ModelPackageSummaryList",
        name="ModelPackageName",
        default=groups.OLDEST,
        filters={"ModelApprovalStatus": "ModelApprovalStatus"},
    )


def batch_describe(aws: Aws, request: Request) -> Result:
    found: dict[str, Document] = {}
    errors: dict[str, Document] = {}
    for arn in request["ModelPackageArnList"]:
        try:
            found[arn] = describe(aws, arn)
        except AwsError as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": found, "BatchDescribeModelPackageErrorMap": errors}


def register(operations: Operations) -> None:
    """The operations on packages."""
    operations("CreateModelPackage")(lambda aws, request: {"ModelPackageArn": create(aws, request)})
    operations("DescribeModelPackage")(lambda aws, request: describe(aws, request["ModelPackageName"]))
    operations("ListModelPackages")(list_packages)
    operations("UpdateModelPackage")(update)
    operations("DeleteModelPackage")(delete)
    operations("BatchDescribeModelPackage")(batch_describe)
