"""Endpoint configurations: remembered as they are, after what AWS refuses and what is not here was refused."""

from collections.abc import Callable, Iterator
from typing import Any

from local_aws import crud, models
from local_aws.endpoints.asynchronous.checks import check as _asynchronous
from local_aws.endpoints.serverless.checks import check as _serverless
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("sagemaker")

CONFIG = crud.Resource(
    service="sagemaker",
    kind="sagemaker:EndpointConfig",
    name="EndpointConfigName",
    arn=("EndpointConfigArn", "endpoint-config/{}"),
    describe="DescribeEndpointConfig",
    list="ListEndpointConfigs",
    delete="DeleteEndpointConfig",
    into="EndpointConfigs",
    noun="endpoint configuration",
)
CONFIG.register(operations)

#: Members that would change what an endpoint does, and that nothing here does.
_NOT_HERE = ("ExplainerConfig", "ShadowProductionVariants", "CrossRegionTrafficConfig")
_NOT_HERE_IN_VARIANT = (
    "AcceleratorPartitionLayouts",
    "AcceleratorType",
    "CapacityReservationConfig",
    "CoreDumpConfig",
    "InstancePools",
    "ManagedInstanceScaling",
)

Check = Callable[[Aws, Document], Iterator[str]]


def _names(_: Aws, config: Document) -> Iterator[str]:
    names = [variant["VariantName"] for variant in config["ProductionVariants"]]
    if len(set(names)) < len(names):
        yield "Production variant names must be unique."


def _capacity(_: Aws, config: Document) -> Iterator[str]:
    for variant in config["ProductionVariants"]:
        instances = [member for member in ("InstanceType", "InitialInstanceCount") if member in variant]
        if "ServerlessConfig" in variant and instances:
            yield f"{instances[0]} and ServerlessConfig cannot both be given for a variant."
        if "ServerlessConfig" not in variant and len(instances) < 2:
            yield "A variant needs InstanceType and InitialInstanceCount, or ServerlessConfig."


#: Why AWS refuses a configuration; whoever adds a kind of variant adds its reasons.
CHECKS: list[Check] = [_names, _capacity, _asynchronous, _serverless]


def create(aws: Aws, request: Request) -> Result:
    """Raises AwsError: ValidationException with AWS's reasons, NotImplemented by name."""
    request = {key: value for key, value in request.items() if value is not None}
    _refuse(request)
    for check in CHECKS:
        for reason in check(aws, request):
            raise AwsError("ValidationException", reason)
    for variant in request["ProductionVariants"]:
        models.describe(aws, variant["ModelName"])
    return {"EndpointConfigArn": CONFIG.add(aws, request)["EndpointConfigArn"]}


def _refuse(request: Request) -> None:
    for member in _NOT_HERE:
        if request.get(member):
            raise NotSupported(f"{member} of an endpoint configuration")
    if (request.get("MetricsConfig") or {}).get("EnableEnhancedMetrics"):
        raise NotSupported("EnableEnhancedMetrics of an endpoint configuration")
    for variant in request["ProductionVariants"]:
        for member in _NOT_HERE_IN_VARIANT:
            if variant.get(member):
                raise NotSupported(f"{member} of a production variant")
        if "ModelName" not in variant:
            raise NotSupported("inference components: a production variant without ModelName")
        if (strategy := (variant.get("RoutingConfig") or {}).get("RoutingStrategy", "RANDOM")) not in (
            "RANDOM",
            "LEAST_OUTSTANDING_REQUESTS",
        ):
            raise NotSupported(f"RoutingStrategy {strategy} of a production variant")


operations("CreateEndpointConfig")(create)
