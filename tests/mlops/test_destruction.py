"""What a deployment leaves beside its stacks."""

import time
from pathlib import Path

import boto3
import pytest

from local_aws import launch
from mlops import belongings, destruction, projects

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/any:1"


def transform(name: str, output: str) -> str:
    """A transform job that has failed for want of data, and a stream of its log."""
    client = boto3.client("sagemaker")
    client.create_transform_job(
        TransformJobName=name,
        ModelName="any",
        TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://nowhere/in/"}}},
        TransformOutput={"S3OutputPath": output},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    end = time.monotonic() + 60
    while client.describe_transform_job(TransformJobName=name)["TransformJobStatus"] == "InProgress":
        assert time.monotonic() < end
        time.sleep(0.05)
    boto3.client("logs").create_log_stream(logGroupName=belongings.TRANSFORMS, logStreamName=f"{name}/i-1")
    return f"{name}/i-1"


@pytest.mark.long
def test_the_logs_of_its_batches_go_and_their_jobs_are_named(machine: Path) -> None:
    table = machine.parent / "images.toml"
    table.write_text('[[image]]\nrepository = "any"\nserve = ["false"]\n')
    launch.down(machine)
    launch.up(machine, table)
    role = "arn:aws:iam::123456789012:role/any"
    boto3.client("sagemaker").create_model(ModelName="any", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=role)
    boto3.client("logs").create_log_group(logGroupName=belongings.TRANSFORMS)
    project, other = projects.find("credit"), projects.find("churn")
    own = {
        transform(f"pipelines-a-Transform-{stage}", f"s3://{project.bucket}/{project.data(stage)}/batch/out/a")
        for stage in projects.STAGES
    }
    foreign = transform("pipelines-b-Transform-b", f"s3://{other.bucket}/{other.data('prod')}/batch/out/b")
    assert {("log stream", name) for name in own} <= set(belongings.left(project))
    assert destruction.destroy(project, lambda _: None) == []
    pages = boto3.client("logs").get_paginator("describe_log_streams").paginate(logGroupName=belongings.TRANSFORMS)
    streams = {stream["logStreamName"] for page in pages for stream in page["logStreams"]}
    assert foreign in streams
    assert not own & streams
    assert belongings.remains(project) == ["SageMaker keeps 2 transform jobs of its batches: AWS deletes none."]
    assert belongings.remains(projects.find("nosuch")) == []
