"""SageMaker's own Random Cut Forest from its definition to an endpoint: three containers, two training instances."""

import json
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from model_build import catalogue
from tests.conftest import ROOT, Commands

ROLE = "arn:aws:iam::123456789012:role/execution"


@pytest.fixture
def invoices(new_commands: Callable[[], Commands]) -> Commands:
    commands = new_commands()
    folder = commands.folder / "model_build/pipelines/invoices"
    shutil.copytree(ROOT / "model_build/pipelines/invoices", folder)
    catalogue.load(folder / "sample.py").write(commands.folder / "invoices.csv", rows=6000)
    text = (folder / "config.toml").read_text()
    changed = text.replace('engine = "script"', 'engine = "builtin"') + "\n[instances]\ntraining_count = 2\n"
    (folder / "config.toml").write_text(changed)
    return commands


def client(commands: Commands, service: str) -> Any:
    endpoint = commands.json("local", "status")["Endpoint"]
    return boto3.client(
        service, endpoint_url=endpoint, region_name=os.environ.get("AWS_REGION", "us-east-1"),
        aws_access_key_id="local", aws_secret_access_key="local",
    )  # fmt: skip


def test_builtin(invoices: Commands) -> None:
    built = invoices.json("run", "invoices", "--data", "invoices.csv")
    assert built["PipelineExecutionStatus"] == "Succeeded"
    assert built["Metrics"]["auc"] > 0.8

    sagemaker, s3 = client(invoices, "sagemaker"), client(invoices, "s3")
    package = sagemaker.describe_model_package(ModelPackageName=built["ModelPackageArn"])
    bucket, _, key = package["CustomerMetadataProperties"]["golden-records"].removeprefix("s3://").partition("/")
    lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().splitlines()
    golden = [json.loads(line) for line in lines]

    sagemaker.create_model(
        ModelName="forest", ExecutionRoleArn=ROLE, Containers=[{"ModelPackageName": built["ModelPackageArn"]}]
    )
    variant = {
        "VariantName": "all", "ModelName": "forest", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large",
    }  # fmt: skip
    sagemaker.create_endpoint_config(EndpointConfigName="forest", ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName="forest", EndpointConfigName="forest")
    give_up = time.monotonic() + 200
    while (found := sagemaker.describe_endpoint(EndpointName="forest"))["EndpointStatus"] == "Creating":
        assert time.monotonic() < give_up
        time.sleep(0.2)
    assert found["EndpointStatus"] == "InService", found.get("FailureReason")
    answer = client(invoices, "sagemaker-runtime").invoke_endpoint(
        EndpointName="forest",
        ContentType="application/jsonlines",
        Accept="application/jsonlines",
        Body="".join(json.dumps(one["record"]) + "\n" for one in golden),
    )
    answers = [json.loads(line) for line in answer["Body"].read().splitlines()]
    assert answers == [{"decision": one["decision"], "score": one["score"]} for one in golden]
    sagemaker.delete_endpoint(EndpointName="forest")
