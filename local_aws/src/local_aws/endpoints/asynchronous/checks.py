"""What AWS refuses of an asynchronous configuration.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

from collections.abc import Iterator
from typing import Any

from local_aws import models
from local_aws.errors import NotSupported
from local_aws.operations import Aws
from local_aws.serving.definition import containers_of

Document = dict[str, Any]


def check(aws: Aws, config: Document) -> Iterator[str]:
    """The reasons. Raises AwsError NotImplemented for what is not here."""
    given = config.get("AsyncInferenceConfig")
    if not given:
        return
    variants = config["ProductionVariants"]
    if len(variants) > 1:
        yield "Asynchronous inference takes one production variant."
    if "ServerlessConfig" in variants[0]:
        yield "Serverless inference cannot have AsyncInferenceConfig."
    if (config.get("DataCaptureConfig") or {}).get("EnableCapture"):
        yield "Data capture is not supported for asynchronous inference."
    if len(containers_of(aws, models.describe(aws, variants[0]["ModelName"]))) > 1:
        yield "Inference pipelines are not supported for asynchronous inference."
    for member in ("S3OutputPath", "S3FailurePath"):
        if given["OutputConfig"].get(member, "s3://").startswith("https://"):
            raise NotSupported(f"{member} that begins with https:// (s3:// does)")
    if not given["OutputConfig"].get("S3OutputPath"):
        raise NotSupported("AsyncInferenceConfig without S3OutputPath")
