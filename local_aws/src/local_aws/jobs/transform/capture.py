"""DataCaptureConfig of a transform job: manifests of what went in and what came out, and ids for the records.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-batch.html
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local_aws import uuids
from local_aws.jobs.inputs import Item
from local_aws.jobs.outputs import Output
from local_aws.jobs.transform.records import Stamps
from local_aws.operations import Aws
from local_aws.s3 import objects


def stamps(started: float) -> Stamps:
    """A random id for each record beside the time at which the job started."""
    time = datetime.fromtimestamp(started, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    return lambda count: [(identity, time) for identity in uuids.many(count)]


def manifests(aws: Aws, job: Mapping[str, Any], items: Sequence[Item], made: Sequence[Output]) -> list[Output]:
    """`input/yyyy/mm/dd/hh/…` and `output/…` below DestinationS3Uri, both staged or none; nothing without
    DataCaptureConfig.
    """
    config = job.get("DataCaptureConfig")
    if not config:
        return []
    source = job["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"]
    target = job["TransformOutput"]["S3OutputPath"]
    keys = [f"{item.bucket}/{item.key}" for item in items]
    results = [f"{output.bucket}/{output.key}" for output in made]
    destination, at = config["DestinationS3Uri"], job["TransformStartTime"]
    given = _manifest(aws, destination, "input", at, source, keys)
    try:
        return [given, _manifest(aws, destination, "output", at, f"{target.rstrip('/')}/", results)]
    except BaseException:
        given.staged.discard()
        raise


def _manifest(aws: Aws, destination: str, folder: str, at: float, uri: str, keys: Sequence[str]) -> Output:
    common = uri.removeprefix("s3://").rpartition("/")[0] + "/"
    if not all(key.startswith(common) for key in keys):  # a manifest may lead elsewhere
        common = keys[0].partition("/")[0] + "/"
    content = json.dumps([{"prefix": f"s3://{common}"}, *(key[len(common) :] for key in keys)], indent=1)
    bucket, prefix = objects.split_uri(destination)
    hour = datetime.fromtimestamp(at, UTC).strftime("%Y/%m/%d/%H")
    key = f"{prefix.rstrip('/')}/{folder}/{hour}/{uuid.uuid4()}.jsonl".lstrip("/")
    return Output(bucket, key, objects.stage(aws, content.encode()))
