"""Search: filters on properties, nested properties and tags; order; pages."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from local_aws.search import fits

PACKAGE = {
    "ModelPackageGroupName": "credit",
    "ModelPackageVersion": 12,
    "ModelApprovalStatus": "Approved",
    "CreationTime": 1_700_000_000.0,
    "CertifyForMarketplace": False,
    "CustomerMetadataProperties": {"code.hash": "abc"},
    "InferenceSpecification": {"Containers": [{"Image": "a:1", "Framework": "X"}, {"Image": "b:2"}]},
    "Tags": [{"Key": "team", "Value": "risk"}],
}


def one(name: str, operator: str | None = None, value: str | None = None) -> bool:
    item = {"Name": name, "Operator": operator, "Value": value}
    return fits(PACKAGE, {"Filters": [{key: part for key, part in item.items() if part is not None}]})


@pytest.mark.parametrize(
    ("name", "operator", "value", "wanted"),
    [
        ("ModelPackageGroupName", None, "credit", True),
        ("ModelPackageGroupName", "Equals", "cred", False),
        ("ModelPackageGroupName", "NotEquals", "other", True),
        ("ModelPackageGroupName", "Contains", "CRED", True),
        ("ModelPackageVersion", "GreaterThan", "9", True),
        ("ModelPackageVersion", "LessThanOrEqualTo", "12", True),
        ("ModelPackageVersion", "Equals", "12", True),
        ("CreationTime", "GreaterThan", "2023-01-01T00:00:00Z", True),
        ("CreationTime", "LessThan", "2023-01-01T00:00:00", False),
        ("CertifyForMarketplace", "Equals", "false", True),
        ("CustomerMetadataProperties.code.hash", "Equals", "abc", True),
        ("InferenceSpecification.Containers.Image", "Equals", "b:2", True),
        ("InferenceSpecification.Containers.Image", "In", "c:3,b:2", True),
        ("Tags.team", "Equals", "risk", True),
        ("Tags.team", "Exists", None, True),
        ("Tags.owner", "Exists", None, False),
        ("SamplePayloadUrl", "NotExists", None, True),
    ],
)
def test_filters(name: str, operator: str | None, value: str | None, wanted: bool) -> None:
    assert one(name, operator, value) is wanted


def test_filters_combine() -> None:
    yes = {"Name": "ModelPackageVersion", "Operator": "Equals", "Value": "12"}
    no = {"Name": "ModelPackageVersion", "Operator": "Equals", "Value": "13"}
    assert not fits(PACKAGE, {"Filters": [yes, no]})
    assert fits(PACKAGE, {"Filters": [yes, no], "Operator": "Or"})
    assert fits(PACKAGE, {"SubExpressions": [{"Filters": [no]}, {"Filters": [yes]}], "Operator": "Or"})
    name = "InferenceSpecification.Containers"
    image = {"Name": f"{name}.Image", "Operator": "Equals", "Value": "b:2"}
    framework = {"Name": f"{name}.Framework", "Operator": "Equals", "Value": "X"}
    assert fits(PACKAGE, {"Filters": [image, framework]})
    assert not fits(PACKAGE, {"NestedFilters": [{"NestedPropertyName": name, "Filters": [image, framework]}]})


@given(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))
def test_numbers_compare_as_numbers(held: int, wanted: int) -> None:
    found = fits({"N": held}, {"Filters": [{"Name": "N", "Operator": "GreaterThan", "Value": str(wanted)}]})
    assert found == (held > wanted)


def test_search_over_the_wire(client: Callable[..., Any], fresh: Callable[[str], str], bucket: str) -> None:
    sagemaker, group = client("sagemaker"), fresh("group")
    client("s3").put_object(Bucket=bucket, Key="m.tar.gz", Body=b"m")
    sagemaker.create_model_package_group(ModelPackageGroupName=group, Tags=[{"Key": "team", "Value": group}])
    container = {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/i:1", "ModelDataUrl": f"s3://{bucket}/m.tar.gz"}
    for status in ("Approved", "Rejected", "Approved"):
        sagemaker.create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus=status,
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
    filters = [
        {"Name": "ModelPackageGroupName", "Operator": "Equals", "Value": group},
        {"Name": "ModelApprovalStatus", "Operator": "Equals", "Value": "Approved"},
    ]
    request = {"Resource": "ModelPackage", "SearchExpression": {"Filters": filters}, "SortBy": "ModelPackageVersion"}
    pages = sagemaker.get_paginator("search").paginate(**request, PaginationConfig={"PageSize": 1})
    found = [item["ModelPackage"]["ModelPackageVersion"] for page in pages for item in page["Results"]]
    assert found == [3, 1]
    filters = [{"Name": "Tags.team", "Operator": "Equals", "Value": group}]
    results = sagemaker.search(Resource="ModelPackageGroup", SearchExpression={"Filters": filters})["Results"]
    assert [item["ModelPackageGroup"]["ModelPackageGroupName"] for item in results] == [group]
    with pytest.raises(ClientError, match="Search of Experiment"):
        sagemaker.search(Resource="Experiment")
