"""Models: what an endpoint or a transform job would load."""

from collections.abc import Iterator
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError
from local_aws.model_data import require
from local_aws.operations import Aws, Operations, Request
from local_aws.registry import packages

Document = dict[str, Any]

operations = Operations("sagemaker")

MODEL = crud.Resource(
    service="sagemaker",
    kind="sagemaker:Model",
    name="ModelName",
    arn=("ModelArn", "model/{}"),
    describe="DescribeModel",
    list="ListModels",
    delete="DeleteModel",
    into="Models",
)
MODEL.register(operations)


def create(aws: Aws, request: Request) -> str:
    """The ARN of a new model.

    Raises AwsError "ValidationException" when the name is taken, when there is no container, or when a model's data or
    package is not there.
    """
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise AwsError("ValidationException", "Either PrimaryContainer or Containers is needed.")
    for container in containers_of(request):
        if name := container.get("ModelPackageName"):
            packages.describe(aws, name)
        elif not container.get("Image"):
            raise AwsError("ValidationException", "A container needs an Image or a ModelPackageName.")
        source = (container.get("ModelDataSource") or {}).get("S3DataSource") or {}
        if url := container.get("ModelDataUrl") or source.get("S3Uri"):
            require(aws, url)
    return str(MODEL.add(aws, request)["ModelArn"])


def containers_of(model: Document) -> Iterator[Document]:
    """A model's containers, in the order in which a request passes them."""
    if "PrimaryContainer" in model:
        yield model["PrimaryContainer"]
    yield from model.get("Containers") or []


def describe(aws: Aws, name: str) -> Document:
    """Raises AwsError "ValidationException"."""
    return MODEL.get(aws, name)


operations("CreateModel")(lambda aws, request: {"ModelArn": create(aws, request)})
