"""Pipelines of CodePipeline. Their properties are the API's members with capital letters."""

from typing import Any

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.operations import Aws

#: Properties that are no members of the declaration.
_BESIDE = frozenset({"Tags", "DisableInboundStageTransitions", "RestartExecutionOnUpdate"})


def _lower(item: Any) -> Any:
    """The API's spelling; an action's Configuration keeps its own keys."""
    if isinstance(item, list):
        return [_lower(one) for one in item]
    if not isinstance(item, dict):
        return item
    return {f"{key[0].lower()}{key[1:]}": one if key == "Configuration" else _lower(one) for key, one in item.items()}


def _declared(name: str, properties: Document) -> Document:
    found = {key: item for key, item in properties.items() if key not in _BESIDE}
    return {**_lower(found), "name": name}


def _closed(properties: Document) -> dict[str, str]:
    return {one["StageName"]: one["Reason"] for one in properties.get("DisableInboundStageTransitions") or []}


def _transitions(aws: Aws, name: str, before: Document, now: Document) -> None:
    held, wanted = _closed(before), _closed(now)
    where = {"pipelineName": name, "transitionType": "Inbound"}
    for stage in sorted(held.keys() - wanted.keys()):
        call(aws, "codepipeline", "EnableStageTransition", stageName=stage, **where)
    for stage, reason in wanted.items():
        if held.get(stage) != reason:
            call(aws, "codepipeline", "DisableStageTransition", stageName=stage, reason=reason, **where)


def _create(aws: Aws, name: str, properties: Document) -> Made:
    tags = _lower(properties.get("Tags") or [])
    made = call(aws, "codepipeline", "CreatePipeline", pipeline=_declared(name, properties), tags=tags)
    _transitions(aws, name, {}, properties)
    return Made(name, {"Version": str(made["pipeline"]["version"])})


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    name, version = made.id, made.attributes["Version"]
    if _declared(name, before) != _declared(name, now):
        version = call(aws, "codepipeline", "UpdatePipeline", pipeline=_declared(name, now))["pipeline"]["version"]
    _transitions(aws, name, before, now)
    _retag(aws, aws.arn("codepipeline", name), before, now)
    if str(now.get("RestartExecutionOnUpdate", "false")).lower() == "true":
        call(aws, "codepipeline", "StartPipelineExecution", name=name)
    return Made(name, {"Version": str(version)})


def _retag(aws: Aws, arn: str, before: Document, now: Document) -> None:
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "codepipeline", "UntagResource", resourceArn=arn, tagKeys=gone)
    if wanted and wanted != held:
        call(aws, "codepipeline", "TagResource", resourceArn=arn, tags=_lower(now["Tags"]))


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "codepipeline", "DeletePipeline", name=made.id)


TYPES = (
    ResourceType(
        "AWS::CodePipeline::Pipeline",
        frozenset(
            {
                "ArtifactStore",
                "ArtifactStores",
                "ExecutionMode",
                "Name",
                "PipelineType",
                "RoleArn",
                "Stages",
                "Triggers",
                "Variables",
                *_BESIDE,
            }
        ),
        _create,
        _delete,
        _update,
        name="Name",
    ),
)
