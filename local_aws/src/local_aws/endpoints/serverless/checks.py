"""What AWS refuses of a serverless configuration and of its deployment.

https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
"""

from collections.abc import Iterator
from typing import Any

from local_aws import models
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.serving.definition import containers_of

Document = dict[str, Any]

#: MemorySizeInMB comes in these sizes.
SIZES = tuple(range(1024, 6145, 1024))


def check(aws: Aws, config: Document) -> Iterator[str]:
    """The reasons."""
    serverless = [variant for variant in config["ProductionVariants"] if "ServerlessConfig" in variant]
    if not serverless:
        return
    if len(config["ProductionVariants"]) > 1:
        yield "Serverless inference takes one production variant."
    if (config.get("DataCaptureConfig") or {}).get("EnableCapture"):
        yield "Data capture is not supported for serverless inference."
    if config.get("VpcConfig") or config.get("EnableNetworkIsolation"):
        yield "VpcConfig and EnableNetworkIsolation are not supported for serverless inference."
    for variant in serverless:
        yield from _sizes(variant["ServerlessConfig"])
        yield from _model(aws, variant["ModelName"])


def _sizes(settings: Document) -> Iterator[str]:
    if settings["MemorySizeInMB"] not in SIZES:
        yield f"MemorySizeInMB must be one of {', '.join(map(str, SIZES))}."
    yield from concurrency(settings)


def concurrency(settings: Document) -> Iterator[str]:
    """Also of what UpdateEndpointWeightsAndCapacities asks for."""
    if settings.get("ProvisionedConcurrency", 0) > settings["MaxConcurrency"]:
        yield "ProvisionedConcurrency must be less than or equal to MaxConcurrency."


def _model(aws: Aws, name: str) -> Iterator[str]:
    model = models.describe(aws, name)
    if model.get("VpcConfig"):
        yield f"The model {name} has a VpcConfig, which is not supported for serverless inference."
    if model.get("EnableNetworkIsolation"):
        yield f"The model {name} has EnableNetworkIsolation, which is not supported for serverless inference."
    if len(containers_of(aws, model)) > 1:
        yield f"The model {name} has several containers, which is not supported for serverless inference."


def check_deployment(config: Document, target: Document) -> None:
    """Raises AwsError "ValidationException" for traffic that shifts gradually."""
    if not any("ServerlessConfig" in variant for variant in target["Config"]["ProductionVariants"]):
        return
    routing = (config.get("BlueGreenUpdatePolicy") or {}).get("TrafficRoutingConfiguration") or {}
    if routing.get("Type", "ALL_AT_ONCE") != "ALL_AT_ONCE" or "RollingUpdatePolicy" in config:
        raise AwsError(
            "ValidationException",
            "Serverless endpoints support only blue/green deployments with traffic routing of type ALL_AT_ONCE.",
        )
