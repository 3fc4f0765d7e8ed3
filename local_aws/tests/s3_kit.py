"""What tests of S3 ask again and again."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(call: Callable[..., Any], **arguments: Any) -> tuple[str, int]:
    """The code and the status of the error."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def read(s3: Any, bucket: str, key: str, **arguments: Any) -> bytes:
    """The bytes of an object."""
    content: bytes = s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()
    return content
