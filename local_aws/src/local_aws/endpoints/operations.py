"""CreateEndpoint and its siblings: they change documents, and the endpoint's life follows."""

from local_aws import crud
from local_aws.autoscaling import targets as scalable_targets
from local_aws.cloudwatch import alarms
from local_aws.endpoints import document, shifting, targets
from local_aws.endpoints.document import ENDPOINT, Document
from local_aws.endpoints.endpoints import Endpoints
from local_aws.endpoints.serverless.checks import check_deployment, concurrency
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("sagemaker")


def _check(aws: Aws, config: Document, target: Document) -> None:
    """A DeploymentConfig. Raises AwsError."""
    check_deployment(config, target)
    shifting.check(config, targets.smallest(target))
    for name in shifting.alarms_of(config):
        try:
            alarms.find(aws, name)
        except AwsError as error:
            raise AwsError("ValidationException", f"Could not find the alarm {name}: {error.message}") from None


def _check_scaled(aws: Aws, name: str, live: Document, config: Document) -> None:
    """Autoscaling holds on to what it has: its variants keep their name and instance type. Raises AwsError."""
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in config["ProductionVariants"]}
    for variant in live["ProductionVariants"]:
        key = variant["VariantName"]
        unchanged = key in types and types[key] == variant.get("InstanceType")
        if not unchanged and scalable_targets.of_resource(aws, f"endpoint/{name}/variant/{key}"):
            raise AwsError(
                "ValidationException",
                f"The variant {key} is registered with Application Auto Scaling: deregister it before it is removed"
                " or its instance type changes.",
            )


def _follow(aws: Aws, name: str, *, interrupt: bool = False) -> None:
    """Once the open transaction is durable."""
    aws.store.after_commit(lambda: aws.part(Endpoints).follow(name, interrupt=interrupt))


@operations("CreateEndpoint")
def create(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        target = targets.target_of(aws, request["EndpointConfigName"])
        config = request.get("DeploymentConfig") or {}
        _check(aws, config, target)
        made = ENDPOINT.add(
            aws,
            {"EndpointName": request["EndpointName"], "Tags": request.get("Tags") or []},
            EndpointStatus="Creating",
            Live=None,
            Wanted=None,
            Deployment=document.new_deployment(aws, target, config),
            LastDeploymentConfig=config or None,
        )
        document.save(aws, made)
        _follow(aws, request["EndpointName"])
    return {"EndpointArn": made["EndpointArn"]}


@operations("UpdateEndpoint")
def update(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        held = document.idle(document.find(aws, request["EndpointName"]))
        target = targets.target_of(aws, request["EndpointConfigName"])
        _check_scaled(aws, request["EndpointName"], held["Live"]["Config"], target["Config"])
        if request.get("RetainAllVariantProperties"):
            excluded = [one["VariantPropertyType"] for one in request.get("ExcludeRetainedVariantProperties") or []]
            target = targets.retained(target, held["Live"], excluded)
        config = request.get("DeploymentConfig") or {}
        if request.get("RetainDeploymentConfig") and not config:
            config = held.get("LastDeploymentConfig") or {}
        _check(aws, config, target)
        held |= {
            "EndpointStatus": "Updating",
            "FailureReason": None,
            "LastDeploymentConfig": config or None,
            "Deployment": document.new_deployment(aws, target, config),
        }
        document.save(aws, held)
        _follow(aws, request["EndpointName"])
    return {"EndpointArn": held["EndpointArn"]}


@operations("UpdateEndpointWeightsAndCapacities")
def update_weights(aws: Aws, request: Request) -> Result:
    wanted = {one["VariantName"]: one for one in request["DesiredWeightsAndCapacities"]}
    with aws.store.transaction():
        held = document.idle(document.find(aws, request["EndpointName"]))
        variants: Document = {name: dict(variant) for name, variant in held["Live"]["Variants"].items()}
        for name, one in wanted.items():
            if name not in variants:
                raise AwsError("ValidationException", f"The endpoint has no production variant {name}.")
            _want(held["Live"]["Config"], name, variants[name], one)
        held |= {"EndpointStatus": "Updating", "Wanted": variants}
        document.save(aws, held)
        _follow(aws, request["EndpointName"])
    return {"EndpointArn": held["EndpointArn"]}


def _want(config: Document, name: str, variant: Document, one: Document) -> None:
    """What a request wants of a variant. Raises AwsError "ValidationException"."""
    own = next(found for found in config["ProductionVariants"] if found["VariantName"] == name)
    if one.get("DesiredWeight") is not None:
        variant["Weight"] = float(one["DesiredWeight"])
    if (count := one.get("DesiredInstanceCount")) is not None:
        if "ServerlessConfig" in own:
            raise AwsError("ValidationException", f"The serverless variant {name} has no DesiredInstanceCount.")
        if count < 1 and "AsyncInferenceConfig" not in config:
            raise AwsError("ValidationException", f"DesiredInstanceCount of the variant {name} must be at least 1.")
        variant["Count"] = int(count)
    if wanted := one.get("ServerlessUpdateConfig"):
        if "ServerlessConfig" not in own:
            raise AwsError("ValidationException", f"The variant {name} is not serverless.")
        variant["ServerlessConfig"] = own["ServerlessConfig"] | variant.get("ServerlessConfig", {}) | wanted
        for reason in concurrency(variant["ServerlessConfig"]):
            raise AwsError("ValidationException", reason)


@operations("DescribeEndpoint")
def describe(aws: Aws, request: Request) -> Result:
    return document.describe(document.find(aws, request["EndpointName"]))


@operations("ListEndpoints")
def list_endpoints(aws: Aws, request: Request) -> Result:
    return crud.page(
        [held for _, held in aws.store.scan(ENDPOINT.kind)],
        request,
        into="Endpoints",
        name="EndpointName",
        sort_by={**crud.SORT_BY, "Status": "EndpointStatus"},
        filters={"StatusEquals": "EndpointStatus"},
        size=10,
    )


@operations("DeleteEndpoint")
def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        held = document.find(aws, request["EndpointName"])
        if held["EndpointStatus"] != "Deleting":
            document.save(aws, held | {"EndpointStatus": "Deleting"})
        _follow(aws, request["EndpointName"], interrupt=True)
    return None
