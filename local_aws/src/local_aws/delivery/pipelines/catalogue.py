"""Pipelines and their versions: create, update, delete; inside a transaction of their own."""

from typing import Any

from local_aws.delivery.pipelines import documents, starting, structure
from local_aws.delivery.pipelines.engine import Runner
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

_MOST_TAGS = 50


def create(aws: Aws, request: Document, tags: list[Document]) -> Document:
    """A new pipeline, whose first execution starts at once, as on AWS; its declaration. Raises AwsError."""
    declared, now = structure.completed(request) | {"version": 1}, aws.clock.now()
    structure.check(declared, aws.region)
    check_tags(tags)
    name = declared["name"]
    with aws.store.transaction():
        if aws.store.get(documents.PIPELINES, name):
            raise AwsError("PipelineNameInUseException", f"A pipeline with the name '{name}' already exists")
        pipeline = {"name": name, "version": 1, "created": now, "updated": now, "Tags": tags}
        aws.store.put(documents.PIPELINES, name, pipeline)
        _keep(aws, declared)
        _start(aws, pipeline, declared, {"triggerType": "CreatePipeline"})
    return declared


def _start(aws: Aws, pipeline: Document, declared: Document, trigger: Document) -> None:
    """Start an execution that nobody has asked for, unless a variable without default would need a value."""
    if any(one.get("defaultValue") is None for one in declared.get("variables") or []):
        return
    starting.begin(aws, pipeline, declared, trigger, {})
    aws.part(Runner).advance(pipeline["name"])


def _keep(aws: Aws, declared: Document) -> None:
    aws.store.put(documents.VERSIONS, f"{declared['name']}/{declared['version']:09d}", declared)


def update(aws: Aws, request: Document) -> Document:
    """The declaration under a new version number; executions go on under the one that they began with.

    Raises AwsError.
    """
    with aws.store.transaction():
        pipeline = documents.find(aws, request["name"])
        declared = structure.completed(request) | {"version": pipeline["version"] + 1}
        structure.check(declared, aws.region)
        _keep(aws, declared)
        changed = {"version": declared["version"], "updated": aws.clock.now()}
        aws.store.put(documents.PIPELINES, declared["name"], pipeline | changed)
        aws.part(Runner).advance(declared["name"])
    return declared


def delete(aws: Aws, name: str) -> None:
    """With its versions and executions; one that is not there is no error, as on AWS."""
    with aws.store.transaction():
        for execution in documents.live(aws, name):
            for record in execution["Actions"].values():
                if key := record.get("Key"):
                    aws.store.delete(documents.WAITING, key)
        for kind in (documents.EXECUTIONS, documents.LIVE, documents.VERSIONS):
            for key, _ in aws.store.scan(kind, f"{name}/"):
                aws.store.delete(kind, key)
        for kind in (documents.PIPELINES, documents.STATES):
            aws.store.delete(kind, name)


# transitions


def close(aws: Aws, name: str, stage: str, reason: str) -> None:
    """Let no execution enter a stage."""
    state = documents.state(aws, name)
    by = f"arn:aws:iam::{aws.account}:user/local"
    state["Closed"][stage] = {"disabledReason": reason, "lastChangedAt": aws.clock.now(), "lastChangedBy": by}
    aws.store.put(documents.STATES, name, state)


def reopen(aws: Aws, name: str, stage: str) -> None:
    state = documents.state(aws, name)
    state["Closed"].pop(stage, None)
    aws.store.put(documents.STATES, name, state)
    aws.part(Runner).advance(name)


# tags


def check_tags(tags: list[Document]) -> None:
    """Raises AwsError "TooManyTagsException" or "InvalidTagsException"."""
    if len(tags) > _MOST_TAGS:
        raise AwsError("TooManyTagsException", f"A pipeline has at most {_MOST_TAGS} tags.")
    if any(tag["key"].lower().startswith("aws:") and not tag["key"].startswith("aws:cloudformation:") for tag in tags):
        raise AwsError("InvalidTagsException", "Tags that begin with aws: are AWS's own.")
