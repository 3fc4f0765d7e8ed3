"""What Application Auto Scaling changes of an endpoint: a variant's instances, or its provisioned concurrency."""

import re
from typing import Any

from local_aws.autoscaling.capacity import Dimension
from local_aws.endpoints import document
from local_aws.endpoints.operations import update_weights
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

_RESOURCE = re.compile(r"endpoint/([a-zA-Z0-9-]+)/variant/([a-zA-Z0-9-]+)")


def _names(resource: str) -> tuple[str, str]:
    """Of the endpoint and the variant."""
    _, endpoint, _, variant = resource.split("/")
    return endpoint, variant


def _find(aws: Aws, resource: str) -> tuple[Document, Document]:
    """The endpoint's document and the variant of its live configuration. Raises AwsError "ValidationException"."""
    endpoint, variant = _names(resource)
    held = aws.store.get(document.ENDPOINT.kind, endpoint)
    for found in held["Live"]["Config"]["ProductionVariants"] if held and held["Live"] else ():
        if held and found["VariantName"] == variant:
            return held, found
    raise AwsError("ValidationException", f"SageMaker variant does not exist: {resource}")


def _wanted(held: Document, variant: Document) -> Document:
    """Weight, count and serverless settings as they are, or are to be."""
    found: Document = (held.get("Wanted") or held["Live"]["Variants"])[variant["VariantName"]]
    return found


def _settled(aws: Aws, resource: str) -> bool:
    held = aws.store.get(document.ENDPOINT.kind, _names(resource)[0])
    return held is not None and held["EndpointStatus"] not in document.CHANGING


def _ask(aws: Aws, resource: str, **desired: Any) -> None:
    endpoint, variant = _names(resource)
    wanted = [{"VariantName": variant, **desired}]
    update_weights(aws, {"EndpointName": endpoint, "DesiredWeightsAndCapacities": wanted})


class Instances:
    """An asynchronous variant goes down to none, a real-time one to one."""

    def current(self, aws: Aws, resource: str) -> int:
        return int(_wanted(*self._of(aws, resource))["Count"])

    def set(self, aws: Aws, resource: str, desired: int) -> None:
        _ask(aws, resource, DesiredInstanceCount=desired)

    def lowest(self, aws: Aws, resource: str) -> int:
        return 0 if "AsyncInferenceConfig" in self._of(aws, resource)[0]["Live"]["Config"] else 1

    def settled(self, aws: Aws, resource: str) -> bool:
        return _settled(aws, resource)

    @staticmethod
    def _of(aws: Aws, resource: str) -> tuple[Document, Document]:
        held, variant = _find(aws, resource)
        if "ServerlessConfig" in variant:
            raise AwsError("ValidationException", f"A serverless variant has no instances: {resource}")
        return held, variant


class ProvisionedConcurrency:
    """Of a serverless variant that has some already."""

    def current(self, aws: Aws, resource: str) -> int:
        held, variant = _find(aws, resource)
        settings = _wanted(held, variant).get("ServerlessConfig") or variant.get("ServerlessConfig") or {}
        if not settings.get("ProvisionedConcurrency"):
            raise AwsError("ValidationException", f"The variant has no provisioned concurrency: {resource}")
        return int(settings["ProvisionedConcurrency"])

    def set(self, aws: Aws, resource: str, desired: int) -> None:
        _ask(aws, resource, ServerlessUpdateConfig={"ProvisionedConcurrency": desired})

    def lowest(self, aws: Aws, resource: str) -> int:
        _find(aws, resource)
        return 1

    def settled(self, aws: Aws, resource: str) -> bool:
        return _settled(aws, resource)


DIMENSIONS = {
    "sagemaker:variant:DesiredInstanceCount": Dimension(_RESOURCE, "desired instance count", Instances()),
    "sagemaker:variant:DesiredProvisionedConcurrency": Dimension(
        _RESOURCE, "desired provisioned concurrency", ProvisionedConcurrency()
    ),
}
