"""Endpoints of a real server, as boto3 sees them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_an_endpoint_from_creation_to_deletion(served: Any) -> None:
    config = served.config(served.model("a"))
    name = served.endpoint(config)
    found = served.sagemaker.describe_endpoint(EndpointName=name)
    assert found["EndpointConfigName"] == config
    (variant,) = found["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1.0, 1, 1)
    answer = served.runtime.invoke_endpoint(
        EndpointName=name, Body=b"xyz", ContentType="text/plain", CustomAttributes="seen"
    )
    assert answer["Body"].read() == b"axyz"
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("text/plain", "AllTraffic")
    assert answer["CustomAttributes"] == "seen!"
    assert name in {item["EndpointName"] for item in served.sagemaker.list_endpoints()["Endpoints"]}
    served.sagemaker.delete_endpoint(EndpointName=name)
    with pytest.raises(ClientError, match=f"Endpoint {name} of account 123456789012 not found"):
        served.invoke(name)
