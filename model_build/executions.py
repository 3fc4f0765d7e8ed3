"""From a definition to a running execution: upsert, start. Plain boto3."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from contract import package
from contract.documents import sha256
from contract.errors import InputError
from model_build import data as sources
from model_build.built import NONE, Built
from model_build.check import downstream
from model_build.target import Target

#: A definition beyond this size travels through S3 (CreatePipeline's own limit is 1 MB of text).
INLINE = 100 * 1024


def upsert(built: Built, session: Any) -> str:
    """Upload code and settings, then create or update the pipeline; returns its ARN. `session` is boto3's."""
    prepare(built, session)
    s3, sagemaker = session.client("s3"), session.client("sagemaker")
    request = {
        "PipelineName": built.name,
        "RoleArn": built.target.role,
        **({"PipelineDescription": built.description} if built.description else {}),
        **_definition(built, s3),
    }
    pages = sagemaker.get_paginator("list_pipelines").paginate(PipelineNamePrefix=built.name)
    if built.name in {entry["PipelineName"] for page in pages for entry in page["PipelineSummaries"]}:
        return str(sagemaker.update_pipeline(**request)["PipelineArn"])
    tags = [{"Key": key, "Value": value} for key, value in built.tags.items()]
    token = sha256(f"{built.name} {built.text}".encode())
    return str(sagemaker.create_pipeline(**request, ClientRequestToken=token, Tags=tags)["PipelineArn"])


def prepare(built: Built, session: Any) -> None:
    """Make sure that what the definition names is there: bucket, model package group, code and settings."""
    s3 = session.client("s3")
    ensure_bucket(s3, built.target)
    ensure_group(session.client("sagemaker"), built)
    built.assets.upload(s3, built.kms_key)


def start(
    built: Built,
    session: Any,
    data: str | None = None,
    parameters: Mapping[str, str] | None = None,
    from_step: str | None = None,
) -> str:
    """Start an execution and return its ARN.

    data        a file or folder (uploaded, named by content) or an s3:// prefix; None: the configuration's
                `input_data`, else a generated sample
    parameters  name → text; they win over what is derived from data and registry
    from_step   run this step and what follows it; the newest execution supplies what came before
    Raises InputError when there is no data, or no such step.
    """
    sagemaker = session.client("sagemaker")
    chosen = dict(parameters or {})
    given = {**start_parameters(built, session, data or chosen.get("InputDataUrl")), **chosen}
    selection = {"SelectiveExecutionConfig": _selection(built, sagemaker, from_step)} if from_step else {}
    response = sagemaker.start_pipeline_execution(
        PipelineName=built.name,
        PipelineParameters=[{"Name": name, "Value": str(value)} for name, value in given.items()],
        **selection,
    )
    return str(response["PipelineExecutionArn"])


def start_parameters(built: Built, session: Any, data: str | None) -> dict[str, str]:
    """The parameters that depend on the state of S3 and of the registry when an execution starts."""
    s3 = session.client("s3")
    address = sources.locate(data, built, s3, session)
    return {
        "InputDataUrl": address,
        "InputDataFingerprint": sources.fingerprint(address, s3),
        **registered(built.group, session.client("sagemaker")),
        **champion(built.group, session.client("sagemaker"), s3),
    }


def registered(group: str, sagemaker: Any) -> dict[str, str]:
    """The hashes of the newest package in `group`, "none" where there is none."""
    newest = sagemaker.list_model_packages(
        ModelPackageGroupName=group, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["ModelPackageSummaryList"]
    metadata: Mapping[str, str] = {}
    if newest:
        found = sagemaker.describe_model_package(ModelPackageName=newest[0]["ModelPackageArn"])
        metadata = found.get("CustomerMetadataProperties", {})
    return {
        "RegisteredArtefact": metadata.get(package.ARTEFACT_HASH, NONE),
        "RegisteredCode": metadata.get(package.CODE_HASH, NONE),
        "RegisteredData": metadata.get(package.DATA_HASH, NONE),
    }


def champion(group: str, sagemaker: Any, s3: Any) -> dict[str, str]:
    """Number and addresses of the newest approved package in `group`: of its model and of its analysis. Nothing where
    there is none; no address of a model that cannot be read, since it is gone or a chain of containers, and none of an
    analysis that is not there."""
    approved = sagemaker.list_model_packages(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )["ModelPackageSummaryList"]
    if not approved:
        return {}
    found = sagemaker.describe_model_package(ModelPackageName=approved[0]["ModelPackageArn"])
    version = {"ChampionVersion": str(found["ModelPackageVersion"])}
    containers = found.get("InferenceSpecification", {}).get("Containers", [])
    address = containers[0].get("ModelDataUrl", "") if len(containers) == 1 else ""
    analysis = _explained(found.get("DriftCheckBaselines", {}))
    named = {"ChampionModelUrl": address, "BaselineAnalysisUrl": analysis}
    return version | {name: place for name, place in named.items() if place and _is_there(s3, place)}


def _explained(baselines: Mapping[str, Any]) -> str:
    """The document of a package that holds its explanations, and with the engine "open" its bias."""
    return str(baselines.get("Explainability", {}).get("Constraints", {}).get("S3Uri", ""))


def _is_there(s3: Any, address: str) -> bool:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
            raise
        return False
    return True


def ensure_bucket(s3: Any, target: Target) -> None:
    """Make the artifact bucket when it is not there."""
    try:
        s3.head_bucket(Bucket=target.bucket)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket", "NotFound"):
            raise
        place = {} if target.region == "us-east-1" else {"LocationConstraint": target.region}
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):  # another run came first
            s3.create_bucket(Bucket=target.bucket, **({"CreateBucketConfiguration": place} if place else {}))


def ensure_group(sagemaker: Any, built: Built) -> None:
    """Make the model package group when it is not there."""
    if _has_group(sagemaker, built.group):
        return
    try:
        sagemaker.create_model_package_group(ModelPackageGroupName=built.group)
    except sagemaker.exceptions.ClientError:
        if not _has_group(sagemaker, built.group):  # else another run came first
            raise


def _has_group(sagemaker: Any, name: str) -> bool:
    """Of this group alone: who may build one model need not see the others."""
    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=name)
    except sagemaker.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        return False
    return True


def _selection(built: Built, sagemaker: Any, step: str) -> dict[str, Any]:
    """The steps from `step` on, on top of the newest execution."""
    names = downstream(json.loads(built.text)["Steps"], step)
    past = sagemaker.list_pipeline_executions(PipelineName=built.name, SortBy="CreationTime", SortOrder="Descending")
    if not past["PipelineExecutionSummaries"]:
        raise InputError(f"{built.name} has not run yet, so nothing can supply what comes before {step}; leave --from.")
    newest = past["PipelineExecutionSummaries"][0]["PipelineExecutionArn"]
    return {"SourcePipelineExecutionArn": newest, "SelectedSteps": [{"StepName": name} for name in names]}


def _definition(built: Built, s3: Any) -> dict[str, Any]:
    content = built.text.encode()
    if len(content) <= INLINE:
        return {"PipelineDefinition": built.text}
    key = f"{built.assets.prefix}/definitions/{sha256(content)}.json"
    s3.put_object(Bucket=built.target.bucket, Key=key, Body=content)
    return {"PipelineDefinitionS3Location": {"Bucket": built.target.bucket, "ObjectKey": key}}
