"""Preconditions: If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since (RFC 9110, section 13).

S3's order: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from local_aws.errors import AwsError
from local_aws.operations import Request
from local_aws.s3.objects import Entry


def check_read(request: Request, entry: Entry, prefix: str = "") -> None:
    """For reads, and for the source of a copy (`prefix` "CopySource").

    Raises AwsError: "304" when a reader has it already, "PreconditionFailed" otherwise.
    """
    modified = int(entry.modified)
    match, none_match = request.get(f"{prefix}IfMatch"), request.get(f"{prefix}IfNoneMatch")
    since, until = request.get(f"{prefix}IfModifiedSince"), request.get(f"{prefix}IfUnmodifiedSince")
    if match is not None:
        if not _names(match, entry):
            raise _failed("If-Match")
    elif until is not None and modified > until:
        raise _failed("If-Unmodified-Since")
    not_since = since is not None and modified <= since
    unchanged = _names(none_match, entry) if none_match is not None else not_since
    if unchanged and prefix:
        raise _failed("x-amz-copy-source-If-None-Match or -If-Modified-Since")
    if unchanged:
        raise AwsError("304", "Not Modified", status=304, ETag=f'"{entry.etag}"')


def check_write(request: Request, entry: Entry | None) -> None:
    """Call it inside the transaction that writes. Raises AwsError "PreconditionFailed", or "NoSuchKey"."""
    there = entry if entry and not entry.deleted else None
    match, none_match = request.get("IfMatch"), request.get("IfNoneMatch")
    if none_match is not None:
        if none_match != "*":
            raise AwsError(
                "NotImplemented", "A header you provided implies functionality that is not implemented", status=501
            )
        if there:
            raise _failed("If-None-Match")
    if match is not None:
        if there is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
        if not _names(match, there):
            raise _failed("If-Match")


def _names(header: str, entry: Entry) -> bool:
    return header.strip() == "*" or entry.etag in (tag.strip().strip('"') for tag in header.split(","))


def _failed(condition: str) -> AwsError:
    message = "At least one of the pre-conditions you specified did not hold"
    return AwsError("PreconditionFailed", message, status=412, Condition=condition)
