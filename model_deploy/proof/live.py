"""What is live, held against what was meant to be: SageMaker rolls back by itself and says nothing."""

from collections.abc import Mapping
from typing import Any

from contract.documents import Document, sha256
from contract.errors import InputError
from contract.package import ARTEFACT_HASH
from model_deploy.modes import ModeName
from model_deploy.proof import golden
from model_deploy.proof.account import Account
from model_deploy.proof.checks import Check
from model_deploy.proof.storage import Patience

#: Statuses that end by themselves, and how long that is waited for.
UNDER_WAY = ("Creating", "Updating", "SystemUpdating", "RollingBack")
SECONDS = 600.0

#: Mode → how the names of its outputs begin in the stage's stack.
OUTPUTS: Mapping[ModeName, str] = {
    "real_time": "RealTime",
    "serverless": "Serverless",
    "asynchronous": "Asynchronous",
    "batch": "Batch",
}


def stack(account: Account, name: str) -> Document:
    """The stage's stack: `Outputs` and `Parameters` by name. Raises ClientError when there is none."""
    found: Document = account.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {
        "StackStatus": found["StackStatus"],
        "Outputs": {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        "Parameters": {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])},
    }


def package(mode: ModeName, found: Document, arn: str) -> Check:
    """Whether the stack was deployed from the version that is to be proved."""
    deployed = found["Parameters"].get("ModelPackageName")
    said = f"the stack is {found['StackStatus']} with {deployed}"
    return Check(mode, "stack", deployed == arn, said if deployed == arn else f"{said}; {arn} is meant to be there")


def endpoint(mode: ModeName, account: Account, outputs: Document) -> Check:
    """Whether the endpoint serves the configuration that the stack made for it.

    Scaling makes an endpoint Updating for a while as well: what is under way is waited for, and counts as not live.
    """
    prefix = OUTPUTS[mode]
    name, meant = outputs[f"{prefix}EndpointName"], outputs[f"{prefix}EndpointConfigName"]
    found = _settled(account.client("sagemaker"), name)
    status, live = found["EndpointStatus"], found.get("EndpointConfigName")
    said = f"{name} is {status} with the configuration {live}"
    passed = (status, live) == ("InService", meant)
    because = f". {why}" if (why := reason(found)) else ""
    return Check(mode, "live", passed, said if passed else f"{said}; {meant} is meant to be live{because}")


def reason(found: Document) -> str:
    """Why an endpoint is not where its update should have brought it: SageMaker's words, which name the alarm, else the
    alarms that watched the update. `found` is DescribeEndpoint's answer.
    """
    if said := found.get("FailureReason"):
        return str(said)
    watched = found.get("LastDeploymentConfig", {}).get("AutoRollbackConfiguration", {}).get("Alarms", [])
    names = ", ".join(one["AlarmName"] for one in watched)
    return f"SageMaker gives no reason; these alarms watched the update: {names}" if names else ""


def _settled(sagemaker: Any, name: str) -> Document:
    """The endpoint once nothing is under way there, or as it is after SECONDS."""
    patience = Patience(SECONDS, f"end of what is under way at {name}")
    while True:
        found: Document = sagemaker.describe_endpoint(EndpointName=name)
        if found["EndpointStatus"] not in UNDER_WAY:
            return found
        try:
            patience.pause()
        except TimeoutError:
            return found


def artefact(mode: ModeName, s3: Any, version: Document) -> Check:
    """Whether the bytes that are served are those that were evaluated."""
    meant = version.get("CustomerMetadataProperties", {}).get(ARTEFACT_HASH)
    if not meant:
        raise InputError(f"{version['ModelPackageArn']} names no hash of its artefact ({ARTEFACT_HASH}).")
    url = version["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    found = sha256(golden.content(s3, url))
    said = f"{url} has the hash {found[:12]}"
    return Check(mode, "artefact", found == meant, said if found == meant else f"{said}; {meant[:12]} was evaluated")
