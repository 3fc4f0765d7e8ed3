"""S3 through boto3, against local_aws and against moto: one and the same test."""

import base64
import hashlib
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from s3_kit import read, refused

MIB = 1 << 20


@pytest.fixture
def s3(aws_target: Any) -> Any:
    return aws_target.client("s3")


@pytest.fixture
def bucket(s3: Any, fresh: Callable[[str], str]) -> str:
    name = fresh("bucket")
    s3.create_bucket(Bucket=name)
    return name


# buckets


def test_a_bucket_from_create_to_delete(s3: Any, fresh: Callable[[str], str]) -> None:
    name = fresh("bucket")
    assert refused(s3.head_bucket, Bucket=name) == ("404", 404)
    s3.create_bucket(Bucket=name)
    s3.head_bucket(Bucket=name)
    assert name in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.put_object(Bucket=name, Key="key", Body=b"1")
    assert refused(s3.delete_bucket, Bucket=name) == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=name, Key="key")
    s3.delete_bucket(Bucket=name)
    assert refused(s3.list_objects_v2, Bucket=name) == ("NoSuchBucket", 404)
    assert refused(s3.put_object, Bucket=name, Key="key", Body=b"1") == ("NoSuchBucket", 404)


# objects


@pytest.mark.parametrize("content", [b"", b"text", bytes(range(256)) * 4096], ids=["empty", "text", "1 MiB"])
@pytest.mark.parametrize("key", ["plain", "a b/c+d%20é/日本語&<x>.csv", "a//b/./c", "semi;colon=1?x#y"])
def test_what_was_put_is_what_comes_back(s3: Any, bucket: str, key: str, content: bytes) -> None:
    put = s3.put_object(Bucket=bucket, Key=key, Body=content)
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == content
    assert got["ContentLength"] == len(content)
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]


def test_metadata_and_headers_come_back(s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket,
        Key="key",
        Body=b"{}",
        Metadata={"origin": "test"},
        ContentType="application/json",
        CacheControl="no-cache",
        ContentDisposition='attachment; filename="a.json"',
    )
    head = s3.head_object(Bucket=bucket, Key="key")
    assert head["Metadata"] == {"origin": "test"}
    assert (head["ContentType"], head["CacheControl"]) == ("application/json", "no-cache")
    assert head["ContentDisposition"] == 'attachment; filename="a.json"'
    s3.put_object(Bucket=bucket, Key="key", Body=b"{}")
    assert s3.head_object(Bucket=bucket, Key="key")["Metadata"] == {}


def test_what_is_missing(s3: Any, bucket: str) -> None:
    assert refused(s3.get_object, Bucket=bucket, Key="nothing") == ("NoSuchKey", 404)
    assert refused(s3.head_object, Bucket=bucket, Key="nothing") == ("404", 404)
    s3.delete_object(Bucket=bucket, Key="nothing")  # is no error


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [("bytes=2-4", 2, 5), ("bytes=7-", 7, 10), ("bytes=-3", 7, 10), ("bytes=-99", 0, 10), ("bytes=8-99", 8, 10)],
)
def test_ranges(s3: Any, bucket: str, header: str, start: int, end: int) -> None:
    content = b"0123456789"
    s3.put_object(Bucket=bucket, Key="key", Body=content)
    got = s3.get_object(Bucket=bucket, Key="key", Range=header)
    assert got["Body"].read() == content[start:end]
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == f"bytes {start}-{end - 1}/10"
    assert got["ContentLength"] == end - start


def test_a_range_behind_the_end(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"0123456789")
    assert refused(s3.get_object, Bucket=bucket, Key="key", Range="bytes=10-") == ("InvalidRange", 416)


def test_conditional_reads(s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    modified = s3.head_object(Bucket=bucket, Key="key")["LastModified"]
    assert read(s3, bucket, "key", IfMatch=put["ETag"]) == b"1"
    assert refused(s3.get_object, Bucket=bucket, Key="key", IfMatch='"other"') == ("PreconditionFailed", 412)
    assert refused(s3.get_object, Bucket=bucket, Key="key", IfNoneMatch=put["ETag"]) == ("304", 304)
    assert refused(s3.head_object, Bucket=bucket, Key="key", IfNoneMatch=put["ETag"]) == ("304", 304)
    assert refused(s3.get_object, Bucket=bucket, Key="key", IfModifiedSince=modified) == ("304", 304)
    assert read(s3, bucket, "key", IfUnmodifiedSince=modified) == b"1"


def test_conditional_writes(s3: Any, bucket: str) -> None:
    first = s3.put_object(Bucket=bucket, Key="key", Body=b"1", IfNoneMatch="*")
    again = {"Bucket": bucket, "Key": "key", "Body": b"2"}
    assert refused(s3.put_object, **again, IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert refused(s3.put_object, **again, IfMatch='"other"') == ("PreconditionFailed", 412)
    assert read(s3, bucket, "key") == b"1"
    s3.put_object(**again, IfMatch=first["ETag"])
    assert read(s3, bucket, "key") == b"2"


def test_copies(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b/é", Body=b"1", Metadata={"of": "source"}, ContentType="text/csv")
    source = {"Bucket": bucket, "Key": "a b/é"}
    s3.copy_object(Bucket=bucket, Key="kept", CopySource=source)
    kept = s3.head_object(Bucket=bucket, Key="kept")
    assert (kept["Metadata"], kept["ContentType"]) == ({"of": "source"}, "text/csv")
    s3.copy_object(
        Bucket=bucket, Key="replaced", CopySource=source, MetadataDirective="REPLACE", Metadata={"of": "copy"}
    )
    assert s3.head_object(Bucket=bucket, Key="replaced")["Metadata"] == {"of": "copy"}
    s3.delete_object(**source)
    assert read(s3, bucket, "kept") == b"1"
    assert refused(s3.copy_object, Bucket=bucket, Key="x", CopySource=source)[0] == "NoSuchKey"
    itself = {"Bucket": bucket, "Key": "kept"}
    assert refused(s3.copy_object, **itself, CopySource=itself)[0] == "InvalidRequest"


def test_batch_delete(s3: Any, bucket: str) -> None:
    for key in ("a", "b", "c&<é>"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "c&<é>"}]})
    assert {item["Key"] for item in gone["Deleted"]} == {"a", "c&<é>"}
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["b"]


# checksums


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksums_that_clients_compute_come_back(s3: Any, bucket: str, algorithm: str) -> None:
    member = f"Checksum{algorithm}"
    put = s3.put_object(Bucket=bucket, Key="key", Body=b"content", ChecksumAlgorithm=algorithm)
    got = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    expected = {
        "CRC32": zlib.crc32(b"content").to_bytes(4, "big"),
        "SHA1": hashlib.sha1(b"content").digest(),
        "SHA256": hashlib.sha256(b"content").digest(),
    }[algorithm]
    assert put[member] == got[member] == base64.b64encode(expected).decode()


# lists


KEYS = ["a.txt", "a/1", "a/2", "a/b/1", "b", "c d/é", "c d/ü", "z/"]


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def test_lists_by_prefix_and_delimiter(s3: Any, filled: str) -> None:
    found = s3.list_objects_v2(Bucket=filled, Delimiter="/")
    assert [item["Key"] for item in found["Contents"]] == ["a.txt", "b"]
    assert [item["Prefix"] for item in found["CommonPrefixes"]] == ["a/", "c d/", "z/"]
    assert found["KeyCount"] == 5
    found = s3.list_objects_v2(Bucket=filled, Delimiter="/", Prefix="a/")
    assert [item["Key"] for item in found["Contents"]] == ["a/1", "a/2"]
    assert [item["Prefix"] for item in found["CommonPrefixes"]] == ["a/b/"]
    assert s3.list_objects_v2(Bucket=filled, Prefix="nothing")["KeyCount"] == 0
    sizes = {item["Key"]: item["Size"] for item in s3.list_objects_v2(Bucket=filled)["Contents"]}
    assert sizes == {key: len(key.encode()) for key in KEYS}


@pytest.mark.parametrize(
    ("operation", "delimiter"),
    [("list_objects_v2", ""), ("list_objects_v2", "/"), ("list_objects", ""), ("list_object_versions", "")],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_hold_everything_once(s3: Any, filled: str, operation: str, size: int, delimiter: str) -> None:
    arguments = {"Bucket": filled, "MaxKeys": size} | ({"Delimiter": delimiter} if delimiter else {})
    contents, prefixes = [], []
    for page in s3.get_paginator(operation).paginate(**arguments):
        items = page.get("Contents", []) + page.get("Versions", [])
        assert len(items) + len(page.get("CommonPrefixes", [])) <= size
        contents += [item["Key"] for item in items]
        prefixes += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    assert contents == (["a.txt", "b"] if delimiter else KEYS)
    assert prefixes == (["a/", "c d/", "z/"] if delimiter else [])


def test_start_after(s3: Any, filled: str) -> None:
    found = s3.list_objects_v2(Bucket=filled, StartAfter="a/2")
    assert [item["Key"] for item in found["Contents"]] == KEYS[3:]
    found = s3.list_objects(Bucket=filled, Marker="b", MaxKeys=1)
    assert ([item["Key"] for item in found["Contents"]], found["IsTruncated"]) == (["c d/é"], True)


# multipart


def start(s3: Any, bucket: str, key: str = "key", **arguments: Any) -> dict[str, Any]:
    upload: dict[str, Any] = s3.create_multipart_upload(Bucket=bucket, Key=key, **arguments)
    return {"Bucket": bucket, "Key": key, "UploadId": upload["UploadId"]}


def test_a_multipart_upload(s3: Any, bucket: str) -> None:
    upload = start(s3, bucket, Metadata={"in": "parts"})
    contents = [b"a" * 5 * MIB, b"b" * 5 * MIB, b"c"]
    parts = [
        {"PartNumber": number, "ETag": s3.upload_part(**upload, PartNumber=number, Body=content)["ETag"]}
        for number, content in enumerate(contents, 1)
    ]
    listed = s3.list_parts(**upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in listed] == [(1, 5 * MIB), (2, 5 * MIB), (3, 1)]
    uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [item["UploadId"] for item in uploads] == [upload["UploadId"]]
    assert refused(s3.head_object, Bucket=bucket, Key="key") == ("404", 404)
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    digest = hashlib.md5(b"".join(hashlib.md5(content).digest() for content in contents)).hexdigest()
    assert done["ETag"] == f'"{digest}-3"'
    got = s3.get_object(Bucket=bucket, Key="key")
    assert (got["Body"].read(), got["Metadata"]) == (b"".join(contents), {"in": "parts"})
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert refused(s3.list_parts, **upload) == ("NoSuchUpload", 404)


def test_a_part_copied_from_a_range(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    upload = start(s3, bucket)
    copied = s3.upload_part_copy(
        **upload, PartNumber=1, CopySource={"Bucket": bucket, "Key": "source"}, CopySourceRange="bytes=2-5"
    )
    part = {"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [part]})
    assert read(s3, bucket, "key") == b"2345"


# tags


def test_tags_of_objects(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "key"}
    s3.put_object(**where, Body=b"1", Tagging="a=1&b=x%20y")
    assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "x y"}]
    assert s3.head_object(**where)["TagCount"] == 2
    s3.put_object_tagging(**where, Tagging={"TagSet": [{"Key": "c", "Value": "é"}]})
    assert s3.get_object_tagging(**where)["TagSet"] == [{"Key": "c", "Value": "é"}]
    s3.delete_object_tagging(**where)
    assert s3.get_object_tagging(**where)["TagSet"] == []
    assert read(s3, bucket, "key") == b"1"


def test_tags_of_buckets(s3: Any, bucket: str) -> None:
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "team", "Value": "risk"}]})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "team", "Value": "risk"}]
    s3.delete_bucket_tagging(Bucket=bucket)
    assert refused(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)


# versions


@pytest.fixture
def versioned(s3: Any, bucket: str) -> str:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def test_versions_come_back_by_name(s3: Any, versioned: str) -> None:
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Enabled"
    first, second = (s3.put_object(Bucket=versioned, Key="key", Body=body)["VersionId"] for body in (b"1", b"2"))
    assert read(s3, versioned, "key") == b"2"
    assert read(s3, versioned, "key", VersionId=first) == b"1"
    listed = s3.list_object_versions(Bucket=versioned)["Versions"]
    assert [(item["VersionId"], item["IsLatest"]) for item in listed] == [(second, True), (first, False)]
    s3.copy_object(Bucket=versioned, Key="back", CopySource={"Bucket": versioned, "Key": "key", "VersionId": first})
    assert read(s3, versioned, "back") == b"1"


def test_delete_markers(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    gone = s3.delete_object(Bucket=versioned, Key="key")
    assert gone["DeleteMarker"] is True
    assert refused(s3.get_object, Bucket=versioned, Key="key") == ("NoSuchKey", 404)
    assert s3.list_objects_v2(Bucket=versioned)["KeyCount"] == 0
    assert read(s3, versioned, "key", VersionId=first) == b"1"
    assert [item["IsLatest"] for item in s3.list_object_versions(Bucket=versioned)["DeleteMarkers"]] == [True]
    s3.delete_object(Bucket=versioned, Key="key", VersionId=gone["VersionId"])
    assert read(s3, versioned, "key") == b"1"
    s3.delete_object(Bucket=versioned, Key="key", VersionId=first)
    assert "Versions" not in s3.list_object_versions(Bucket=versioned)


# configurations


def test_documents_on_a_bucket(s3: Any, bucket: str) -> None:
    assert refused(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)
    policy = '{"Version":"2012-10-17","Statement":[]}'
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == policy
    s3.delete_bucket_policy(Bucket=bucket)
    assert refused(s3.get_bucket_policy, Bucket=bucket) == ("NoSuchBucketPolicy", 404)
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/data"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    found = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert found["ApplyServerSideEncryptionByDefault"] == rule["ApplyServerSideEncryptionByDefault"]
    rules = [{"ID": "old", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 7}}]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
    s3.delete_bucket_lifecycle(Bucket=bucket)
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket=bucket)[0] == "NoSuchLifecycleConfiguration"
