"""The operations on pipelines, their transitions and their tags."""

from typing import Any

from local_aws import crud
from local_aws.delivery.pipelines import catalogue, documents
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codepipeline")

_PAGE = 100


@operations("CreatePipeline")
def create_pipeline(aws: Aws, request: Request) -> Result:
    tags = request.get("tags") or []
    return {"pipeline": catalogue.create(aws, request["pipeline"], tags), "tags": tags}


@operations("GetPipeline")
def get_pipeline(aws: Aws, request: Request) -> Result:
    pipeline = documents.find(aws, request["name"])
    declared = documents.structure(aws, pipeline["name"], request.get("version") or pipeline["version"])
    return {"pipeline": declared, "metadata": pipeline | {"pipelineArn": documents.arn(aws, pipeline["name"])}}


@operations("UpdatePipeline")
def update_pipeline(aws: Aws, request: Request) -> Result:
    return {"pipeline": catalogue.update(aws, request["pipeline"])}


@operations("DeletePipeline")
def delete_pipeline(aws: Aws, request: Request) -> Result:
    catalogue.delete(aws, request["name"])
    return None


@operations("ListPipelines")
def list_pipelines(aws: Aws, request: Request) -> Result:
    found = []
    for name, pipeline in aws.store.scan(documents.PIPELINES):
        declared = documents.structure(aws, name, pipeline["version"])
        found.append(pipeline | {key: declared[key] for key in ("pipelineType", "executionMode")})
    size = request.get("maxResults") or _PAGE
    page, token = crud.cut(found, lambda one: one["name"], request.get("nextToken"), size)
    return {"pipelines": page, "nextToken": token}


# transitions


def _transition(aws: Aws, request: Request) -> tuple[str, str | None]:
    """The pipeline, and the stage that nobody may enter: what goes out of a stage goes into the next one."""
    pipeline = documents.find(aws, request["pipelineName"])
    declared = documents.structure(aws, pipeline["name"], pipeline["version"])
    documents.stage_of(declared, request["stageName"])
    names = [stage["name"] for stage in declared["stages"]]
    position = names.index(request["stageName"]) + (request["transitionType"] == "Outbound")
    return pipeline["name"], names[position] if position < len(names) else None


@operations("DisableStageTransition")
def disable_transition(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name, stage = _transition(aws, request)
        if stage is not None:
            catalogue.close(aws, name, stage, request["reason"])
    return None


@operations("EnableStageTransition")
def enable_transition(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        name, stage = _transition(aws, request)
        if stage is not None:
            catalogue.reopen(aws, name, stage)
    return None


# tags


def _tagged(aws: Aws, arn: str) -> Document:
    name = arn.rpartition(":")[2]
    found = aws.store.get(documents.PIPELINES, name)
    if found is None or arn != documents.arn(aws, name):
        raise AwsError("ResourceNotFoundException", f"There is no pipeline {arn}.")
    return found


@operations("ListTagsForResource")
def list_tags(aws: Aws, request: Request) -> Result:
    tags = _tagged(aws, request["resourceArn"])["Tags"]
    size = request.get("maxResults") or _PAGE
    page, token = crud.cut(tags, lambda one: one["key"], request.get("nextToken"), size)
    return {"tags": page, "nextToken": token}


@operations("TagResource")
def tag_resource(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        pipeline = _tagged(aws, request["resourceArn"])
        held = {tag["key"]: tag for tag in [*pipeline["Tags"], *request["tags"]]}
        catalogue.check_tags(list(held.values()))
        aws.store.put(documents.PIPELINES, pipeline["name"], pipeline | {"Tags": list(held.values())})
    return {}


@operations("UntagResource")
def untag_resource(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        pipeline = _tagged(aws, request["resourceArn"])
        kept = [tag for tag in pipeline["Tags"] if tag["key"] not in request["tagKeys"]]
        aws.store.put(documents.PIPELINES, pipeline["name"], pipeline | {"Tags": kept})
    return {}
