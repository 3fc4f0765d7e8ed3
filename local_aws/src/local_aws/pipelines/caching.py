"""Step caching: a step whose telling arguments were the same before takes that run's results.

Source: "Caching pipeline steps", developer guide. The key holds the values of the arguments that the step's kind names
and nothing of what lies behind an S3 address; a hit comes from a step of the same name in the same pipeline that ran
and succeeded within ExpireAfter, whatever became of its execution, the newest of them.
"""

import hashlib
import json
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.pipelines import durations
from local_aws.pipelines.steps.kind import Step

Document = dict[str, Any]

KIND = "sagemaker:StepCache"


def key_of(step: Step, arguments: Document) -> str | None:
    """The digest of what decides about a hit; None for kinds that are never cached."""
    if step.kind.cache_key is None:
        return None
    telling = {path: _at(arguments, path) for path in step.kind.cache_key}
    return hashlib.sha256(json.dumps([step.kind.name, telling], sort_keys=True).encode()).hexdigest()


def _at(arguments: Document, path: str) -> Any:
    found: Any = arguments
    for member in path.split("."):
        found = (found or {}).get(member)
    return found


def find(aws: Aws, pipeline: str, step: Step, key: str | None) -> Document | None:
    """`Resource`, `Metadata` and `PipelineExecutionArn` of the run whose results can be taken, or None."""
    if key is None or not step.cache_config.get("Enabled"):
        return None
    kept = aws.store.get(KIND, f"{pipeline}/{step.name}/{key}")
    if kept is None or aws.clock.now() - kept["EndTime"] > durations.seconds(step.cache_config["ExpireAfter"]):
        return None
    try:
        step.kind.properties(aws, kept["Resource"])
    except AwsError:  # the job has been deleted
        return None
    return kept


def record(aws: Aws, execution: Document, entry: Document) -> None:
    """Remember a step that ran and succeeded; inside the transaction that ends it."""
    if entry.get("CacheKey"):
        kept = {name: entry[name] for name in ("Resource", "Metadata", "EndTime")}
        key = f"{execution['PipelineName']}/{entry['StepName']}/{entry['CacheKey']}"
        aws.store.put(KIND, key, kept | {"PipelineExecutionArn": execution["PipelineExecutionArn"]})


def forget(aws: Aws, pipeline: str) -> None:
    """Remove what a pipeline remembers; with the pipeline."""
    for key, _ in aws.store.scan(KIND, f"{pipeline}/"):
        aws.store.delete(KIND, key)
