"""How a job's requests are made: what CreateTransformJob says, else what the container asks for, else the defaults.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.jobs.transform import paths
from local_aws.jobs.transform.paths import Path, PathError
from local_aws.jobs.transform.records import FORMATS, format_of
from local_aws.jobs.transform.splitting import MEGABYTE
from local_aws.s3 import objects

Document = Mapping[str, Any]

#: The names that the API and containers have for the same.
STRATEGIES = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}

#: The most that MaxConcurrentTransforms and MaxPayloadInMB may come to, in megabytes.
LARGEST = 100


@dataclass(frozen=True)
class Settings:
    """`payload` in megabytes, 0 for no limit."""

    concurrency: int = 1
    payload: int = 6
    strategy: str = "MultiRecord"

    @property
    def limit(self) -> int:
        return self.payload * MEGABYTE

    def __str__(self) -> str:
        """As the job's data log says it."""
        return (
            f"MaxConcurrentTransforms={self.concurrency}, MaxPayloadInMB={self.payload},"
            f" BatchStrategy={STRATEGIES[self.strategy]}"
        )


def settings_of(job: Document, asked: Document) -> Settings:
    """The settings of a job whose container answered /execution-parameters with `asked`."""
    strategies = {name: value for value, name in STRATEGIES.items()}
    default = Settings()
    return Settings(
        job.get("MaxConcurrentTransforms") or _count(asked.get("MaxConcurrentTransforms"), 1) or default.concurrency,
        next(
            (
                value
                for value in (job.get("MaxPayloadInMB"), _count(asked.get("MaxPayloadInMB"), 0))
                if value is not None
            ),
            default.payload,
        ),
        job.get("BatchStrategy") or strategies.get(str(asked.get("BatchStrategy"))) or default.strategy,
    )


def _count(value: object, least: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def execution_parameters(status: int, body: bytes) -> Document:
    """What the container asks for; nothing when it has no such page or answers something else."""
    try:
        found = json.loads(body) if status == 200 else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def environment(job: Document) -> dict[str, str]:
    """What SageMaker adds to the containers' environment; of the numbers only those that the request has."""
    found = {"SAGEMAKER_BATCH": "true"}
    if job.get("MaxPayloadInMB") is not None:
        found["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = str(job["MaxPayloadInMB"])
    if job.get("BatchStrategy"):
        found["SAGEMAKER_BATCH_STRATEGY"] = STRATEGIES[job["BatchStrategy"]]
    if job.get("MaxConcurrentTransforms"):
        found["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = str(job["MaxConcurrentTransforms"])
    return {**(job.get("Environment") or {}), **found}


# what can be said when the job is created


def check(job: Document) -> None:
    """Raises AwsError for a request that AWS would refuse, NotSupported for what is not here."""
    source = job["TransformInput"]["DataSource"]["S3DataSource"]
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise NotSupported(f"S3DataType {source['S3DataType']} of a transform job")
    split = job["TransformInput"].get("SplitType", "None")
    if split not in ("None", "Line"):
        raise NotSupported(f"SplitType {split} of a transform job")
    objects.split_uri(source["S3Uri"])
    objects.split_uri(job["TransformOutput"]["S3OutputPath"])
    if capture := job.get("DataCaptureConfig"):
        objects.split_uri(capture["DestinationS3Uri"])
    _check_size(job)
    _check_processing(job)


def _check_size(job: Document) -> None:
    payload, concurrency = job.get("MaxPayloadInMB") or 0, job.get("MaxConcurrentTransforms") or 1
    if payload * concurrency > LARGEST:
        raise AwsError(
            "ValidationException",
            f"MaxConcurrentTransforms * MaxPayloadInMB is {payload * concurrency} MB: it cannot exceed {LARGEST} MB.",
        )


def filters_of(job: Document) -> tuple[Path, Path]:
    """InputFilter and OutputFilter. Raises AwsError "ValidationException"."""
    given = job.get("DataProcessing") or {}
    try:
        return paths.parse(given.get("InputFilter") or "$"), paths.parse(given.get("OutputFilter") or "$")
    except PathError as error:
        raise AwsError("ValidationException", f"DataProcessing has a filter that is not supported: {error}") from error


def _check_processing(job: Document) -> None:
    given = job.get("DataProcessing") or {}
    content_type, accept = job["TransformInput"].get("ContentType", ""), job["TransformOutput"].get("Accept", "")
    if any(filters_of(job)) or given.get("JoinSource") == "Input":
        _require_format("DataProcessing", "TransformInput.ContentType", content_type)
        _require_format("DataProcessing", "TransformOutput.Accept", accept)
        if (format_of(content_type) is FORMATS["text/csv"]) != (format_of(accept) is FORMATS["text/csv"]):
            raise AwsError(
                "ValidationException",
                f"DataProcessing joins CSV with CSV and JSON with JSON, not {content_type} with {accept}.",
            )
        assembled = (job["TransformInput"].get("SplitType"), job["TransformOutput"].get("AssembleWith"))
        if format_of(content_type) is FORMATS["text/csv"] and assembled != ("Line", "Line"):
            raise AwsError("ValidationException", "DataProcessing of text/csv needs SplitType and AssembleWith Line.")
    if (job.get("DataCaptureConfig") or {}).get("GenerateInferenceId"):
        _require_format("GenerateInferenceId", "TransformOutput.Accept", accept)


def _require_format(what: str, member: str, given: str) -> None:
    if format_of(given) is None:
        known = ", ".join(FORMATS)
        raise AwsError("ValidationException", f"{what} needs {member} to be one of {known}, not {given or 'empty'}.")
