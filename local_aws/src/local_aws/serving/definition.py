"""From a model's document to the containers that a request passes, the registry's packages resolved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws import models
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws
from local_aws.registry import packages

Document = dict[str, Any]


@dataclass(frozen=True)
class Definition:
    """One container.

    name   "primary", or the ContainerHostname, or "container-2" in a chain
    image  its URI;  data  s3:// URI of its model.tar.gz, or None
    """

    name: str
    image: str
    data: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def containers_of(aws: Aws, model: Document) -> list[Definition]:
    """The containers in the order in which a request passes them.

    Raises AwsError: ValidationException when an image has no local host or a package is gone, NotImplemented by name
    for what is not served here.
    """
    if (model.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct":
        raise NotSupported("InferenceExecutionConfig with Mode Direct of a model")
    members = [found for container in models.containers_of(model) for found in _resolved(aws, container)]
    definitions = [_definition(number, container, len(members)) for number, container in enumerate(members, start=1)]
    for definition in definitions:
        if not aws.images.find(definition.image).serve:
            raise AwsError("ValidationException", f"The image {definition.image} has no `serve` on this machine.")
    return definitions


def _resolved(aws: Aws, container: Document) -> Iterator[Document]:
    """A container of a package is what the package says; the model's own values win."""
    if "ModelPackageName" not in container:
        yield container
        return
    package = packages.describe(aws, container["ModelPackageName"])
    own = {key: value for key, value in container.items() if key not in ("ModelPackageName", "Environment")}
    for packaged in (package.get("InferenceSpecification") or {}).get("Containers", []):
        environment = (packaged.get("Environment") or {}) | (container.get("Environment") or {})
        yield packaged | own | {"Environment": environment}


def _definition(number: int, container: Document, count: int) -> Definition:
    if container.get("Mode") == "MultiModel":
        raise NotSupported("containers with Mode MultiModel")
    if (container.get("ImageConfig") or {}).get("RepositoryAccessMode") == "Vpc":
        raise NotSupported("ImageConfig with RepositoryAccessMode Vpc of a container")
    name = container.get("ContainerHostname") or ("primary" if count == 1 else f"container-{number}")
    return Definition(name, container["Image"], _data(container), dict(container.get("Environment") or {}))


def _data(container: Document) -> str | None:
    source = (container.get("ModelDataSource") or {}).get("S3DataSource")
    if source is None:
        return container.get("ModelDataUrl")
    if (source.get("S3DataType"), source.get("CompressionType")) != ("S3Object", "Gzip"):
        raise NotSupported("ModelDataSource other than S3DataType S3Object with CompressionType Gzip")
    return str(source["S3Uri"])
