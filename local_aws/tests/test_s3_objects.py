"""The interface that jobs and pipelines use: stage, put, keys, read, delete."""

from pathlib import Path

import pytest

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import buckets, listing, multipart, objects
from local_aws.wire.http import Body


@pytest.fixture
def s3(aws: Aws) -> Aws:
    buckets.create_bucket(aws, {"Bucket": "data"})
    return aws


def write(aws: Aws, key: str, content: bytes) -> objects.Entry:
    return objects.put(aws, "data", key, objects.stage(aws, content))


def blobs(aws: Aws) -> int:
    return len(list(aws.store.blobs.glob("??/*")))


def test_what_was_put_is_read_and_listed_by_key(s3: Aws) -> None:
    for key in ("b/2", "a", "b/1", "b-"):
        write(s3, key, key.encode())
    assert [entry.key for entry in objects.keys(s3, "data", "b/")] == ["b/1", "b/2"]
    assert [entry.key for entry in objects.keys(s3, "data")] == ["a", "b-", "b/1", "b/2"]
    entry = objects.read(s3, "data", "b/2")
    assert (entry.blob.read_bytes(), entry.size) == (b"b/2", 3)


def test_an_overwritten_blob_goes_after_the_commit_and_not_before(s3: Aws) -> None:
    old = write(s3, "key", b"old")
    staged = objects.stage(s3, b"new")

    def fail() -> None:
        with s3.store.transaction():
            objects.put(s3, "data", "key", staged)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert objects.read(s3, "data", "key").blob.read_bytes() == b"old"
    objects.put(s3, "data", "key", staged)
    assert objects.read(s3, "data", "key").blob.read_bytes() == b"new"
    assert not old.blob.exists()
    assert blobs(s3) == 1


def test_a_staged_file_may_change_afterwards_and_a_taken_one_is_gone(s3: Aws, tmp_path: Path) -> None:
    source = tmp_path / "output.csv"
    source.write_bytes(b"1,2\n")
    staged = objects.stage(s3, source)
    with source.open("ab") as file:
        file.write(b"3,4\n")
    assert objects.put(s3, "data", "copied", staged).blob.read_bytes() == b"1,2\n"
    assert objects.put(s3, "data", "taken", objects.stage(s3, source, take=True)).size == 8
    assert not source.exists()


def test_the_sweep_takes_what_nobody_put(s3: Aws) -> None:
    write(s3, "kept", b"kept")
    staged = objects.stage(s3, b"never put")
    upload = multipart.create_multipart_upload(s3, {"Bucket": "data", "Key": "later"})["UploadId"]
    part = {"Bucket": "data", "Key": "later", "UploadId": upload, "PartNumber": 1}
    multipart.upload_part(s3, part | {"Body": Body(content=b"part", size=4)})
    assert s3.store.sweep() == 1
    assert not staged.blob.exists()
    assert objects.read(s3, "data", "kept").blob.read_bytes() == b"kept"
    assert sorted(path.read_bytes() for path in s3.store.blobs.glob("??/*")) == [b"kept", b"part"]


def test_what_is_missing_has_the_codes_of_s3(s3: Aws) -> None:
    with pytest.raises(AwsError) as missing:
        objects.read(s3, "data", "nothing")
    assert (missing.value.code, missing.value.status) == ("NoSuchKey", 404)
    for broken in (lambda: objects.keys(s3, "nowhere"), lambda: objects.read(s3, "nowhere", "key")):
        with pytest.raises(AwsError) as missing:
            broken()
        assert missing.value.code == "NoSuchBucket"


def test_uris() -> None:
    assert objects.split_uri("s3://data/some/key#1.csv") == ("data", "some/key#1.csv")
    assert objects.split_uri("s3://data") == ("data", "")
    with pytest.raises(AwsError, match="is not an S3 URI"):
        objects.split_uri("/data/key")


def test_a_list_has_at_most_a_thousand_keys(s3: Aws) -> None:
    staged = objects.stage(s3, b"")
    with s3.store.transaction():
        for number in range(1001):
            objects.put(s3, "data", f"{number:04d}", staged)
    for wanted in ({}, {"MaxKeys": 5000}):
        found = listing.list_objects_v2(s3, {"Bucket": "data", **wanted})
        assert (len(found["Contents"]), found["MaxKeys"], found["IsTruncated"]) == (1000, 1000, True)
