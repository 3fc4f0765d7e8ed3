"""Endpoint configurations, the same against moto."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/serving"


def test_a_configuration_from_creation_to_deletion(aws_target: Any, fresh: Callable[[str], str]) -> None:
    sagemaker = aws_target.client("sagemaker")
    model, name = fresh("model"), fresh("config")
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/web:1"
    sagemaker.create_model(ModelName=model, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image})
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 2,
        "InitialVariantWeight": 0.5,
    }
    created = sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[variant], Tags=[{"Key": "a", "Value": "b"}]
    )
    found = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert found["EndpointConfigArn"] == created["EndpointConfigArn"]
    assert created["EndpointConfigArn"].endswith(f":endpoint-config/{name}")
    assert variant.items() <= found["ProductionVariants"][0].items()
    assert sagemaker.list_tags(ResourceArn=created["EndpointConfigArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    assert name in [one["EndpointConfigName"] for one in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    with pytest.raises(ClientError, match=r"(?i)could not find endpoint.*config") as caught:
        sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert "Validation" in caught.value.response["Error"]["Code"]


def test_an_endpoint_of_an_unknown_configuration(aws_target: Any, fresh: Callable[[str], str]) -> None:
    sagemaker = aws_target.client("sagemaker")
    with pytest.raises(ClientError, match=r"(?i)could not find endpoint"):
        sagemaker.create_endpoint(EndpointName=fresh("endpoint"), EndpointConfigName=fresh("nobody"))
    with pytest.raises(ClientError, match=r"(?i)could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName=fresh("endpoint"))
    with pytest.raises(ClientError, match=r"(?i)could not find endpoint"):
        sagemaker.delete_endpoint(EndpointName=fresh("endpoint"))
