"""Model package groups, packages, models and tags; the same client tests run against moto where it has them."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
ROLE = "arn:aws:iam::123456789012:role/models"

Fresh = Callable[[str], str]


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def specification(url: str) -> dict[str, Any]:
    return {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": url}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }


class Registry:
    """A group of its own, a model in S3, and a short way to register versions of it."""

    def __init__(self, connect: Callable[..., Any], fresh: Fresh) -> None:
        self.client = connect("sagemaker")
        s3, bucket = connect("s3"), fresh("models")
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=b"model")
        self.url = f"s3://{bucket}/model.tar.gz"
        self.group = fresh("group")
        self.client.create_model_package_group(ModelPackageGroupName=self.group, ModelPackageGroupDescription="g")

    def register(self, **more: Any) -> str:
        request = {"ModelPackageGroupName": self.group, "InferenceSpecification": specification(self.url)} | more
        return str(self.client.create_model_package(**request)["ModelPackageArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        return self.client.describe_model_package(ModelPackageName=arn)  # type: ignore[no-any-return]

    def versions(self, **more: Any) -> list[int]:
        found = self.client.list_model_packages(ModelPackageGroupName=self.group, **more)
        return [item["ModelPackageVersion"] for item in found["ModelPackageSummaryList"]]


@pytest.fixture
def both(aws_target: Any, fresh: Fresh) -> Registry:
    return Registry(aws_target.client, fresh)


@pytest.fixture
def registry(client: Callable[..., Any], fresh: Fresh) -> Registry:
    return Registry(client, fresh)


# both judges


def test_versions_count_up_and_wait_for_approval(both: Registry) -> None:
    arns = [both.register(CustomerMetadataProperties={"n": str(index)}) for index in range(3)]
    assert [arn.rpartition("/")[2] for arn in arns] == ["1", "2", "3"]
    found = both.describe(arns[1])
    assert found["ModelPackageVersion"] == 2
    assert found["ModelPackageGroupName"] == both.group
    assert found["ModelPackageStatus"] == "Completed"
    assert found["CustomerMetadataProperties"] == {"n": "1"}
    assert found["InferenceSpecification"]["Containers"][0]["ModelDataUrl"] == both.url
    assert both.versions(SortBy="CreationTime", SortOrder="Descending") == [3, 2, 1]


def test_approval(both: Registry) -> None:
    first, second = (both.register(ModelApprovalStatus="PendingManualApproval") for _ in range(2))
    both.client.update_model_package(
        ModelPackageArn=second, ModelApprovalStatus="Approved", ApprovalDescription="looks good"
    )
    found = both.describe(second)
    assert (found["ModelApprovalStatus"], found["ApprovalDescription"]) == ("Approved", "looks good")
    assert both.versions(ModelApprovalStatus="Approved") == [2]
    assert both.versions(ModelApprovalStatus="PendingManualApproval") == [1]
    assert both.describe(first)["ModelApprovalStatus"] == "PendingManualApproval"


def test_groups(both: Registry, fresh: Fresh) -> None:
    found = both.client.describe_model_package_group(ModelPackageGroupName=both.group)
    assert found["ModelPackageGroupName"] == both.group
    assert found["ModelPackageGroupArn"].endswith(f":model-package-group/{both.group}")
    with pytest.raises(ClientError) as error:
        both.client.describe_model_package_group(ModelPackageGroupName=fresh("absent"))
    assert code(error) == "ValidationException"
    listed = both.client.list_model_package_groups(NameContains=both.group)["ModelPackageGroupSummaryList"]
    assert [item["ModelPackageGroupName"] for item in listed] == [both.group]


def test_a_package_needs_its_group_or_a_name(both: Registry, fresh: Fresh) -> None:
    for request in (
        {"ModelPackageGroupName": fresh("absent")},
        {"ModelPackageName": "a", "ModelPackageGroupName": "b"},
    ):
        with pytest.raises(ClientError) as error:
            both.client.create_model_package(InferenceSpecification=specification(both.url), **request)
        assert code(error) == "ValidationException"


def test_models(both: Registry, fresh: Fresh) -> None:
    name = fresh("model")
    container = {"Image": IMAGE, "ModelDataUrl": both.url}
    arn = both.client.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=ROLE)["ModelArn"]
    found = both.client.describe_model(ModelName=name)
    assert found["ModelArn"] == arn
    assert found["PrimaryContainer"]["ModelDataUrl"] == both.url
    assert name in [item["ModelName"] for item in both.client.list_models(MaxResults=100)["Models"]]
    both.client.delete_model(ModelName=name)
    with pytest.raises(ClientError) as error:
        both.client.describe_model(ModelName=name)
    assert code(error) == "ValidationException"


def test_tags(both: Registry) -> None:
    arn = both.client.describe_model_package_group(ModelPackageGroupName=both.group)["ModelPackageGroupArn"]
    both.client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "risk"}, {"Key": "cost", "Value": "1"}])
    both.client.delete_tags(ResourceArn=arn, TagKeys=["cost"])
    assert both.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "risk"}]


# what moto does not have, or does otherwise than AWS


def test_numbers_are_never_given_out_twice(registry: Registry) -> None:
    registry.register()
    second = registry.register()
    registry.client.delete_model_package(ModelPackageName=second)
    assert registry.register().endswith(f"{registry.group}/3")
    assert registry.versions() == [1, 3]
    with pytest.raises(ClientError, match="does not exist"):
        registry.describe(second)


def test_a_client_token_registers_once(registry: Registry) -> None:
    token = uuid.uuid4().hex
    first = registry.register(ClientToken=token)
    assert registry.register(ClientToken=token) == first
    assert registry.versions() == [1]
    with pytest.raises(ClientError) as error:
        registry.register(ClientToken=token, ModelPackageDescription="another")
    assert code(error) == "ConflictException"


def test_defaults_of_a_version(registry: Registry) -> None:
    found = registry.describe(registry.register())
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert "LastModifiedTime" not in found


def test_an_update_changes_what_it_names_and_nothing_else(registry: Registry) -> None:
    metrics = {"ModelQuality": {"Statistics": {"ContentType": "application/json", "S3Uri": "s3://b/m.json"}}}
    arn = registry.register(
        ModelMetrics=metrics, CustomerMetadataProperties={"a": "1", "b": "2"}, ModelPackageDescription="first"
    )
    before = registry.describe(arn)
    card = {"ModelCardContent": json.dumps({"model_overview": {}}), "ModelCardStatus": "Draft"}
    stage = {"Stage": "Staging", "StageStatus": "Deployed"}
    registry.client.update_model_package(
        ModelPackageArn=arn,
        CustomerMetadataProperties={"b": "3", "c": "4"},
        CustomerMetadataPropertiesToRemove=["a"],
        ModelCard=card,
        ModelLifeCycle=stage,
    )
    found = registry.describe(arn)
    assert found["CustomerMetadataProperties"] == {"b": "3", "c": "4"}
    assert found["ModelCard"] == card
    assert found["ModelLifeCycle"] == stage
    assert found["LastModifiedTime"] >= before["CreationTime"]
    for member in ("ModelMetrics", "ModelPackageDescription", "ModelApprovalStatus", "CreationTime"):
        assert found[member] == before[member]


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"ModelApprovalStatus": "Fine"}, "'Fine' is not one of"),
        ({"ModelCard": {"ModelCardContent": "{", "ModelCardStatus": "Draft"}}, "not JSON"),
        ({"CustomerMetadataProperties": {"a": "x" * 257}}, "256"),
    ],
)
def test_updates_that_are_refused(registry: Registry, request_: dict[str, Any], sentence: str) -> None:
    arn = registry.register()
    before = registry.describe(arn)
    with pytest.raises(ClientError, match=sentence):
        registry.client.update_model_package(ModelPackageArn=arn, **request_)
    after = registry.describe(arn)
    assert {**after, "ResponseMetadata": 0} == {**before, "ResponseMetadata": 0}


def test_model_data_must_be_there(registry: Registry) -> None:
    for url in (f"{registry.url}.bak", "s3://no-such-bucket-at-all/model.tar.gz"):
        with pytest.raises(ClientError, match="Could not find model data"):
            registry.register(InferenceSpecification=specification(url))
        with pytest.raises(ClientError, match="Could not find model data"):
            registry.client.create_model(
                ModelName=f"m-{uuid.uuid4().hex[:8]}",
                PrimaryContainer={"Image": IMAGE, "ModelDataUrl": url},
                ExecutionRoleArn=ROLE,
            )
    assert registry.register().endswith("/1"), "a refused package takes no number"


def test_a_group_with_packages_stays(registry: Registry) -> None:
    arn = registry.register()
    with pytest.raises(ClientError) as error:
        registry.client.delete_model_package_group(ModelPackageGroupName=registry.group)
    assert code(error) == "ConflictException"
    registry.client.delete_model_package(ModelPackageName=arn)
    registry.client.delete_model_package_group(ModelPackageGroupName=registry.group)
    with pytest.raises(ClientError, match="does not exist"):
        registry.client.describe_model_package_group(ModelPackageGroupName=registry.group)


def test_packages_without_a_group(registry: Registry, fresh: Fresh) -> None:
    name = fresh("alone")
    arn = registry.client.create_model_package(
        ModelPackageName=name, InferenceSpecification=specification(registry.url)
    )["ModelPackageArn"]
    assert registry.describe(name)["ModelPackageArn"] == arn
    assert "ModelApprovalStatus" not in registry.describe(name)
    version = registry.register()

    def listed(kind: str) -> set[str]:
        pages = registry.client.get_paginator("list_model_packages").paginate(
            ModelPackageType=kind, PaginationConfig={"PageSize": 2}
        )
        return {item["ModelPackageArn"] for page in pages for item in page["ModelPackageSummaryList"]}

    assert arn in listed("Unversioned")
    assert version not in listed("Unversioned")
    assert version in listed("Versioned")
    assert {arn, version} <= listed("Both")
    with pytest.raises(ClientError, match="only versions are approved"):
        registry.client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")


def test_pages_of_versions(registry: Registry) -> None:
    for _ in range(5):
        registry.register()
    pages = registry.client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=registry.group, SortOrder="Descending", PaginationConfig={"PageSize": 2}
    )
    assert [[item["ModelPackageVersion"] for item in page["ModelPackageSummaryList"]] for page in pages] == [
        [5, 4],
        [3, 2],
        [1],
    ]


def test_batch_describe(registry: Registry) -> None:
    arn = registry.register()
    absent = f"{arn}99"
    found = registry.client.batch_describe_model_package(ModelPackageArnList=[arn, absent])
    assert found["ModelPackageSummaries"][arn]["ModelPackageVersion"] == 1
    assert found["BatchDescribeModelPackageErrorMap"][absent]["ErrorCode"] == "ValidationException"


def test_group_policies(registry: Registry) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    with pytest.raises(ClientError, match="Cannot find"):
        registry.client.get_model_package_group_policy(ModelPackageGroupName=registry.group)
    registry.client.put_model_package_group_policy(ModelPackageGroupName=registry.group, ResourcePolicy=policy)
    found = registry.client.get_model_package_group_policy(ModelPackageGroupName=registry.group)
    assert found["ResourcePolicy"] == policy
    registry.client.delete_model_package_group_policy(ModelPackageGroupName=registry.group)
    with pytest.raises(ClientError, match="Cannot find"):
        registry.client.get_model_package_group_policy(ModelPackageGroupName=registry.group)


def test_a_model_can_come_from_a_package(registry: Registry, fresh: Fresh) -> None:
    arn, name = registry.register(), fresh("model")
    registry.client.create_model(
        ModelName=name, PrimaryContainer={"ModelPackageName": arn}, ExecutionRoleArn=ROLE, EnableNetworkIsolation=True
    )
    assert registry.client.describe_model(ModelName=name)["PrimaryContainer"] == {"ModelPackageName": arn}
    for request in (
        {"PrimaryContainer": {"ModelPackageName": f"{arn}9"}},
        {"PrimaryContainer": {}},
        {},
        {"PrimaryContainer": {"ModelPackageName": arn}, "Containers": [{"ModelPackageName": arn}]},
    ):
        with pytest.raises(ClientError) as error:
            registry.client.create_model(ModelName=fresh("model"), ExecutionRoleArn=ROLE, **request)
        assert code(error) == "ValidationException"


def test_what_is_not_supported_says_so(registry: Registry) -> None:
    validation = {
        "ValidationRole": ROLE,
        "ValidationProfiles": [
            {
                "ProfileName": "p",
                "TransformJobDefinition": {
                    "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/i"}}},
                    "TransformOutput": {"S3OutputPath": "s3://b/o"},
                    "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
                },
            }
        ],
    }
    with pytest.raises(ClientError, match=r"NotImplemented.*ValidationSpecification"):
        registry.register(ValidationSpecification=validation)


def test_tags_belong_to_what_is_there(registry: Registry) -> None:
    arn = registry.register()
    registry.client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    registry.client.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "2"}])
    assert registry.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "2"}]
    with pytest.raises(ClientError, match="Could not find the resource"):
        registry.client.list_tags(ResourceArn=f"{arn}9")
    many = [{"Key": str(index), "Value": "x"} for index in range(50)]
    with pytest.raises(ClientError, match="more than 50"):
        registry.client.add_tags(ResourceArn=arn, Tags=many)
