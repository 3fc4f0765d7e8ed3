"""The operations on pipelines and their versions."""

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.idempotency import once
from local_aws.operations import Aws, Operations, Request, Result
from local_aws.pipelines import caching, catalogue, executions

operations = Operations("sagemaker")


@operations("CreatePipeline")
def create_pipeline(aws: Aws, request: Request) -> Result:
    token = request.pop("ClientRequestToken")
    return {
        "PipelineArn": once(aws, "CreatePipeline", token, request, lambda: catalogue.create(aws, request)),
    }


@operations("UpdatePipeline")
def update_pipeline(aws: Aws, request: Request) -> Result:
    pipeline = catalogue.update(aws, request)
    return {"PipelineArn": pipeline["PipelineArn"], "PipelineVersionId": pipeline["LastVersion"]}


@operations("DescribePipeline")
def describe_pipeline(aws: Aws, request: Request) -> Result:
    if "PipelineVersionAlias" in request:
        raise NotSupported("PipelineVersionAlias of DescribePipeline")
    pipeline = catalogue.get(aws, request["PipelineName"])
    number: int = request.get("PipelineVersionId") or pipeline["LastVersion"]
    return pipeline | {
        name: value
        for name, value in catalogue.version(aws, pipeline["PipelineName"], number).items()
        if name not in ("CreationTime", "LastModifiedTime")
    }


@operations("ListPipelines")
def list_pipelines(aws: Aws, request: Request) -> Result:
    prefix = request.get("PipelineNamePrefix", "")
    found = [
        pipeline | {"LastExecutionTime": pipeline.get("LastRunTime")}
        for _, pipeline in aws.store.scan(catalogue.KIND, prefix)
        if request.get("ManagedBy") != "AWS"
    ]
    return crud.page(found, request, into="PipelineSummaries", name="PipelineName")


@operations("DeletePipeline")
def delete_pipeline(aws: Aws, request: Request) -> Result:
    """With its versions, executions and cache; not while an execution runs."""
    token = request.pop("ClientRequestToken")
    return {"PipelineArn": once(aws, "DeletePipeline", token, request, lambda: _delete(aws, request))}


def _delete(aws: Aws, request: Request) -> str:
    pipeline = catalogue.get(aws, request["PipelineName"])
    name = pipeline["PipelineName"]
    held = executions.of_pipeline(aws, name)
    running = [item for item in held if item["PipelineExecutionStatus"] in ("Executing", "Stopping")]
    if running:
        raise AwsError(
            "ConflictException",
            f"The pipeline {name} has running executions: stop {running[0]['PipelineExecutionArn']} first.",
        )
    for execution in held:
        aws.store.delete(executions.KIND, executions.key_of(execution["PipelineExecutionArn"]))
    for key, _ in aws.store.scan(catalogue.VERSIONS, f"{name}/"):
        aws.store.delete(catalogue.VERSIONS, key)
    caching.forget(aws, name)
    aws.store.delete(catalogue.KIND, name)
    return str(pipeline["PipelineArn"])


@operations("ListPipelineVersions")
def list_pipeline_versions(aws: Aws, request: Request) -> Result:
    name = catalogue.get(aws, request["PipelineName"])["PipelineName"]
    last = {item["PipelineVersionId"]: item["PipelineExecutionArn"] for item in executions.of_pipeline(aws, name)}
    found = [
        item | {"LastExecutionPipelineExecutionArn": last.get(item["PipelineVersionId"])}
        for item in catalogue.versions(aws, name)
    ]
    return crud.page(found, request, into="PipelineVersionSummaries", name="PipelineVersionId")


@operations("UpdatePipelineVersion")
def update_pipeline_version(aws: Aws, request: Request) -> Result:
    if "PipelineVersionAliasOperations" in request:
        raise NotSupported("PipelineVersionAliasOperations of UpdatePipelineVersion")
    name, number = catalogue.name_of(request["PipelineArn"]), request["PipelineVersionId"]
    with aws.store.transaction():
        described = ("PipelineVersionDisplayName", "PipelineVersionDescription")
        changes = {member: request[member] for member in described if member in request}
        found = catalogue.version(aws, name, number) | changes
        aws.store.put(catalogue.VERSIONS, f"{name}/{number:09d}", found)
    return {"PipelineArn": request["PipelineArn"], "PipelineVersionId": number}
