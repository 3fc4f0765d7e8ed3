"""S3 where moto answers otherwise than S3 does, and what a client does not see: the wire."""

import base64
import hashlib
import http.client
import json
import socket
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.handlers import validate_bucket_name
from s3_kit import read, refused

from local_aws import launch

KEYS = ["a.txt", "a/1", "a/2", "a/b/1", "b", "c d/é", "c d/ü", "z/"]


@pytest.fixture
def s3(client: Callable[..., Any]) -> Any:
    return client("s3")


def start(s3: Any, bucket: str) -> dict[str, Any]:
    upload: dict[str, Any] = s3.create_multipart_upload(Bucket=bucket, Key="key")
    return {"Bucket": bucket, "Key": "key", "UploadId": upload["UploadId"]}


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


@pytest.mark.parametrize("name", ["Upper", "ab", "under_score"])
def test_bucket_names(s3: Any, name: str) -> None:
    s3.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    assert refused(s3.create_bucket, Bucket=name)[0] == "InvalidBucketName"


def test_copy_conditions(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="source", Body=b"1")["ETag"]
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": {"Bucket": bucket, "Key": "source"}}
    assert refused(s3.copy_object, **copy, CopySourceIfNoneMatch=etag) == ("PreconditionFailed", 412)
    assert refused(s3.copy_object, **copy, CopySourceIfMatch='"other"') == ("PreconditionFailed", 412)
    s3.copy_object(**copy, CopySourceIfMatch=etag)


def test_a_wrong_md5_is_refused(s3: Any, bucket: str) -> None:
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    put = {"Bucket": bucket, "Key": "key", "Body": b"content"}
    assert refused(s3.put_object, **put, ContentMD5=wrong)[0] == "BadDigest"
    assert refused(s3.head_object, Bucket=bucket, Key="key") == ("404", 404)


def test_multipart_faults(s3: Any, bucket: str) -> None:
    upload = start(s3, bucket)
    tags = [s3.upload_part(**upload, PartNumber=number, Body=b"small")["ETag"] for number in (1, 2)]
    first, second = ({"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1))

    def complete(*parts: dict[str, Any]) -> str:
        return refused(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": list(parts)})[0]

    assert complete(first, second) == "EntityTooSmall"
    assert complete(second, first) == "InvalidPartOrder"
    assert complete({"PartNumber": 1, "ETag": '"' + "0" * 32 + '"'}) == "InvalidPart"
    assert complete({"PartNumber": 3, "ETag": tags[0]}) == "InvalidPart"
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [second]})
    assert read(s3, bucket, "key") == b"small"


def test_an_aborted_upload_leaves_nothing(s3: Any, bucket: str) -> None:
    upload = start(s3, bucket)
    s3.upload_part(**upload, PartNumber=1, Body=b"1")
    s3.abort_multipart_upload(**upload)
    assert refused(s3.upload_part, **upload, PartNumber=2, Body=b"2") == ("NoSuchUpload", 404)
    assert refused(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": [{"PartNumber": 1}]})[1] == 404


def test_suspended_versioning_keeps_the_old_and_overwrites_the_null_version(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    s3.put_bucket_versioning(Bucket=versioned, VersioningConfiguration={"Status": "Suspended"})
    for body in (b"2", b"3"):
        s3.put_object(Bucket=versioned, Key="key", Body=body)
    assert read(s3, versioned, "key") == b"3"
    assert read(s3, versioned, "key", VersionId=first) == b"1"
    assert len(s3.list_object_versions(Bucket=versioned)["Versions"]) == 2


@pytest.mark.parametrize("operation", ["list_objects", "list_object_versions"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_the_older_lists_hold_every_prefix_once(s3: Any, bucket: str, operation: str, size: int) -> None:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    contents, prefixes = [], []
    for page in s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", MaxKeys=size):
        contents += [item["Key"] for item in page.get("Contents", []) + page.get("Versions", [])]
        prefixes += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    assert (contents, prefixes) == (["a.txt", "b"], ["a/", "c d/", "z/"])


def test_tags_that_s3_refuses(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    double = [{"Key": "c", "Value": "1"}, {"Key": "c", "Value": "2"}]
    many = [{"Key": str(number), "Value": ""} for number in range(11)]
    for tags, code in ((double, "InvalidTag"), (many, "BadRequest")):
        found = refused(s3.put_object_tagging, Bucket=bucket, Key="key", Tagging={"TagSet": tags})
        assert found == (code, 400)


def test_a_delete_marker_has_no_bytes(s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="key", Body=b"1")
    marker = s3.delete_object(Bucket=versioned, Key="key")["VersionId"]
    assert refused(s3.get_object, Bucket=versioned, Key="key", VersionId=marker) == ("MethodNotAllowed", 405)
    assert refused(s3.get_object, Bucket=versioned, Key="key", VersionId="x" * 32) == ("NoSuchVersion", 404)


def test_versions_are_deleted_page_by_page(s3: Any, versioned: str) -> None:
    for number in range(6):
        s3.put_object(Bucket=versioned, Key=f"pages/{number // 3}", Body=b"")
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=versioned, Prefix="pages/", PaginationConfig={"PageSize": 2}
    )
    for page in pages:
        gone = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in page["Versions"]]
        s3.delete_objects(Bucket=versioned, Delete={"Objects": gone})
    assert "Versions" not in s3.list_object_versions(Bucket=versioned, Prefix="pages/")


def test_a_batch_delete_of_versions(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    gone = s3.delete_objects(Bucket=versioned, Delete={"Objects": [{"Key": "key"}, {"Key": "key", "VersionId": first}]})
    assert [item.get("DeleteMarker") for item in gone["Deleted"]] == [True, None]
    assert "Versions" not in s3.list_object_versions(Bucket=versioned)


def test_a_quiet_batch_delete_tells_errors_only(s3: Any, bucket: str) -> None:
    objects = [{"Key": "never"}, {"Key": "there"}]
    s3.put_object(Bucket=bucket, Key="there", Body=b"1")
    assert "Deleted" not in s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_checksums_of_uploads_in_parts(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm="SHA256")
    where = {"Bucket": bucket, "Key": "key", "UploadId": upload["UploadId"]}
    part = s3.upload_part(**where, PartNumber=1, Body=b"content", ChecksumAlgorithm="SHA256")
    digest = hashlib.sha256(b"content").digest()
    assert part["ChecksumSHA256"] == base64.b64encode(digest).decode()
    listed = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})
    assert done["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(digest).digest()).decode() + "-1"
    found = s3.get_object_attributes(
        Bucket=bucket, Key="key", ObjectAttributes=["ETag", "Checksum", "ObjectParts", "ObjectSize"]
    )
    assert found["ObjectSize"] == 7
    assert found["ObjectParts"]["TotalPartsCount"] == 1
    assert found["Checksum"]["ChecksumSHA256"] == done["ChecksumSHA256"]
    assert found["ETag"] == done["ETag"].strip('"')


def test_the_checksum_of_the_whole_is_verified_when_the_parts_are_joined(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    where = {"Bucket": bucket, "Key": "key", "UploadId": upload["UploadId"]}
    tag = s3.upload_part(**where, PartNumber=1, Body=b"content")["ETag"]
    complete = {**where, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}}
    assert refused(s3.complete_multipart_upload, **complete, ChecksumCRC32="AAAAAA==")[0] == "BadDigest"
    right = base64.b64encode(zlib.crc32(b"content").to_bytes(4, "big")).decode()
    done = s3.complete_multipart_upload(**complete, ChecksumCRC32=right, ChecksumType="FULL_OBJECT")
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (right, "FULL_OBJECT")


def test_parts_by_number(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"x" * (5 << 20))
    where = start(s3, bucket)
    copy = s3.upload_part_copy(**where, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"})
    tags = [copy["CopyPartResult"]["ETag"], s3.upload_part(**where, PartNumber=2, Body=b"end")["ETag"]]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    got = s3.get_object(Bucket=bucket, Key="key", PartNumber=2)
    assert (got["Body"].read(), got["PartsCount"]) == (b"end", 2)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls(client: Callable[..., Any], bucket: str, version: str) -> None:
    s3 = client("s3", config=Config(signature_version=version))
    put = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "a b"})
    request = urllib.request.Request(put, data=b"signed", method="PUT")
    assert urllib.request.urlopen(request).status == 200
    asked = {"Bucket": bucket, "Key": "a b", "ResponseContentType": "text/plain"}
    with urllib.request.urlopen(s3.generate_presigned_url("get_object", Params=asked)) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (b"signed", "text/plain")


def test_of_several_first_writers_one_wins(client: Callable[..., Any], bucket: str) -> None:
    def write(number: int) -> bool:
        try:
            client("s3").put_object(Bucket=bucket, Key="ledger", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"  # noqa: PT017
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        won = list(threads.map(write, range(6)))
    assert won.count(True) == 1
    assert read(client("s3"), bucket, "ledger") == str(won.index(True)).encode()


def test_who_reads_an_object_reads_it_to_the_end(s3: Any, bucket: str) -> None:
    old = b"old" * 3_000_000
    s3.put_object(Bucket=bucket, Key="key", Body=old)
    reader = s3.get_object(Bucket=bucket, Key="key")["Body"]
    begin = reader.read(1000)
    s3.put_object(Bucket=bucket, Key="key", Body=b"new")
    assert begin + reader.read() == old
    assert read(s3, bucket, "key") == b"new"


def test_a_deleted_bucket_takes_its_unfinished_uploads_along(
    s3: Any, fresh: Callable[[str], str], server: launch.Status
) -> None:
    name = fresh("bucket")
    s3.create_bucket(Bucket=name)
    content = fresh("part").encode()
    s3.upload_part(**start(s3, name), PartNumber=1, Body=content)
    s3.delete_bucket(Bucket=name)
    blobs = Path(server.Home, "blobs").glob("??/*")
    assert not any(path.stat().st_size == len(content) and path.read_bytes() == content for path in blobs)


@pytest.mark.parametrize("query", ["unknownthing", "acl", "torrent", "tagging2=x", "retention", "legal-hold"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_an_unknown_sub_resource_is_refused_and_harms_nothing(
    s3: Any, bucket: str, server: launch.Status, method: str, query: str
) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"precious")
    connection = http.client.HTTPConnection(urlsplit(server.Endpoint).netloc)
    connection.request(method, f"/{bucket}/key?{query}", body=b"<x/>" if method != "DELETE" else None)
    answer = connection.getresponse()
    assert answer.status == 501
    assert b"<Code>NotImplemented</Code>" in answer.read()
    assert read(s3, bucket, "key") == b"precious"


def test_members_that_cannot_be_honoured_are_refused_by_name(s3: Any, bucket: str) -> None:
    put = {"Bucket": bucket, "Key": "key", "Body": b"1"}
    with pytest.raises(ClientError, match="ObjectLockMode of s3:PutObject"):
        s3.put_object(**put, ObjectLockMode="GOVERNANCE")
    assert refused(s3.put_object, **put, ExpectedBucketOwner="999999999999") == ("AccessDenied", 403)
    assert refused(s3.head_object, Bucket=bucket, Key="key") == ("404", 404)


# the wire


def raw(server: launch.Status, request: bytes) -> bytes:
    """Send bytes as they are; returns what comes until the server has nothing more to say."""
    where = urlsplit(server.Endpoint)
    with socket.create_connection((where.hostname, where.port), timeout=5) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_100_continue_comes_before_the_body(s3: Any, bucket: str, server: launch.Status) -> None:
    where = urlsplit(server.Endpoint)
    with socket.create_connection((where.hostname, where.port), timeout=5) as connection:
        connection.sendall(
            f"PUT /{bucket}/key HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode()
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 Continue")
        connection.sendall(b"body")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert read(s3, bucket, "key") == b"body"


def test_a_refused_body_is_drained_and_the_connection_lives_on(bucket: str, server: launch.Status) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.Endpoint).netloc, timeout=10)
    for _ in range(2):
        connection.request("PUT", "/no-such-bucket-here/key", body=b"x" * (3 << 20))
        answer = connection.getresponse()
        assert (answer.status, b"NoSuchBucket" in answer.read()) == (404, True)
    connection.request("PUT", f"/{bucket}/key", body=b"1")
    assert connection.getresponse().status == 200


SIGNED = (
    b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n"
    b"6;chunk-signature=" + b"1" * 64 + b"\r\n\r\nwrld\r\n"
    b"0;chunk-signature=" + b"2" * 64 + b"\r\n\r\n"
)
TRAILED = b"B\r\nhello\r\nwrld\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n"
RIGHT = base64.b64encode(zlib.crc32(b"hello\r\nwrld").to_bytes(4, "big"))


def put_chunked(
    server: launch.Status, bucket: str, kind: str, body: bytes, length: int = 11
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(urlsplit(server.Endpoint).netloc, timeout=10)
    headers = {
        "x-amz-content-sha256": kind,
        "x-amz-decoded-content-length": str(length),
        "content-encoding": "aws-chunked",
        "x-amz-trailer": "x-amz-checksum-crc32",
    }
    connection.request("PUT", f"/{bucket}/key", body=body, headers=headers)
    return connection.getresponse()


def test_chunked_bodies(s3: Any, bucket: str, server: launch.Status) -> None:
    signed = put_chunked(server, bucket, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", SIGNED)
    assert (signed.status, read(s3, bucket, "key")) == (200, b"hello\r\nwrld")
    trailed = put_chunked(server, bucket, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", TRAILED % RIGHT)
    assert (trailed.status, trailed.headers["x-amz-checksum-crc32"]) == (200, RIGHT.decode())
    head = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == RIGHT.decode()
    assert "ContentEncoding" not in head


@pytest.mark.parametrize(
    ("body", "length", "code"),
    [
        (TRAILED % b"AAAAAA==", 11, b"BadDigest"),
        (SIGNED[:-90], 11, b"IncompleteBody"),
        (TRAILED % RIGHT, 12, b"IncompleteBody"),
        (b"not chunked at all", 11, b"IncompleteBody"),
    ],
)
def test_broken_chunked_bodies(
    s3: Any, bucket: str, server: launch.Status, body: bytes, length: int, code: bytes
) -> None:
    answer = put_chunked(server, bucket, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body, length)
    assert (answer.status, b"<Code>%s</Code>" % code in answer.read()) == (400, True)
    assert refused(s3.head_object, Bucket=bucket, Key="key") == ("404", 404)


def test_a_large_chunked_body_is_undone_while_it_arrives(s3: Any, bucket: str, server: launch.Status) -> None:
    piece = bytes(range(256)) * 256
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for _ in range(100)) + b"0\r\n\r\n"
    answer = put_chunked(server, bucket, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", body, len(piece) * 100)
    assert answer.status == 200
    assert read(s3, bucket, "key") == piece * 100


def test_a_body_other_than_the_signed_one_is_refused(s3: Any, bucket: str, server: launch.Status) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.Endpoint).netloc, timeout=10)
    connection.request("PUT", f"/{bucket}/key", body=b"other", headers={"x-amz-content-sha256": "0" * 64})
    answer = connection.getresponse()
    assert (answer.status, b"XAmzContentSHA256Mismatch" in answer.read()) == (400, True)
    assert refused(s3.head_object, Bucket=bucket, Key="key") == ("404", 404)


def test_a_client_that_goes_away_leaves_nothing(s3: Any, bucket: str, server: launch.Status) -> None:
    head = f"PUT /{bucket}/key HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n".encode()
    raw(server, head + b"x" * 2_000_000)
    assert refused(s3.head_object, Bucket=bucket, Key="key") == ("404", 404)
    with urllib.request.urlopen(f"{server.Endpoint}/_local/status") as answer:
        assert json.load(answer)["Home"] == server.Home


@pytest.mark.parametrize("query", ["response-content-type=a%0d%0aX:1", "response-content-disposition=a%00b"])
def test_a_header_cannot_be_smuggled_into_an_answer(s3: Any, server: launch.Status, bucket: str, query: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.Endpoint}/{bucket}/key?{query}")
    assert caught.value.code == 400
    assert b"<Code>InvalidArgument</Code>" in caught.value.read()


def test_a_key_that_is_not_utf8_is_refused(s3: Any, server: launch.Status, bucket: str) -> None:
    request = urllib.request.Request(f"{server.Endpoint}/{bucket}/%ff", data=b"1", method="PUT")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 400
    assert b"<Code>InvalidURI</Code>" in caught.value.read()
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_metadata_has_two_kilobytes(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Metadata={"a": "x" * 2047})
    found = refused(s3.put_object, Bucket=bucket, Key="key", Metadata={"a": "x" * 2047, "b": "y"})
    assert found == ("MetadataTooLarge", 400)


@pytest.mark.parametrize("longest", ["k" * 1024, "ü" * 512])
def test_a_key_has_at_most_1024_bytes(s3: Any, bucket: str, longest: str) -> None:
    s3.put_object(Bucket=bucket, Key=longest, Body=b"x")
    for write in (
        lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"x"),
        lambda key: s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": longest}),
    ):
        with pytest.raises(ClientError) as caught:
            write(longest + "k")
        assert caught.value.response["Error"]["Code"] == "KeyTooLongError"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [longest]
