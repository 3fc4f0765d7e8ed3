"""Everything that a deployment made goes, in the order in which it can.

What runs is stopped first, but a function or a job may still write a last object or log line afterwards, and somebody
else may destroy the same project at the same time: so what is there is listed and removed again until nothing is.
"""

import time
from collections.abc import Callable, Mapping

import boto3
from botocore.exceptions import ClientError

from mlops import belongings, deployments, objects, rules, stacks
from mlops.belongings import gone_is_fine
from mlops.failures import RunError
from mlops.projects import STAGES, Project
from mlops.stacks import Say

#: How often what is there is listed and removed, and how long what was stopped may take to end, in seconds.
ROUNDS, PATIENCE = 5, 60.0


def destroy(project: Project, say: Say) -> list[str]:
    """Remove the stages, the project's stack, its objects, repositories and logs; what is left over, by name.

    Raises RunError when a stack cannot be deleted; a second call goes on from there. Until then the project's rules are
    off, so that nothing comes back meanwhile; a bootstrap switches them on again.
    """
    _halt(project, say)
    for stage in reversed(STAGES):
        stacks.remove(project.stage_stack(stage), say)
    _remove_with_buckets(project, say)
    for _ in range(ROUNDS):
        found = [*belongings.kept_by_stages(project), *belongings.beside(project)]
        for kind, name in found:
            say(f"{name}: removed")
            with gone_is_fine():
                _REMOVE[kind](name)
        if not found:
            break
    return sorted(f"{kind} {name}" for kind, name in belongings.left(project))


def _remove_with_buckets(project: Project, say: Say) -> None:
    """The project's stack, whose buckets must be empty: what was written since they were emptied goes as well."""
    for again in range(ROUNDS):
        for bucket in belongings.buckets(project):
            if count := objects.empty(bucket):
                say(f"{bucket}: {count} objects removed")
        try:
            stacks.remove(project.stack, say)
        except RunError:
            if again + 1 == ROUNDS or not any(map(belongings.bucket_exists, belongings.buckets(project))):
                raise
        else:
            return


def _halt(project: Project, say: Say) -> None:
    """Nothing starts any more, and what runs is stopped: a deployment would bring stacks back."""
    rules.disable(project)
    for identifier in deployments.stop(project, "mlops destroy"):
        say(f"{identifier}: deployment stopped")
    for what, running in ((_stop_build, belongings.builds), (_stop_batch, belongings.batches)):
        for one in running(project):
            with gone_is_fine():
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


_REMOVE: Mapping[str, Callable[[str], object]] = {
    "endpoint configuration": lambda name: boto3.client("sagemaker").delete_endpoint_config(EndpointConfigName=name),
    "model": lambda name: boto3.client("sagemaker").delete_model(ModelName=name),
    "repository": lambda name: boto3.client("codecommit").delete_repository(repositoryName=name),
    "log group": lambda name: boto3.client("logs").delete_log_group(logGroupName=name),
    "log stream": lambda name: boto3.client("logs").delete_log_stream(
        logGroupName=belongings.TRANSFORMS, logStreamName=name
    ),
}
