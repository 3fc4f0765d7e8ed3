"""An endpoint's document: how it changes, and how DescribeEndpoint shows it.

EndpointStatus and what AWS shows; Live, the target that is served (see `targets`); Deployment, a blue/green one that is
going on: Target, Config, StartTime and the members of `deployment`; Wanted, weights and counts that are being set.
"""

from typing import Any

from local_aws import crud
from local_aws.endpoints import events, shifting
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

ENDPOINT = crud.Resource(
    service="sagemaker",
    kind="sagemaker:Endpoint",
    name="EndpointName",
    arn=("EndpointArn", "endpoint/{}"),
    into="Endpoints",
    noun="endpoint",
)

#: Statuses of an endpoint that changes.
CHANGING = ("Creating", "Updating", "RollingBack", "Deleting")


def find(aws: Aws, name: str) -> Document:
    """Raises AwsError "ValidationException"."""
    return ENDPOINT.get(aws, name)


def save(aws: Aws, document: Document, *, deployment: bool = False) -> None:
    """Write the changed document and tell of it; inside a transaction.

    deployment  the change is one of the deployment alone
    """
    document["LastModifiedTime"] = aws.clock.now()
    aws.store.put(ENDPOINT.kind, document["EndpointName"], document)
    events.tell(aws, describe(document) | {"Tags": document.get("Tags")}, deployment=deployment)


def idle(document: Document) -> Document:
    """Raises AwsError "ValidationException" when the endpoint cannot be changed now."""
    status, arn = document["EndpointStatus"], document["EndpointArn"]
    if status in CHANGING:
        raise AwsError("ValidationException", f'Cannot update in-progress endpoint "{arn}".')
    if status != "InService":
        raise AwsError("ValidationException", f'Cannot update endpoint "{arn}" with status "{status}".')
    return document


def new_deployment(aws: Aws, target: Document, config: Document) -> Document:
    now = aws.clock.now()
    return {"Target": target, "Config": config, "StartTime": now} | {
        "Step": 0,
        "Since": None,
        "Begun": None,
        "Share": 0.0,
        "Reason": "",
    }


def describe(document: Document) -> Document:
    """The answer of DescribeEndpoint."""
    deployment: Document = document.get("Deployment") or {}
    live: Document = document.get("Live") or deployment["Target"]
    shown = {
        key: document.get(key)
        for key in (
            "EndpointName",
            "EndpointArn",
            "EndpointStatus",
            "FailureReason",
            "CreationTime",
            "LastModifiedTime",
            "LastDeploymentConfig",
        )
    }
    shown["EndpointConfigName"] = live["EndpointConfigName"]
    for member in ("AsyncInferenceConfig", "MetricsConfig"):
        shown[member] = live["Config"].get(member)
    shown["DataCaptureConfig"] = _capture(live["Config"].get("DataCaptureConfig"))
    if document.get("Live"):
        shown["ProductionVariants"] = _variants(live, document.get("Wanted") or {})
    if deployment and document.get("Live"):
        shown["PendingDeploymentSummary"] = _pending(deployment)
    return {key: value for key, value in shown.items() if value is not None}


def _capture(config: Document | None) -> Document | None:
    if not config:
        return None
    enabled = bool(config.get("EnableCapture"))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }


def _variants(target: Document, wanted: Document) -> list[Document]:
    return [_variant(target, variant, wanted) for variant in target["Config"]["ProductionVariants"]]


def _variant(target: Document, variant: Document, wanted: Document) -> Document:
    name = variant["VariantName"]
    held = target["Variants"][name]
    desired = wanted.get(name, held)
    shown = {
        "VariantName": name,
        "DeployedImages": [
            {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": target["ResolutionTime"]}
            for image in target["Images"][name]
        ],
        "CurrentWeight": held["Weight"],
        "DesiredWeight": desired["Weight"],
    }
    if serverless := variant.get("ServerlessConfig"):
        current = held.get("ServerlessConfig", serverless)
        return shown | {
            "CurrentServerlessConfig": current,
            "DesiredServerlessConfig": desired.get("ServerlessConfig", current),
        }
    shown |= {"CurrentInstanceCount": held["Count"], "DesiredInstanceCount": desired["Count"]}
    return shown | ({"RoutingConfig": variant["RoutingConfig"]} if "RoutingConfig" in variant else {})


def _pending(deployment: Document) -> Document:
    target = deployment["Target"]
    variants = _variants(target, {})
    for shown, variant in zip(variants, target["Config"]["ProductionVariants"], strict=True):
        shown["VariantStatus"] = [_status(deployment)]
        if "InstanceType" in variant:
            shown["InstanceType"] = variant["InstanceType"]
    return {
        "EndpointConfigName": target["EndpointConfigName"],
        "StartTime": deployment["StartTime"],
        "ProductionVariants": variants,
    }


def _status(deployment: Document) -> Document:
    if deployment["Reason"]:
        return {
            "Status": "Deleting",
            "StatusMessage": deployment["Reason"][:1024],
            "StartTime": deployment["StartTime"],
        }
    if deployment["Since"] is None:
        status = "Creating" if deployment["Begun"] is None else "ActivatingTraffic"
        return {"Status": status, "StartTime": deployment["Begun"] or deployment["StartTime"]}
    step = shifting.plan(deployment["Config"], deployment.get("Instances", 1))[deployment["Step"]]
    message = f"Baking for {step.wait:.0f} seconds ({step.name}) with traffic enabled on {step.share:g} % of capacity."
    return {"Status": "Baking", "StatusMessage": message, "StartTime": deployment["Since"]}
