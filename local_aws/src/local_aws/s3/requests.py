"""What all S3 operations have in common: whose bucket it is, and what is refused rather than dropped."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import parse_qsl

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Handler, Operations, Request
from local_aws.s3 import objects
from local_aws.s3.objects import Entry

OWNER = {"DisplayName": "local", "ID": "0" * 64}

#: Members that would change what is kept or who may change it. Access lists and encryption at rest do neither here.
_REFUSED = ("SSECustomer", "CopySourceSSECustomer", "ObjectLock", "WriteOffsetBytes", "WebsiteRedirectLocation")


class S3Operations(Operations):
    """Handlers that see only requests for the account's own buckets, without members that cannot be honoured."""

    def __call__(self, name: str) -> Callable[[Handler], Handler]:
        register = super().__call__(name)

        def guarded(handler: Handler) -> Handler:
            @wraps(handler)
            def checked(aws: Aws, request: Request) -> Any:
                _check(aws, name, request)
                return handler(aws, request)

            register(checked)
            return handler

        return guarded


def _check(aws: Aws, name: str, request: Request) -> None:
    for member, value in request.items():
        if member.startswith(_REFUSED) and value is not None:
            raise NotSupported(f"the member {member} of s3:{name}")
        if member in ("ExpectedBucketOwner", "ExpectedSourceBucketOwner") and value != aws.account:
            raise AwsError("AccessDenied", "Access Denied", status=403)


def quoted(entry: Entry) -> str:
    return f'"{entry.etag}"'


def version_of(aws: Aws, bucket: str, entry: Entry) -> str | None:
    """The version as answers have it: none for buckets that never kept versions."""
    return entry.version if objects.bucket(aws, bucket).get("Versioning") else None


def entry_of(aws: Aws, bucket: str, key: str, version: str | None = None) -> Entry:
    """The object or one version. Raises AwsError as S3: NoSuchKey, NoSuchVersion, MethodNotAllowed."""
    if version is None:
        return objects.read(aws, bucket, key)
    found = objects.find(aws, bucket, key, version)
    if found is None:
        objects.bucket(aws, bucket)
        raise AwsError("NoSuchVersion", "The specified version does not exist.", status=404, Key=key, VersionId=version)
    if found.deleted:
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", status=405)
    return found


def tags_of_header(text: str | None) -> list[dict[str, str]]:
    """`x-amz-tagging`, written like a query string. Raises AwsError "InvalidTag"."""
    pairs = parse_qsl(text or "", keep_blank_values=True)
    return check_tags([{"Key": key, "Value": value} for key, value in pairs], most=10)


def check_tags(tags: list[dict[str, str]], most: int) -> list[dict[str, str]]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""
    names = [tag["Key"] for tag in tags]
    if len(set(names)) != len(names):
        raise AwsError("InvalidTag", "Cannot provide multiple Tags with the same key")
    if len(tags) > most:
        raise AwsError("BadRequest", f"Object tags cannot be greater than {most}")
    if any(not 0 < len(tag["Key"]) <= 128 or len(tag["Value"]) > 256 for tag in tags):
        raise AwsError("InvalidTag", "A tag's key has 1 to 128 characters and its value at most 256.")
    return tags
