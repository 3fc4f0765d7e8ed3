"""Model package groups and their resource policies."""

import json
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

KIND = "sagemaker:ModelPackageGroup"
PACKAGES = "sagemaker:ModelPackage"

#: SortBy and SortOrder of lists without them, as the API reference has it.
OLDEST = ("CreationTime", "Ascending")


def name_of(name_or_arn: str) -> str:
    """`arn:…:model-package-group/credit` or `credit` → `credit`."""
    return name_or_arn.rpartition("/")[2]


def arn_of(aws: Aws, name: str) -> str:
    return aws.arn("sagemaker", f"model-package-group/{name}")


def get(aws: Aws, name_or_arn: str) -> Document:
    """Raises AwsError "ValidationException"."""
    name = name_of(name_or_arn)
    group = aws.store.get(KIND, name)
    if group is None:
        raise AwsError("ValidationException", f"ModelPackageGroup {arn_of(aws, name)} does not exist.")
    return group


def create(aws: Aws, request: Request) -> str:
    """The new group's ARN. Raises AwsError "ValidationException" when there is one of this name."""
    if "ManagedConfiguration" in request:
        raise AwsError(
            "ValidationException", "local_aws does not support ManagedConfiguration of model package groups."
        )
    name = request["ModelPackageGroupName"]
    with aws.store.transaction():
        if aws.store.get(KIND, name):
            raise AwsError("ValidationException", f"Model Package Group already exists: {arn_of(aws, name)}")
        arn = arn_of(aws, name)
        more = {"ModelPackageGroupArn": arn, "ModelPackageGroupStatus": "Completed", "CreationTime": aws.clock.now()}
        aws.store.put(KIND, name, request | more | {"LastVersion": 0})
    return arn


def ensure(aws: Aws, name_or_arn: str) -> None:
    """Make the group when it is not there; what RegisterModel steps do."""
    with aws.store.transaction():
        if aws.store.get(KIND, name_of(name_or_arn)) is None:
            create(aws, {"ModelPackageGroupName": name_of(name_or_arn)})


def next_version(aws: Aws, name: str) -> int:
    """The number of the group's next version: never one that was given out before, deleted or not."""
    with aws.store.transaction():
        group = get(aws, name)
        group["LastVersion"] += 1
        aws.store.put(KIND, name_of(name), group)
    return int(group["LastVersion"])


def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name = get(aws, request["ModelPackageGroupName"])["ModelPackageGroupName"]
        if aws.store.scan(PACKAGES, f"{name}/"):
            raise AwsError(
                "ConflictException",
                f"Model Package Group {arn_of(aws, name)} cannot be deleted: it contains model packages.",
            )
        aws.store.delete(KIND, name)
    return None


def list_groups(aws: Aws, request: Request) -> Result:
    groups = (group for _, group in aws.store.scan(KIND))
    return crud.page(groups, request, into="ModelPackageGroupSummaryList", name="ModelPackageGroupName", default=OLDEST)


def put_policy(aws: Aws, request: Request) -> Result:
    try:
        json.loads(request["ResourcePolicy"])
    except ValueError as error:
        raise AwsError("ValidationException", f"ResourcePolicy is not JSON: {error}.") from None
    with aws.store.transaction():
        group = get(aws, request["ModelPackageGroupName"]) | {"ResourcePolicy": request["ResourcePolicy"]}
        aws.store.put(KIND, group["ModelPackageGroupName"], group)
    return {"ModelPackageGroupArn": group["ModelPackageGroupArn"]}


def get_policy(aws: Aws, request: Request) -> Result:
    group = get(aws, request["ModelPackageGroupName"])
    if "ResourcePolicy" not in group:
        arn = group["ModelPackageGroupArn"]
        raise AwsError("ValidationException", f"Cannot find resource policy for model package group {arn}.")
    return {"ResourcePolicy": group["ResourcePolicy"]}


def delete_policy(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        group = get(aws, request["ModelPackageGroupName"])
        group.pop("ResourcePolicy", None)
        aws.store.put(KIND, group["ModelPackageGroupName"], group)
    return None


def register(operations: Operations) -> None:
    """The operations on groups."""
    operations("CreateModelPackageGroup")(lambda aws, request: {"ModelPackageGroupArn": create(aws, request)})
    operations("DescribeModelPackageGroup")(lambda aws, request: get(aws, request["ModelPackageGroupName"]))
    operations("ListModelPackageGroups")(list_groups)
    operations("DeleteModelPackageGroup")(delete)
    operations("PutModelPackageGroupPolicy")(put_policy)
    operations("GetModelPackageGroupPolicy")(get_policy)
    operations("DeleteModelPackageGroupPolicy")(delete_policy)
