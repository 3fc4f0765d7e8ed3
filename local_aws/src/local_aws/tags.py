"""Tags of SageMaker's things. They live in the thing's own document, so that they go with it."""

from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("sagemaker")

#: The kind of resource in an ARN → where its documents stand, and which member holds the ARN.
TAGGED = {
    "action": ("sagemaker:Action", "ActionArn"),
    "artifact": ("sagemaker:Artifact", "ArtifactArn"),
    "context": ("sagemaker:Context", "ContextArn"),
    "endpoint": ("sagemaker:Endpoint", "EndpointArn"),
    "endpoint-config": ("sagemaker:EndpointConfig", "EndpointConfigArn"),
    "model": ("sagemaker:Model", "ModelArn"),
    "model-card": ("sagemaker:ModelCard", "ModelCardArn"),
    "model-package": ("sagemaker:ModelPackage", "ModelPackageArn"),
    "model-package-group": ("sagemaker:ModelPackageGroup", "ModelPackageGroupArn"),
    "pipeline": ("sagemaker:Pipeline", "PipelineArn"),
    "processing-job": ("sagemaker:ProcessingJob", "ProcessingJobArn"),
    "training-job": ("sagemaker:TrainingJob", "TrainingJobArn"),
    "transform-job": ("sagemaker:TransformJob", "TransformJobArn"),
}

_LIMIT = 50


def _find(aws: Aws, arn: str) -> tuple[str, str, Document]:
    """(kind, key, document). Raises AwsError "ResourceNotFound"."""
    resource, _, name = arn.partition(":sagemaker:")[2].partition(":")[2].partition(":")[2].partition("/")
    if resource in TAGGED:
        kind, member = TAGGED[resource]
        document = aws.store.get(kind, name)
        if document:
            return kind, name, document
        for key, document in aws.store.scan(kind):  # some ARNs are lower case where the name is not
            if document.get(member) == arn:
                return kind, key, document
    raise AwsError("ResourceNotFound", f"Could not find the resource {arn}.")


def add(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        kind, key, document = _find(aws, request["ResourceArn"])
        tags = {tag["Key"]: tag["Value"] for tag in document.get("Tags") or []}
        tags |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
        if len(tags) > _LIMIT:
            raise AwsError("ValidationException", f"{request['ResourceArn']} would have more than {_LIMIT} tags.")
        document["Tags"] = [{"Key": name, "Value": value} for name, value in tags.items()]
        aws.store.put(kind, key, document)
    return {"Tags": document["Tags"]}


def list_tags(aws: Aws, request: Request) -> Result:
    tags = _find(aws, request["ResourceArn"])[2].get("Tags") or []
    found, token = crud.cut(tags, lambda tag: tag["Key"], request.get("NextToken"), request.get("MaxResults", _LIMIT))
    return {"Tags": found, "NextToken": token}


def delete(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        kind, key, document = _find(aws, request["ResourceArn"])
        document["Tags"] = [tag for tag in document.get("Tags") or [] if tag["Key"] not in request["TagKeys"]]
        aws.store.put(kind, key, document)
    return {}


operations("AddTags")(add)
operations("ListTags")(list_tags)
operations("DeleteTags")(delete)
