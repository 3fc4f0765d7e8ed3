"""Whether a model's data is where a request says."""

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects


def require(aws: Aws, uri: str) -> None:
    """Raises AwsError "ValidationException" when S3 has neither the object nor anything below the prefix."""
    bucket, key = objects.split_uri(uri)
    try:
        found = next(objects.walk(aws, bucket, key, batch=1), None)
    except AwsError:
        found = None
    if found is None or (found.key != key and not key.endswith("/") and not found.key.startswith(f"{key}/")):
        raise AwsError("ValidationException", f"Could not find model data at {uri}.")
