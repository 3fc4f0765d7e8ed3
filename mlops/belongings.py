"""What a deployment made, found by listing: what runs, what no stack holds, and what stays for good."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import ClientError

from contract.documents import Document
from mlops import stacks, versions
from mlops.projects import STAGES, Project

#: Log groups that builds, functions and endpoints write: prefixes after which the project's name follows.
_LOGS = ("/aws/codebuild/", "/aws/lambda/", "/aws/sagemaker/Endpoints/")

#: The log group of all transform jobs of the account; a job's streams begin with its name.
TRANSFORMS = "/aws/sagemaker/TransformJobs"

#: How services say that something is not there.
_GONE = ("notfound", "not found", "could not find", "does not exist", "doesnotexist", "nosuchbucket", "no such")


def left(project: Project) -> Iterator[tuple[str, str]]:
    """What is still there of the deployment: nothing, after it was destroyed."""
    for stack in (project.stack, *(project.stage_stack(stage) for stage in STAGES)):
        if stacks.find(stack):
            yield "stack", stack
    client = boto3.client("sagemaker")
    for page in client.get_paginator("list_endpoints").paginate(NameContains=f"{project.name}-"):
        for entry in page["Endpoints"]:
            if _named(project, entry["EndpointName"]):
                yield "endpoint", entry["EndpointName"]
    for bucket in buckets(project):
        if bucket_exists(bucket):
            yield "bucket", bucket
    yield from kept_by_stages(project)
    yield from beside(project)


def bucket_exists(name: str) -> bool:
    """Whether there is such a bucket."""
    try:
        boto3.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            return False
        raise
    return True


def buckets(project: Project) -> tuple[str, str]:
    """The project's own and that of its CodePipelines' artifacts."""
    return project.bucket, f"{project.bucket}-artifacts"


def builds(project: Project) -> Iterator[str]:
    """Ids of builds that still run: an execution that is abandoned leaves them to themselves."""
    client = boto3.client("codebuild")
    names = (name for page in client.get_paginator("list_projects").paginate() for name in page["projects"])
    for name in names:
        if name.startswith(f"{project.name}-{project.id}-"):
            with gone_is_fine():
                newest = client.list_builds_for_project(projectName=name, sortOrder="DESCENDING")["ids"]
                found = client.batch_get_builds(ids=newest[:100])["builds"] if newest else ()
                yield from (build["id"] for build in found if build["buildStatus"] == "IN_PROGRESS")


def batches(project: Project) -> Iterator[str]:
    """ARNs of the executions of the stages' scoring pipelines that still run."""
    pages = boto3.client("sagemaker").get_paginator("list_pipeline_executions")
    for stage in STAGES:
        with gone_is_fine():
            for page in pages.paginate(PipelineName=f"{project.name}-{stage}-batch"):
                for one in page["PipelineExecutionSummaries"]:
                    if one["PipelineExecutionStatus"] in ("Executing", "Stopping"):
                        yield one["PipelineExecutionArn"]


def kept_by_stages(project: Project) -> Iterator[tuple[str, str]]:
    """Models and endpoint configurations that a stack kept when it replaced them, for a rollback."""
    client = boto3.client("sagemaker")
    listings: Mapping[str, tuple[str, str, str]] = {
        "endpoint configuration": ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
        "model": ("list_models", "Models", "Model"),
    }
    for kind, (operation, member, prefix) in listings.items():
        entries = (entry for page in client.get_paginator(operation).paginate() for entry in page[member])
        for entry in entries:
            with gone_is_fine():
                if _is_ours(project, client.list_tags(ResourceArn=entry[f"{prefix}Arn"])["Tags"]):
                    yield kind, entry[f"{prefix}Name"]


def _is_ours(project: Project, tags: list[Any]) -> bool:
    """By the tags that a stage's stack passes on to what it makes."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    return project.tags.items() <= given.items() and "sagemaker:deployment-stage" in given


def beside(project: Project) -> Iterator[tuple[str, str]]:
    """What no stack holds: repositories of the project's own names, and logs."""
    for name in (project.build_pipeline, project.pipeline):
        if _repository(name):
            yield "repository", name
    logs = boto3.client("logs")
    for start in _LOGS:
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"{start}{project.name}-"):
            for group in page["logGroups"]:
                if _named(project, group["logGroupName"].removeprefix(start)):
                    yield "log group", group["logGroupName"]
    for job in _transforms(project):
        with gone_is_fine():
            streams = logs.get_paginator("describe_log_streams")
            for page in streams.paginate(logGroupName=TRANSFORMS, logStreamNamePrefix=f"{job}/"):
                for stream in page["logStreams"]:
                    yield "log stream", stream["logStreamName"]


def _transforms(project: Project) -> Iterator[str]:
    """The transform jobs of the stages' batches: those of pipelines that write where a stage's batches do."""
    client = boto3.client("sagemaker")
    outputs = tuple(f"s3://{project.bucket}/{project.data(stage)}/" for stage in STAGES)
    for page in client.get_paginator("list_transform_jobs").paginate(NameContains="pipelines-"):
        for entry in page["TransformJobSummaries"]:
            job = client.describe_transform_job(TransformJobName=entry["TransformJobName"])
            if job["TransformOutput"]["S3OutputPath"].startswith(outputs):
                yield entry["TransformJobName"]


def _named(project: Project, name: str) -> bool:
    """Whether a name belongs to this project and not to one whose name begins alike."""
    stages = tuple(f"{project.name}-{stage}" for stage in STAGES)
    return name.startswith(f"{project.name}-{project.id}-") or any(
        name == stage or name.startswith(f"{stage}-") for stage in stages
    )


def _repository(name: str) -> bool:
    client = boto3.client("codecommit")
    try:
        client.get_repository(repositoryName=name)
    except client.exceptions.RepositoryDoesNotExistException:
        return False
    return True


def remains(project: Project) -> list[str]:
    """What stays on purpose, in sentences."""
    said = []
    if count := len(versions.known(project)):
        said.append(f"The registry keeps {count} version{'s' * (count > 1)} of {project.group}, and S3 their models.")
    if count := len(list(_transforms(project))):
        said.append(f"SageMaker keeps {count} transform job{'s' * (count > 1)} of its batches: AWS deletes none.")
    pages = boto3.client("kms").get_paginator("list_keys").paginate()
    if any(_ends(key["KeyId"], project) for page in pages for key in page["Keys"]):
        said.append("The project's key is deleted after its waiting period, as KMS demands.")
    return said


def _ends(key: str, project: Project) -> bool:
    found: Document = boto3.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    return found["KeyState"] == "PendingDeletion" and str(found.get("Description", "")).endswith(f" of {project.name}")


@contextmanager
def gone_is_fine() -> Iterator[None]:
    """What is not there any more needs no removing: it went with something else, or somebody else destroys too."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        words = f"{said.get('Code', '')} {said.get('Message', '')}".casefold()
        if not any(sign in words for sign in _GONE):
            raise
