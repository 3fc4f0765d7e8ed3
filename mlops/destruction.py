"""Everything that a deployment made goes, in the order in which it can; what is left is found by listing.

What runs is stopped first, but a function or a job may still write a last object or log line afterwards, and somebody
else may destroy the same project at the same time: so what is there is listed and removed again until nothing is.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import ClientError

from mlops import deployments, objects, stacks, versions
from mlops.failures import RunError
from mlops.projects import STAGES, Project
from mlops.stacks import Say

Document = dict[str, Any]

#: Log groups that builds, functions and endpoints write: prefixes after which the project's name follows.
_LOGS = ("/aws/codebuild/", "/aws/lambda/", "/aws/sagemaker/Endpoints/")

#: The log group of all transform jobs of the account; a job's streams begin with its name.
_TRANSFORMS = "/aws/sagemaker/TransformJobs"

#: How often what is there is listed and removed, and how long what was stopped may take to end, in seconds.
ROUNDS, PATIENCE = 5, 60.0

#: How services say that something is not there.
_GONE = ("notfound", "not found", "could not find", "does not exist", "doesnotexist", "nosuchbucket", "no such")


def destroy(project: Project, say: Say) -> list[str]:
    """Remove the stages, the project's stack, its objects, repositories and logs; what is left over, by name.

    Raises RunError when a stack cannot be deleted; a second call goes on from there.
    """
    _halt(project, say)
    for stage in reversed(STAGES):
        stacks.remove(project.stage_stack(stage), say)
    _remove_with_buckets(project, say)
    for _ in range(ROUNDS):
        found = [*kept_by_stages(project), *_beside(project)]
        for kind, name in found:
            say(f"{name}: removed")
            with _gone_is_fine():
                _REMOVE[kind](name)
        if not found:
            break
    return sorted(f"{kind} {name}" for kind, name in left(project))


def _remove_with_buckets(project: Project, say: Say) -> None:
    """The project's stack, whose buckets must be empty: what was written since they were emptied goes as well."""
    for again in range(ROUNDS):
        for bucket in _buckets(project):
            if count := objects.empty(bucket):
                say(f"{bucket}: {count} objects removed")
        try:
            stacks.remove(project.stack, say)
        except RunError:
            if again + 1 == ROUNDS or not any(map(_bucket, _buckets(project))):
                raise
        else:
            return


def _halt(project: Project, say: Say) -> None:
    """Nothing starts any more, and what runs is stopped: a deployment would bring stacks back."""
    events = boto3.client("events")
    for page in events.get_paginator("list_rules").paginate(NamePrefix=f"{project.name}-{project.id}-"):
        for rule in page["Rules"]:
            with _gone_is_fine():
                events.disable_rule(Name=rule["Name"])
    for identifier in deployments.stop(project, "mlops destroy"):
        say(f"{identifier}: deployment stopped")
    for what, running in ((_stop_build, _builds), (_stop_batch, _batches)):
        for one in running(project):
            with _gone_is_fine():
                what(one)
            say(f"{one.rpartition('/')[2]}: stopped")
        _await(lambda running=running: not any(running(project)))  # type: ignore[misc]


def _await(ended: Callable[[], bool]) -> None:
    """At most a minute: what does not stop in it is caught by the later rounds."""
    begun = time.monotonic()
    while not ended() and time.monotonic() - begun < PATIENCE:
        time.sleep(stacks.pause(time.monotonic() - begun))


def _stop_build(identifier: str) -> None:
    boto3.client("codebuild").stop_build(id=identifier)


def _stop_batch(arn: str) -> None:
    client = boto3.client("sagemaker")
    try:
        client.stop_pipeline_execution(PipelineExecutionArn=arn)
    except ClientError:  # it may have ended in the meantime
        status = client.describe_pipeline_execution(PipelineExecutionArn=arn)["PipelineExecutionStatus"]
        if status == "Executing":
            raise


def _builds(project: Project) -> Iterator[str]:
    """Builds that still run: an execution that is abandoned leaves them to themselves."""
    client = boto3.client("codebuild")
    for page in client.get_paginator("list_projects").paginate():
        for name in page["projects"]:
            if name.startswith(f"{project.name}-{project.id}-"):
                with _gone_is_fine():
                    newest = client.list_builds_for_project(projectName=name, sortOrder="DESCENDING")["ids"]
                    for build in client.batch_get_builds(ids=newest[:100])["builds"] if newest else ():
                        if build["buildStatus"] == "IN_PROGRESS":
                            yield build["id"]


def _batches(project: Project) -> Iterator[str]:
    """Executions of the stages' scoring pipelines that still run."""
    pages = boto3.client("sagemaker").get_paginator("list_pipeline_executions")
    for stage in STAGES:
        with _gone_is_fine():
            for page in pages.paginate(PipelineName=f"{project.name}-{stage}-batch"):
                for one in page["PipelineExecutionSummaries"]:
                    if one["PipelineExecutionStatus"] in ("Executing", "Stopping"):
                        yield one["PipelineExecutionArn"]


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    """What is not there any more needs no removing: it went with something else, or somebody else destroys too."""
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        words = f"{said.get('Code', '')} {said.get('Message', '')}".casefold()
        if not any(sign in words for sign in _GONE):
            raise


def _buckets(project: Project) -> tuple[str, str]:
    return project.bucket, f"{project.bucket}-artifacts"


def kept_by_stages(project: Project) -> Iterator[tuple[str, str]]:
    """Models and endpoint configurations that a stack kept when it replaced them, for a rollback."""
    client = boto3.client("sagemaker")
    listings: Mapping[str, tuple[str, str, str]] = {
        "endpoint configuration": ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
        "model": ("list_models", "Models", "Model"),
    }
    for kind, (operation, member, prefix) in listings.items():
        for page in client.get_paginator(operation).paginate():
            for entry in page[member]:
                with _gone_is_fine():
                    if _is_ours(project, client.list_tags(ResourceArn=entry[f"{prefix}Arn"])["Tags"]):
                        yield kind, entry[f"{prefix}Name"]


def _is_ours(project: Project, tags: list[Any]) -> bool:
    """By the tags that a stage's stack passes on to what it makes."""
    given = {tag["Key"]: tag["Value"] for tag in tags}
    return project.tags.items() <= given.items() and "sagemaker:deployment-stage" in given


def _beside(project: Project) -> Iterator[tuple[str, str]]:
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
        with _gone_is_fine():
            streams = logs.get_paginator("describe_log_streams")
            for page in streams.paginate(logGroupName=_TRANSFORMS, logStreamNamePrefix=f"{job}/"):
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


_REMOVE: Mapping[str, Callable[[str], object]] = {
    "endpoint configuration": lambda name: boto3.client("sagemaker").delete_endpoint_config(EndpointConfigName=name),
    "model": lambda name: boto3.client("sagemaker").delete_model(ModelName=name),
    "repository": lambda name: boto3.client("codecommit").delete_repository(repositoryName=name),
    "log group": lambda name: boto3.client("logs").delete_log_group(logGroupName=name),
    "log stream": lambda name: boto3.client("logs").delete_log_stream(logGroupName=_TRANSFORMS, logStreamName=name),
}


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
    for bucket in _buckets(project):
        if _bucket(bucket):
            yield "bucket", bucket
    yield from kept_by_stages(project)
    yield from _beside(project)


def _bucket(name: str) -> bool:
    try:
        boto3.client("s3").head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
            return False
        raise
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
