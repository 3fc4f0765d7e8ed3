"""Objects fetched, downloaded and removed with all their versions."""

from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from contract.errors import InputError
from mlops import objects

Fresh = Callable[[str], str]


def test_get_and_put(machine: Path, fresh: Fresh) -> None:
    bucket = fresh("objects")
    boto3.client("s3").create_bucket(Bucket=bucket)
    assert objects.get(f"s3://{bucket}/a/b") is None
    objects.put(f"s3://{bucket}/a/b", b"1")
    assert objects.get(f"s3://{bucket}/a/b") == b"1"


def test_download_keeps_what_is_there(machine: Path, fresh: Fresh, tmp_path: Path) -> None:
    bucket = fresh("objects")
    boto3.client("s3").create_bucket(Bucket=bucket)
    for key in ("in/x", "out/one.out", "out/deep/two.out"):
        objects.put(f"s3://{bucket}/{key}", key.encode())
    written = objects.download(f"s3://{bucket}/out/", tmp_path / "new")
    assert {path.relative_to(tmp_path / "new").as_posix() for path in written} == {"one.out", "deep/two.out"}
    (tmp_path / "new" / "deep" / "two.out").unlink()
    (tmp_path / "new" / "one.out").write_text("mine")
    with pytest.raises(InputError, match=r"one\.out is there already"):
        objects.download(f"s3://{bucket}/out/", tmp_path / "new")
    assert (tmp_path / "new" / "one.out").read_text() == "mine"
    assert not (tmp_path / "new" / "deep" / "two.out").exists(), "all or nothing"


def test_empty_takes_every_version_page_by_page(machine: Path, fresh: Fresh, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, s3 = fresh("objects"), boto3.client("s3")
    listed = s3.list_object_versions
    monkeypatch.setattr(s3, "list_object_versions", lambda **given: listed(MaxKeys=2, **given))
    monkeypatch.setattr(boto3, "client", lambda _: s3)
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket=bucket, Key="a", Body=b"%d" % number)
    s3.delete_object(Bucket=bucket, Key="a")
    s3.put_object(Bucket=bucket, Key="b", Body=b"")
    assert objects.empty(bucket) == 5
    s3.delete_bucket(Bucket=bucket)
    assert objects.empty(bucket) == 0, "a bucket that is not there"
