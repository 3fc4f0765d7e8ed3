"""Multipart uploads: each part durable when it is acknowledged, joined when the upload completes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Request, Result
from local_aws.s3 import checksums, conditions, objects
from local_aws.s3.listing import LAST, limit, shown
from local_aws.s3.objects import Document, Staged
from local_aws.s3.requests import OWNER, S3Operations, entry_of, quoted, version_of
from local_aws.s3.transfer import described, put_staged, source_of, stage_body
from local_aws.store import translate
from local_aws.wire.http import FileSlice

operations = S3Operations("s3")

UPLOADS, PARTS = "s3:Upload", "s3:Part"

#: Every part but the last must have as many bytes.
SMALLEST = 5 << 20

_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@operations("CreateMultipartUpload")
def create_multipart_upload(aws: Aws, request: Request) -> Result:
    objects.bucket(aws, request["Bucket"])
    upload = uuid.uuid4().hex
    algorithm = request.get("ChecksumAlgorithm")
    kind = request.get("ChecksumType") or ("FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE")
    asked = {"ChecksumAlgorithm": algorithm, "ChecksumType": kind} if algorithm else {}
    named = {"Bucket": request["Bucket"], "Key": request["Key"]}
    document = {**named, **asked, "Initiated": aws.clock.now(), "Document": described(request)}
    aws.store.put(UPLOADS, upload, document)
    return {**named, **asked, "UploadId": upload}


@operations("UploadPart")
def upload_part(aws: Aws, request: Request) -> Result:
    _upload(aws, request)
    body = request["Body"]
    found = checksums.verify(request, body.chunks(), body.md5)
    _keep_part(aws, request, stage_body(aws, body), found)
    return {"ETag": f'"{body.md5}"', **found}


@operations("UploadPartCopy")
def upload_part_copy(aws: Aws, request: Request) -> Result:
    _upload(aws, request)
    bucket, key, version = source_of(request)
    source = entry_of(aws, bucket, key, version)
    conditions.check_read(request, source, "CopySource")
    start, length = 0, source.size
    if asked := request.get("CopySourceRange"):
        found = _RANGE.fullmatch(asked)
        if not found or not int(found[1]) <= int(found[2]) < source.size:
            raise AwsError("InvalidArgument", f"Range specified is not valid for source object of size: {source.size}")
        start, length = int(found[1]), int(found[2]) - int(found[1]) + 1
    md5 = hashlib.md5(usedforsecurity=False)
    blob, size = _join(aws, [FileSlice(source.blob, start, length)], [md5])
    staged = Staged(blob, size, md5.hexdigest())
    part = _keep_part(aws, request, staged, {})
    return {
        "CopyPartResult": {"ETag": f'"{staged.etag}"', "LastModified": part["LastModified"]},
        "CopySourceVersionId": version_of(aws, bucket, source),
    }


def _upload(aws: Aws, request: Request) -> Document:
    """Raises AwsError "NoSuchUpload"."""
    found = aws.store.get(UPLOADS, request["UploadId"])
    if found is None or (found["Bucket"], found["Key"]) != (request["Bucket"], request["Key"]):
        message = (
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or"
            " completed."
        )
        raise AwsError("NoSuchUpload", message, status=404, UploadId=request["UploadId"])
    return found


def _keep_part(aws: Aws, request: Request, staged: Staged, sums: dict[str, str]) -> Document:
    number = request["PartNumber"]
    part = {
        "PartNumber": number,
        "Blob": staged.blob.name,
        "Size": staged.size,
        "ETag": staged.etag,
        "LastModified": aws.clock.now(),
        **sums,
    }
    try:
        if not 1 <= number <= 10_000:
            raise AwsError("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
        with aws.store.transaction():
            _upload(aws, request)  # it may have ended while the part arrived
            key = f"{request['UploadId']}/{number:05d}"
            if old := aws.store.get(PARTS, key):
                _remove_later(aws, old)
            aws.store.put(PARTS, key, part)
    except BaseException:
        staged.discard()
        raise
    return part


def _parts(aws: Aws, upload: str) -> list[Document]:
    found = [part for _, part in aws.store.scan(PARTS, f"{upload}/")]
    return sorted(found, key=lambda part: int(part["PartNumber"]))


def _remove_later(aws: Aws, part: Document) -> None:
    blob = aws.store.blob_path(part["Blob"])
    aws.store.after_commit(lambda: blob.unlink(missing_ok=True))


def end(aws: Aws, upload: str) -> None:
    """Forget the upload and its parts; inside a transaction."""
    for part in _parts(aws, upload):
        _remove_later(aws, part)
        aws.store.delete(PARTS, f"{upload}/{part['PartNumber']:05d}")
    aws.store.delete(UPLOADS, upload)


def end_all(aws: Aws, bucket: str) -> None:
    """Forget the uploads into a bucket that is going; inside a transaction."""
    for upload_id, upload in aws.store.scan(UPLOADS):
        if upload["Bucket"] == bucket:
            end(aws, upload_id)


@operations("AbortMultipartUpload")
def abort_multipart_upload(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        _upload(aws, request)
        end(aws, request["UploadId"])
    return None


# complete


@operations("CompleteMultipartUpload")
def complete_multipart_upload(aws: Aws, request: Request) -> Result:
    upload = _upload(aws, request)
    parts = _chosen(request, _parts(aws, request["UploadId"]))
    total = sum(part["Size"] for part in parts)
    if (claimed := request.get("MpuObjectSize")) is not None and claimed != total:
        raise AwsError("InvalidRequest", f"The provided 'x-amz-mp-object-size' header value {claimed} is not {total}.")
    member = _whole_checksum(upload, request)
    whole = checksums.new(member) if member else None
    slices = (FileSlice(aws.store.blob_path(part["Blob"]), 0, part["Size"]) for part in parts)
    blob, size = _join(aws, slices, [whole] if whole else [])
    digests = b"".join(bytes.fromhex(part["ETag"]) for part in parts)
    staged = Staged(blob, size, f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}")
    sums = _verified(request, member, whole, staged) if member else _composites(upload, parts)
    try:
        with aws.store.transaction():
            _upload(aws, request)  # somebody else may have completed or aborted it meanwhile
            document = upload["Document"] | {"Checksums": sums, "Parts": [part["Size"] for part in parts]}
            entry = put_staged(aws, request, staged, **document)
            end(aws, request["UploadId"])
    except BaseException:
        staged.discard()
        raise
    return {
        "Location": f"{aws.endpoint}/{request['Bucket']}/{request['Key']}",
        "Bucket": request["Bucket"],
        "Key": request["Key"],
        "ETag": quoted(entry),
        "VersionId": version_of(aws, request["Bucket"], entry),
        **sums,
        "ChecksumType": upload.get("ChecksumType"),
    }


def _chosen(request: Request, kept: list[Document]) -> list[Document]:
    """The parts that the client lists. Raises AwsError: MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall."""
    listed = request.get("MultipartUpload", {}).get("Parts", [])
    if not listed:
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise AwsError("MalformedXML", message)
    numbers = [part["PartNumber"] for part in listed]
    if numbers != sorted(set(numbers)):
        message = (
            "The list of parts was not in ascending order. The parts list must be specified in order by part number."
        )
        raise AwsError("InvalidPartOrder", message)
    by_number = {part["PartNumber"]: part for part in kept}
    for part in listed:
        found = by_number.get(part["PartNumber"], {})
        if part.get("ETag", "").strip('"') != found.get("ETag") or any(
            member in found and value != found[member] for member, value in checksums.sent(part).items()
        ):
            message = (
                "One or more of the specified parts could not be found. The part may not have been uploaded, or the"
                " specified entity tag may not match the part's entity tag."
            )
            raise AwsError("InvalidPart", message, PartNumber=str(part["PartNumber"]))
    for number in numbers[:-1]:
        if by_number[number]["Size"] < SMALLEST:
            message = "Your proposed upload is smaller than the minimum allowed size"
            raise AwsError("EntityTooSmall", message, PartNumber=str(number), MinSizeAllowed=str(SMALLEST))
    return [by_number[number] for number in numbers]


def _join(aws: Aws, slices: Iterable[FileSlice], hashes: Sequence[checksums.Hash]) -> tuple[Path, int]:
    """The slices one after another in a durable blob, and their length; `hashes` see every byte."""
    blob, size = aws.store.new_blob(), 0
    try:
        with blob.open("wb", buffering=0) as file:
            for part in slices:
                for chunk in part.chunks():
                    size += file.write(chunk)
                    for each in hashes:
                        each.update(chunk)
            aws.store.sync(file.fileno())
    except OSError as error:
        blob.unlink(missing_ok=True)
        raise translate(error, aws.home) from error
    return blob, size


def _whole_checksum(upload: Document, request: Request) -> str | None:
    """The member for the checksum of the whole object, when the upload has one."""
    if upload.get("ChecksumType") == "FULL_OBJECT" or request.get("ChecksumType") == "FULL_OBJECT":
        claimed = next(iter(checksums.sent(request)), None)
        return claimed or (f"Checksum{upload['ChecksumAlgorithm']}" if "ChecksumAlgorithm" in upload else None)
    return None


def _composites(upload: Document, parts: list[Document]) -> dict[str, str]:
    member = f"Checksum{upload.get('ChecksumAlgorithm', '')}"
    if member not in checksums.MEMBERS or not all(member in part for part in parts):
        return {}
    found = checksums.composite(member, [part[member] for part in parts])
    return {member: found} if found else {}


def _verified(request: Request, member: str, whole: checksums.Hash | None, staged: Staged) -> dict[str, str]:
    """The checksum of the whole. Raises AwsError "BadDigest" when it is not what the client says."""
    claimed, computed = request.get(member), checksums.text(whole) if whole else None
    if claimed and computed and claimed != computed:
        staged.discard()
        name = member.removeprefix("Checksum")
        raise AwsError("BadDigest", f"The {name} you specified did not match the calculated checksum.")
    found = computed or claimed
    return {member: found} if found else {}


# lists


@operations("ListParts")
def list_parts(aws: Aws, request: Request) -> Result:
    upload = _upload(aws, request)
    marker, most = request.get("PartNumberMarker", 0), limit(request, "MaxParts")
    left = [part for part in _parts(aws, request["UploadId"]) if part["PartNumber"] > marker]
    return {
        "Bucket": request["Bucket"],
        "Key": request["Key"],
        "UploadId": request["UploadId"],
        "PartNumberMarker": marker,
        "NextPartNumberMarker": left[:most][-1]["PartNumber"] if left[:most] else 0,
        "MaxParts": most,
        "IsTruncated": len(left) > most,
        "Parts": [part | {"ETag": f'"{part["ETag"]}"'} for part in left[:most]],
        "Initiator": OWNER,
        "Owner": OWNER,
        "StorageClass": upload["Document"]["Headers"].get("StorageClass", "STANDARD"),
        "ChecksumAlgorithm": upload.get("ChecksumAlgorithm"),
        "ChecksumType": upload.get("ChecksumType"),
    }


@operations("ListMultipartUploads")
def list_multipart_uploads(aws: Aws, request: Request) -> Result:
    objects.bucket(aws, request["Bucket"])
    if request.get("Delimiter"):
        raise NotSupported("the member Delimiter of s3:ListMultipartUploads")
    most, prefix = limit(request, "MaxUploads"), request.get("Prefix", "")
    begin = (request.get("KeyMarker", ""), request.get("UploadIdMarker") or LAST)
    found = sorted(
        (upload["Key"], upload_id, upload["Initiated"])
        for upload_id, upload in aws.store.scan(UPLOADS)
        if upload["Bucket"] == request["Bucket"] and upload["Key"].startswith(prefix)
    )
    left = [item for item in found if item[:2] > begin]
    answer = {
        "Bucket": request["Bucket"],
        "Prefix": shown(request, prefix),
        "KeyMarker": shown(request, begin[0]),
        "UploadIdMarker": request.get("UploadIdMarker", ""),
        "MaxUploads": most,
        "EncodingType": request.get("EncodingType"),
        "IsTruncated": len(left) > most,
        "Uploads": [
            {
                "Key": shown(request, key),
                "UploadId": upload_id,
                "Initiated": initiated,
                "Owner": OWNER,
                "Initiator": OWNER,
            }
            for key, upload_id, initiated in left[:most]
        ],
    }
    if len(left) > most and most:
        answer |= {"NextKeyMarker": shown(request, left[most - 1][0]), "NextUploadIdMarker": left[most - 1][1]}
    return answer
