"""Objects in S3 by their s3:// addresses."""

from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from contract.errors import InputError


def split(url: str) -> tuple[str, str]:
    """`s3://bucket/a/b` → ("bucket", "a/b")."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


def get(url: str) -> bytes | None:
    """The object's bytes; None when it is not there yet."""
    bucket, key = split(url)
    try:
        body: bytes = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
            return None
        raise
    return body


def put(url: str, body: bytes) -> None:
    bucket, key = split(url)
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def download(prefix: str, folder: Path) -> list[Path]:
    """Every object below an s3:// prefix that ends with a slash, into `folder`; the files.

    Raises InputError when a file of that name is there already.
    """
    bucket, start = split(prefix)
    client, written = boto3.client("s3"), []
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=start)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    wanted = {key: folder / key.removeprefix(start) for key in keys}
    if taken := [path for path in wanted.values() if path.exists()]:
        raise InputError(f"{taken[0]} is there already: name another folder with --output.")
    for key, path in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        client.download_file(bucket, key, str(path))
        written.append(path)
    return written


def empty(bucket: str) -> int:
    """Delete every object of a bucket with all its versions; how many there were. A missing bucket has none.

    Always from the beginning: a page that begins after a version that is gone may leave out what comes next.
    """
    client, count = boto3.client("s3"), 0
    try:
        while True:
            page = client.list_object_versions(Bucket=bucket)
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not entries:
                return count
            _delete(bucket, [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries])
            count += len(entries)
    except client.exceptions.NoSuchBucket:
        return count


def _delete(bucket: str, found: list[Any]) -> None:
    """At most a page, which is the most that one call takes. Raises InputError for what S3 keeps."""
    answer = boto3.client("s3").delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
    for error in answer.get("Errors", []):
        raise InputError(f"s3://{bucket}/{error['Key']} cannot be deleted: {error['Message']} ({error['Code']}).")
