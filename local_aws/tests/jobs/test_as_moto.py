"""What boto3 sees of jobs, on this server and on moto: the second judge of names, lists and codes."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture(params=["local_aws", "moto"])
def sagemaker(request: pytest.FixtureRequest) -> Any:
    if request.param == "local_aws":
        return request.getfixturevalue("jobs").sagemaker
    endpoint = request.getfixturevalue("moto_endpoint")
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    return boto3.client("sagemaker", endpoint_url=endpoint, **keys)


PROCESSING: dict[str, Any] = {
    "RoleArn": "arn:aws:iam::123456789012:role/jobs",
    "AppSpecification": {"ImageUri": "a/small:1", "ContainerEntrypoint": ["true"]},
    "ProcessingResources": {
        "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
    },
    "Environment": {"A": "b"},
}

TRAINING: dict[str, Any] = {
    "RoleArn": "arn:aws:iam::123456789012:role/jobs",
    "AlgorithmSpecification": {
        "TrainingImage": "a/small:1",
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["true"],
    },
    "OutputDataConfig": {"S3OutputPath": "s3://jobs/models"},
    "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
}


@pytest.mark.parametrize(("kind", "members"), [("processing", PROCESSING), ("training", TRAINING)])
def test_create_describe_list(sagemaker: Any, fresh: Any, kind: str, members: dict[str, Any]) -> None:
    title, name = kind.capitalize(), fresh(kind)
    made = getattr(sagemaker, f"create_{kind}_job")(**{f"{title}JobName": name}, **members)
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:{kind}-job/{name}"
    assert made[f"{title}JobArn"] == arn
    described = getattr(sagemaker, f"describe_{kind}_job")(**{f"{title}JobName": name})
    assert described[f"{title}JobArn"] == arn
    assert described["RoleArn"] == members["RoleArn"]
    image = (
        described.get("AppSpecification", {}).get("ImageUri") or described["AlgorithmSpecification"]["TrainingImage"]
    )
    assert image == "a/small:1"
    listed = getattr(sagemaker, f"list_{kind}_jobs")(NameContains=name)[f"{title}JobSummaries"]
    assert [job[f"{title}JobName"] for job in listed] == [name]


@pytest.mark.parametrize("kind", ["processing", "training"])
def test_a_missing_job(sagemaker: Any, kind: str) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(sagemaker, f"describe_{kind}_job")(**{f"{kind.capitalize()}JobName": "nobody"})
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_pages(sagemaker: Any, fresh: Any) -> None:
    stem = fresh("page")
    for number in range(5):
        sagemaker.create_training_job(TrainingJobName=f"{stem}-{number}", **TRAINING)
    pages = sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=stem, SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2}
    )
    names = [job["TrainingJobName"] for page in pages for job in page["TrainingJobSummaries"]]
    assert names == [f"{stem}-{number}" for number in range(5)]
