"""CreateEndpoint and its siblings: they change documents, and the endpoint's life follows."""

from typing import Any

from local_aws import crud
from local_aws.cloudwatch import alarms
from local_aws.endpoints import document, shifting, targets
from local_aws.endpoints.document import ENDPOINT, Document
from local_aws.endpoints.endpoints import Endpoints
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("sagemaker")


def _check(aws: Aws, config: Document, target: Document) -> None:
    """A DeploymentConfig. Raises AwsError."""
    shifting.check(config, targets.smallest(target))
    for name in shifting.alarms_of(config):
        try:
            alarms.find(aws, name)
        except AwsError as error:
            raise AwsError("ValidationException", f"Could not find the alarm {name}: {error.message}") from None


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
            _want(variants[name], one)
        held |= {"EndpointStatus": "Updating", "Wanted": variants}
        document.save(aws, held)
        _follow(aws, request["EndpointName"])
    return {"EndpointArn": held["EndpointArn"]}


def _want(variant: Document, one: Document) -> None:
    """What a request wants of a variant."""
    if one.get("DesiredWeight") is not None:
        variant["Weight"] = float(one["DesiredWeight"])
    if one.get("DesiredInstanceCount") is not None:
        variant["Count"] = int(one["DesiredInstanceCount"])
    if serverless := one.get("ServerlessUpdateConfig"):
        variant["ServerlessConfig"] = {**variant.get("ServerlessConfig", {}), **serverless}


def set_capacity(aws: Aws, endpoint: str, variant: str, instances: int) -> None:
    """What Application Auto Scaling does. Raises AwsError "ValidationException" while the endpoint changes."""
    desired: list[dict[str, Any]] = [{"VariantName": variant, "DesiredInstanceCount": instances}]
    update_weights(aws, {"EndpointName": endpoint, "DesiredWeightsAndCapacities": desired})


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
