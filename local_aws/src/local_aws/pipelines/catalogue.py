"""Pipelines and their versions: what was created, and every definition since."""

import json
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Request
from local_aws.pipelines.check import check
from local_aws.s3 import objects

Document = dict[str, Any]

KIND = "sagemaker:Pipeline"
VERSIONS = "sagemaker:PipelineVersion"

#: More sentences than these help nobody.
_MOST_SENTENCES = 20


def name_of(name_or_arn: str) -> str:
    """`arn:…:pipeline/credit` or `credit` → `credit`."""
    return name_or_arn.rpartition("/")[2]


def get(aws: Aws, name_or_arn: str) -> Document:
    """Raises AwsError "ResourceNotFound"."""
    name = name_of(name_or_arn)
    pipeline = aws.store.get(KIND, name)
    if pipeline is None:
        raise AwsError("ResourceNotFound", f"Pipeline '{aws.arn('sagemaker', f'pipeline/{name}')}' does not exist.")
    return pipeline


def version(aws: Aws, name: str, number: int) -> Document:
    """One version, with its `PipelineDefinition`. Raises AwsError "ResourceNotFound"."""
    found = aws.store.get(VERSIONS, f"{name}/{number:09d}")
    if found is None:
        raise AwsError("ResourceNotFound", f"The pipeline {name} has no version {number}.")
    return found


def versions(aws: Aws, name: str) -> list[Document]:
    return [document for _, document in aws.store.scan(VERSIONS, f"{name}/")]


def create(aws: Aws, request: Request) -> str:
    """The ARN of a new pipeline. Raises AwsError "ValidationException" when the name is taken."""
    name, now = request["PipelineName"], aws.clock.now()
    arn = aws.arn("sagemaker", f"pipeline/{name}")
    if aws.store.get(KIND, name):
        raise AwsError(
            "ValidationException",
            "Pipeline names must be unique within an AWS account and region."
            f" Pipeline with name ({name}) already exists.",
        )
    pipeline = {key: request[key] for key in _KEPT if key in request} | {
        "PipelineName": name,
        "PipelineArn": arn,
        "PipelineDisplayName": request.get("PipelineDisplayName", name),
        "PipelineStatus": "Active",
        "CreationTime": now,
        "Tags": request.get("Tags", []),
        "LastVersion": 0,
    }
    _add_version(aws, pipeline, definition_text(aws, request))
    return arn


_KEPT = ("PipelineDisplayName", "PipelineDescription", "RoleArn", "ParallelismConfiguration")


def update(aws: Aws, request: Request) -> Document:
    """The pipeline after the change. A new definition is a new version."""
    with aws.store.transaction():
        pipeline = get(aws, request["PipelineName"]) | {key: request[key] for key in _KEPT if key in request}
        if "PipelineDefinition" in request or "PipelineDefinitionS3Location" in request:
            _add_version(aws, pipeline, definition_text(aws, request))
        else:
            pipeline["LastModifiedTime"] = aws.clock.now()
            aws.store.put(KIND, pipeline["PipelineName"], pipeline)
    return pipeline


def _add_version(aws: Aws, pipeline: Document, text: str) -> None:
    now = aws.clock.now()
    pipeline["LastVersion"] += 1
    pipeline["LastModifiedTime"] = now
    made = {
        "PipelineArn": pipeline["PipelineArn"],
        "PipelineVersionId": pipeline["LastVersion"],
        "CreationTime": now,
        "PipelineDefinition": text,
    }
    aws.store.put(VERSIONS, f"{pipeline['PipelineName']}/{pipeline['LastVersion']:09d}", made)
    aws.store.put(KIND, pipeline["PipelineName"], pipeline)


def definition_text(aws: Aws, request: Request) -> str:
    """The checked JSON of the request. Raises AwsError "ValidationException" with everything that is wrong with it."""
    if "PipelineVersionAliases" in request:
        raise NotSupported("PipelineVersionAliases of pipelines")
    if ("PipelineDefinition" in request) == ("PipelineDefinitionS3Location" in request):
        raise _invalid("Either PipelineDefinition or PipelineDefinitionS3Location is needed.")
    inline = request.get("PipelineDefinition")
    text = inline if inline is not None else _from_s3(aws, request["PipelineDefinitionS3Location"])
    try:
        found = check(json.loads(text))
    except ValueError as error:
        raise _invalid(f"Unable to parse pipeline definition: it is not JSON: {error}.") from None
    except RecursionError:
        raise _invalid("Unable to parse pipeline definition: it is nested too deeply.") from None
    if found:
        more = f" … and {len(found) - _MOST_SENTENCES} more." if len(found) > _MOST_SENTENCES else ""
        raise _invalid(f"Unable to parse pipeline definition: {' '.join(found[:_MOST_SENTENCES])}{more}")
    return text


def _from_s3(aws: Aws, location: Document) -> str:
    found = objects.find(aws, location["Bucket"], location["ObjectKey"], location.get("VersionId"))
    if found is None or found.deleted:
        raise _invalid(f"There is no pipeline definition at s3://{location['Bucket']}/{location['ObjectKey']}.")
    try:
        return found.blob.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        place = f"s3://{location['Bucket']}/{location['ObjectKey']}"
        raise _invalid(f"The pipeline definition at {place} is not UTF-8: {error.reason} at {error.start}.") from None


def _invalid(message: str) -> AwsError:
    return AwsError("ValidationException", message)
