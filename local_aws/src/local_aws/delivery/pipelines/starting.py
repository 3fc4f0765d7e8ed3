"""How an execution begins, whatever starts it."""

from typing import Any

from local_aws.delivery.pipelines import documents, variables
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

#: https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html
_MOST_QUEUED = 50

#: The kinds of revision that a provider's source can be given.
_REVISIONS = {
    "CodeCommit": {"COMMIT_ID"},
    "CodeStarSourceConnection": {"COMMIT_ID"},
    "S3": {"S3_OBJECT_VERSION_ID", "S3_OBJECT_KEY"},
}


def begin(aws: Aws, pipeline: Document, declared: Document, trigger: Document, request: Document) -> Document:
    """A new execution that waits for the first stage; inside a transaction, without advancing the pipeline.

    request  variables and sourceRevisions as StartPipelineExecution has them
    Raises AwsError.
    """
    name = pipeline["name"]
    waiting = len(documents.live(aws, name))
    if declared["executionMode"] == "QUEUED" and waiting >= _MOST_QUEUED:
        message = f"The pipeline {name} has {waiting} executions that have not ended, which is the most it can have."
        raise AwsError("ConcurrentPipelineExecutionsLimitExceededException", message)
    more = {
        "variables": variables.given(declared, request.get("variables") or []),
        "Overrides": _overrides(declared, request.get("sourceRevisions") or []),
    }
    execution = documents.new(aws, pipeline, declared, trigger, more)
    documents.save(aws, execution)
    return execution


def _overrides(declared: Document, revisions: list[Document]) -> dict[str, dict[str, str]]:
    sources = {one["name"]: one["actionTypeId"]["provider"] for one in declared["stages"][0]["actions"]}
    found: dict[str, dict[str, str]] = {}
    for one in revisions:
        name, kind = one["actionName"], one["revisionType"]
        if name not in sources:
            raise AwsError("ValidationException", f"The pipeline {declared['name']} has no source action {name}.")
        if kind not in _REVISIONS.get(sources[name], ()):
            raise AwsError("ValidationException", f"The source action {name} takes no revision of type {kind}.")
        found.setdefault(name, {})[kind] = one["revisionValue"]
    return found
