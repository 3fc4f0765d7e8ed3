"""Objects over the API: put, get, head, copy, delete."""

import hashlib
import os
import re
from typing import Any
from urllib.parse import unquote

from local_aws.errors import AwsError
from local_aws.operations import Aws, Request, Result
from local_aws.s3 import checksums, conditions, objects
from local_aws.s3.objects import Entry, Staged
from local_aws.s3.requests import S3Operations, entry_of, quoted, tags_of_header, version_of
from local_aws.wire.http import Body, FileSlice

operations = S3Operations("s3")

#: Headers that are kept with an object and given back by reads.
HEADERS = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "ServerSideEncryption",
    "SSEKMSKeyId",
    "BucketKeyEnabled",
    "StorageClass",
)

#: Presigned URLs may ask for other headers than those that are kept.
_OVERRIDES = {f"Response{name}": name for name in HEADERS[:6]}

#: Bytes of names and values: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
MOST_METADATA = 2048

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def described(request: Request) -> dict[str, Any]:
    """What a request that makes an object says about it: the document of an entry."""
    headers = {name: request[name] for name in HEADERS if request.get(name) is not None}
    if "ContentEncoding" in headers:  # the transport's own encoding is not the object's
        codings = [coding.strip() for coding in headers["ContentEncoding"].split(",")]
        headers["ContentEncoding"] = ",".join(coding for coding in codings if coding != "aws-chunked")
        if not headers["ContentEncoding"]:
            del headers["ContentEncoding"]
    metadata = request.get("Metadata", {})
    if sum(len(name.encode()) + len(value.encode()) for name, value in metadata.items()) > MOST_METADATA:
        message = "Your metadata headers exceed the maximum allowed metadata size"
        raise AwsError("MetadataTooLarge", message, MaxSizeAllowed=str(MOST_METADATA))
    return {
        "Headers": headers,
        "Metadata": metadata,
        "Tags": tags_of_header(request.get("Tagging")),
    }


def stage_body(aws: Aws, body: Body) -> Staged:
    """The body's bytes, durable; a spooled file becomes the blob itself."""
    if body.spool is None:
        return Staged(aws.store.write_blob(body.content), body.size, body.md5)
    with body.spool.open("rb") as file:
        aws.store.sync(file.fileno())
    blob = body.take()
    assert blob is not None
    return Staged(blob, body.size, body.md5)


def put_staged(aws: Aws, request: Request, staged: Staged, **document: Any) -> Entry:
    """Put staged bytes under the request's key when its conditions hold; they are thrown away when not."""
    bucket, key = request["Bucket"], request["Key"]
    try:
        if len(key.encode()) > 1024:
            raise AwsError("KeyTooLongError", "Your key is too long")
        with aws.store.transaction():
            conditions.check_write(request, objects.find(aws, bucket, key))
            return objects.put(aws, bucket, key, staged, **document)
    except BaseException:
        staged.discard()
        raise


@operations("PutObject")
def put_object(aws: Aws, request: Request) -> Result:
    body: Body = request["Body"]
    objects.bucket(aws, request["Bucket"])
    document = described(request)
    found = checksums.verify(request, body.chunks(), body.md5)
    entry = put_staged(aws, request, stage_body(aws, body), **document, Checksums=found)
    return {
        "ETag": quoted(entry),
        "VersionId": version_of(aws, request["Bucket"], entry),
        "ServerSideEncryption": request.get("ServerSideEncryption", "AES256"),
        **_checksums(entry),
    }


@operations("GetObject")
def get_object(aws: Aws, request: Request) -> Result:
    while True:
        entry = entry_of(aws, request["Bucket"], request["Key"], request.get("VersionId"))
        conditions.check_read(request, entry)
        start, length, members = _extent(request, entry)
        head = _head(aws, request, entry)
        try:
            body = FileSlice(entry.blob, start, length)
        except FileNotFoundError:  # overwritten between the row and the bytes
            continue
        return head | members | {"Body": body, "ContentLength": length}


@operations("HeadObject")
def head_object(aws: Aws, request: Request) -> Result:
    entry = entry_of(aws, request["Bucket"], request["Key"], request.get("VersionId"))
    conditions.check_read(request, entry)
    _, length, members = _extent(request, entry)
    return _head(aws, request, entry) | members | {"ContentLength": length}


def _head(aws: Aws, request: Request, entry: Entry) -> dict[str, Any]:
    headers = {"ContentType": "binary/octet-stream", "ServerSideEncryption": "AES256"} | entry.document.get(
        "Headers", {}
    )
    if headers.get("StorageClass") == "STANDARD":  # S3 leaves the usual one out
        del headers["StorageClass"]
    overrides = {member: _header(request[asked]) for asked, member in _OVERRIDES.items() if asked in request}
    found: dict[str, Any] = {
        "AcceptRanges": "bytes",
        "ETag": quoted(entry),
        "LastModified": entry.modified,
        "Metadata": entry.document.get("Metadata", {}),
        "TagCount": len(entry.document.get("Tags", [])) or None,
        "VersionId": version_of(aws, request["Bucket"], entry),
        **headers,
        **overrides,
    }
    if request.get("ChecksumMode") == "ENABLED" and not request.get("Range") and not request.get("PartNumber"):
        found |= _checksums(entry)
    return found


def _header(value: Any) -> Any:
    """Raises AwsError for what would end the header in the middle."""
    if isinstance(value, str) and not value.isprintable():
        raise AwsError("InvalidArgument", f"{value[:80]!r} cannot be the value of a header.")
    return value


def _checksums(entry: Entry) -> dict[str, str]:
    found: dict[str, str] = entry.document.get("Checksums", {})
    if not found:
        return {}
    composite = any("-" in value for value in found.values())
    return found | {"ChecksumType": "COMPOSITE" if composite else "FULL_OBJECT"}


def _extent(request: Request, entry: Entry) -> tuple[int, int, dict[str, Any]]:
    """First byte and length of what is asked for, and the members that say so.

    A Range that is not understood is ignored (RFC 9110, section 14.2); S3 serves no list of ranges.
    """
    if number := request.get("PartNumber"):
        sizes = entry.document.get("Parts") or [entry.size]
        if number > len(sizes):
            raise AwsError("InvalidPartNumber", "The requested partnumber is not satisfiable", status=416)
        start, length = sum(sizes[: number - 1]), sizes[number - 1]
        members: dict[str, Any] = {"PartsCount": len(sizes)} if "Parts" in entry.document else {}
        return start, length, members | ({"ContentRange": _content_range(start, length, entry)} if length else {})
    found = _RANGE.fullmatch(request.get("Range") or "")
    if not found or not any(found.groups()) or (all(found.groups()) and int(found[1]) > int(found[2])):
        return 0, entry.size, {}
    if found[1]:
        start = int(found[1])
        end = min(int(found[2]), entry.size - 1) if found[2] else entry.size - 1
    else:
        start, end = max(0, entry.size - int(found[2])), entry.size - 1
    if start >= entry.size:
        raise AwsError(
            "InvalidRange",
            "The requested range is not satisfiable",
            status=416,
            RangeRequested=request["Range"],
            ActualObjectSize=str(entry.size),
        )
    return start, end - start + 1, {"ContentRange": _content_range(start, end - start + 1, entry)}


def _content_range(start: int, length: int, entry: Entry) -> str:
    return f"bytes {start}-{start + length - 1}/{entry.size}"


@operations("CopyObject")
def copy_object(aws: Aws, request: Request) -> Result:
    bucket, key, version = source_of(request)
    replaced = request.get("MetadataDirective", "COPY") == "REPLACE"
    if (bucket, key, version) == (request["Bucket"], request["Key"], None) and not replaced:
        raise AwsError(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the"
            " object's metadata, storage class, website redirect location or encryption attributes.",
        )
    source = entry_of(aws, bucket, key, version)
    conditions.check_read(request, source, "CopySource")
    objects.bucket(aws, request["Bucket"])
    own = described(request)
    document = {part: (own if replaced else source.document).get(part, {}) for part in ("Headers", "Metadata")}
    tags = own if request.get("TaggingDirective") == "REPLACE" else source.document
    document |= {"Tags": tags.get("Tags", []), "Checksums": _whole(source)}
    entry = put_staged(aws, request, stage_copy(aws, source), **document)
    return {
        "CopyObjectResult": {"ETag": quoted(entry), "LastModified": entry.modified, **_checksums(entry)},
        "CopySourceVersionId": version_of(aws, bucket, source),
        "VersionId": version_of(aws, request["Bucket"], entry),
    }


def _whole(entry: Entry) -> dict[str, str]:
    """The checksums that hold for the bytes however they came in parts."""
    return {member: value for member, value in entry.document.get("Checksums", {}).items() if "-" not in value}


def source_of(request: Request) -> tuple[str, str, str | None]:
    """Bucket, key and version in CopySource. Raises AwsError "InvalidArgument"."""
    path, _, version = request["CopySource"].partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    if not bucket or not key:
        raise AwsError("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
    return bucket, key, version or None


def stage_copy(aws: Aws, source: Entry) -> Staged:
    """The same bytes under another name: nothing is copied where the file system can link.

    Raises AwsError when the disk is full.
    """
    blob = aws.store.new_blob()
    try:
        os.link(source.blob, blob)
    except OSError:
        return objects.stage(aws, source.blob)
    etag = source.etag
    if "-" in etag:  # the copy is in one part
        with blob.open("rb") as file:
            etag = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    return Staged(blob, source.size, etag)


@operations("DeleteObject")
def delete_object(aws: Aws, request: Request) -> Result:
    bucket, key, version = request["Bucket"], request["Key"], request.get("VersionId")
    with aws.store.transaction():
        conditions.check_write({"IfMatch": request.get("IfMatch")}, objects.find(aws, bucket, key, version))
        marker = objects.delete(aws, bucket, key, version)
    return {"DeleteMarker": True if marker else None, "VersionId": version or (marker.version if marker else None)}


@operations("DeleteObjects")
def delete_objects(aws: Aws, request: Request) -> Result:
    wanted = request.get("Delete", {})
    if not 0 < len(wanted.get("Objects", [])) <= 1000:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise AwsError("MalformedXML", message)
    deleted, errors = [], []
    with aws.store.transaction():
        for item in wanted["Objects"]:
            try:
                deleted.append(_delete_one(aws, request["Bucket"], item))
            except AwsError as error:
                if error.code == "NoSuchBucket":
                    raise
                errors.append({"Key": item["Key"], "Code": error.code, "Message": error.message})
    return {"Deleted": [] if wanted.get("Quiet") else deleted, "Errors": errors}


def _delete_one(aws: Aws, bucket: str, item: dict[str, Any]) -> dict[str, Any]:
    key, version = item["Key"], item.get("VersionId")
    etag = item.get("ETag")
    conditions.check_write({"IfMatch": etag}, objects.find(aws, bucket, key, version))
    marker = objects.delete(aws, bucket, key, version)
    found = {"Key": key, "VersionId": version}
    if marker:
        found |= {"DeleteMarker": True, "DeleteMarkerVersionId": marker.version}
    return found
