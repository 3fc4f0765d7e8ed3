"""The store against a plain dictionary: whole transactions or nothing, whatever is opened again and whenever."""

import errno
import os
import shutil
import sqlite3
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from local_aws.errors import AwsError
from local_aws.jobs.inputs import Item
from local_aws.jobs.outputs import Output
from local_aws.jobs.transform import capture
from local_aws.operations import Aws
from local_aws.s3 import buckets, multipart, objects, transfer
from local_aws.store import RESERVE, Store
from local_aws.wire.http import Body

KINDS = st.sampled_from(["a:Thing", "b:Thing"])
KEYS = st.sampled_from(["x", "x/1", "x/2", "y", "ü"])
CHANGES = st.lists(st.tuples(KINDS, KEYS, st.none() | st.integers()), max_size=4)


class PlantedError(Exception):
    """Planted in the middle of a transaction."""


class Documents(RuleBasedStateMachine):
    """What is in the store is what committed transactions wrote, in the order of first creation."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.home = Path(self.folder.name)
        self.store = Store(self.home)
        self.expected: dict[tuple[str, str], int] = {}
        self.calls: list[str] = []

    def change(self, changes: list[tuple[str, str, int | None]], model: dict[tuple[str, str], int]) -> None:
        for kind, key, value in changes:
            if value is None:
                assert self.store.delete(kind, key) == (model.pop((kind, key), None) is not None)
            else:
                self.store.put(kind, key, {"value": value})
                model[kind, key] = value

    @rule(changes=CHANGES, inner=CHANGES)
    def commit(self, changes: list[Any], inner: list[Any]) -> None:
        with self.store.transaction():
            self.change(changes, self.expected)
            with self.store.transaction():
                self.change(inner, self.expected)
                self.store.after_commit(lambda: self.calls.append("called"))
            assert self.calls == []
        assert self.calls == ["called"]
        self.calls.clear()

    @rule(changes=CHANGES, inner=CHANGES)
    def fail(self, changes: list[Any], inner: list[Any]) -> None:
        def broken() -> None:
            with self.store.transaction():
                self.store.after_commit(lambda: self.calls.append("called"))
                self.change(changes, model)
                with self.store.transaction():
                    self.change(inner, model)
                raise PlantedError

        model = dict(self.expected)
        with pytest.raises(PlantedError):
            broken()
        assert self.calls == []

    @rule()
    def open_again(self) -> None:
        """As after `kill -9`: nothing is closed."""
        self.store = Store(self.home)

    @rule(changes=CHANGES.filter(bool))
    def others_see_nothing_before_the_commit(self, changes: list[Any]) -> None:
        seen: list[Any] = []
        before = self.everything()
        with self.store.transaction():
            self.change(changes, self.expected)
            reader = threading.Thread(target=lambda: seen.append(self.everything()))
            reader.start()
            reader.join()
        assert seen == [before]

    def everything(self) -> dict[tuple[str, str], int]:
        found = {}
        for kind in ("a:Thing", "b:Thing"):
            found |= {(kind, key): document["value"] for key, document in self.store.scan(kind)}
        return found

    @invariant()
    def the_store_holds_what_was_committed(self) -> None:
        assert self.everything() == self.expected
        for kind, prefix in (("a:Thing", "x"), ("a:Thing", "x/"), ("b:Thing", "")):
            listed = [key for key, _ in self.store.scan(kind, prefix)]
            wanted = [key for held, key in self.expected if held == kind and key.startswith(prefix)]
            assert sorted(listed) == sorted(wanted)

    def teardown(self) -> None:
        self.folder.cleanup()


TestDocuments = Documents.TestCase
TestDocuments.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)


def test_a_transaction_is_one_commit_and_one_fsync(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction():
        for number in range(10):
            store.put("a:Thing", str(number), {})
    assert (store.commits, store.fsyncs) == (1, 1)


def test_a_callback_may_write(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with store.transaction():
        store.after_commit(lambda: store.put("a:Thing", "later", {}))
    assert store.get("a:Thing", "later") == {}


def test_a_callback_that_fails_holds_up_no_other_and_takes_nothing_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, called = Store(tmp_path), list[str]()

    def fail() -> None:
        raise PlantedError

    with store.transaction():
        store.put("a:Thing", "key", {})
        for callback in (lambda: called.append("first"), fail, lambda: called.append("last")):
            store.after_commit(callback)
    assert called == ["first", "last"]
    assert store.get("a:Thing", "key") == {}
    assert "PlantedError" in caplog.text


# a full disk


@pytest.fixture
def s3(aws: Aws) -> Aws:
    buckets.create_bucket(aws, {"Bucket": "data"})
    objects.put(aws, "data", "key", objects.stage(aws, b"old"))
    return aws


def no_space(*_: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("source", ["bytes", "file", "taken file"])
def test_no_space_for_bytes(s3: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str) -> None:
    file = tmp_path / "new"
    file.write_bytes(b"new")
    monkeypatch.setattr(s3.store, "sync", no_space)
    with pytest.raises(AwsError, match="is full: free some space and try again"):
        objects.stage(s3, b"new" if source == "bytes" else file, take=source == "taken file")
    assert [path.read_bytes() for path in s3.store.blobs.glob("??/*")] == [b"old"]
    monkeypatch.undo()
    objects.put(s3, "data", "key", objects.stage(s3, b"new"))
    assert objects.read(s3, "data", "key").blob.read_bytes() == b"new"


def test_no_space_for_a_copy(s3: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system cannot link."""

    def half(source: Path, target: Path) -> None:
        target.write_bytes(source.read_bytes()[:1])
        no_space()

    monkeypatch.setattr(os, "link", no_space)
    monkeypatch.setattr(shutil, "copyfile", half)
    with pytest.raises(AwsError, match="is full: free some space and try again"):
        transfer.copy_object(s3, {"Bucket": "data", "Key": "copy", "CopySource": "data/key"})
    assert [path.read_bytes() for path in s3.store.blobs.glob("??/*")] == [b"old"]


def test_no_space_for_the_commit_of_an_upload_in_parts(s3: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The joined parts are as large as all of them: they may not stay until the next start."""
    upload = multipart.create_multipart_upload(s3, {"Bucket": "data", "Key": "large"})
    assert upload
    named = {"Bucket": "data", "Key": "large", "UploadId": upload["UploadId"]}
    part = multipart.upload_part(s3, named | {"PartNumber": 1, "Body": Body(b"part", size=4, md5="00" * 16)})
    assert part
    done = named | {"MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}}

    def full() -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error

    monkeypatch.setattr(s3.store, "commit", full)
    with pytest.raises(AwsError, match="is full: free some space and try again"):
        multipart.complete_multipart_upload(s3, done)
    assert sorted(path.read_bytes() for path in s3.store.blobs.glob("??/*")) == [b"old", b"part"]
    monkeypatch.undo()
    multipart.complete_multipart_upload(s3, done)
    assert objects.read(s3, "data", "large").blob.read_bytes() == b"part"


def test_no_space_for_the_second_manifest_of_a_captured_transform(s3: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, left = objects.stage, [1]

    def once(aws: Aws, content: bytes) -> objects.Staged:
        if not left.pop():
            no_space()
        left.append(0)
        return stage(aws, content)

    monkeypatch.setattr(objects, "stage", once)
    job = {
        "DataCaptureConfig": {"DestinationS3Uri": "s3://data/captured"},
        "TransformInput": {"DataSource": {"S3DataSource": {"S3Uri": "s3://data/in/"}}},
        "TransformOutput": {"S3OutputPath": "s3://data/out"},
        "TransformStartTime": 0.0,
    }
    made = Output("data", "out/key.out", stage(s3, b"made"))
    with pytest.raises(OSError, match="No space left"):
        capture.manifests(s3, job, [Item("data", "in/key", "key")], [made])
    assert sorted(path.read_bytes() for path in s3.store.blobs.glob("??/*")) == [b"made", b"old"]


def test_no_space_for_rows(s3: Aws) -> None:
    pages = s3.store.sql("PRAGMA page_count").fetchone()[0]
    s3.store._writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own "disk is full"
    with pytest.raises(AwsError, match="is full: free some space and try again") as caught:
        s3.store.put("a:Thing", "large", {"value": "x" * 100_000})
    assert caught.value.status == 507
    assert s3.store.get("a:Thing", "large") is None
    s3.store._writer.execute("PRAGMA max_page_count = 1000000")
    s3.store.put("a:Thing", "large", {"value": "x" * 100_000})
    assert s3.store.get("a:Thing", "large") is not None


def test_other_faults_of_the_disk_are_not_called_full(s3: Aws) -> None:
    def broken() -> None:
        with s3.store.transaction():
            s3.store.sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        broken()
    s3.store.put("a:Thing", "key", {})


# what durable rests on


def test_every_fsync_that_is_counted_is_one_and_comes_after_the_bytes(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lengths: list[int] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        fsync(descriptor)
        lengths.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr(os, "fsync", noted)
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    before = aws.store.fsyncs
    objects.stage(aws, b"123")
    objects.stage(aws, file)
    objects.stage(aws, file, take=True)
    assert lengths == [3, 5, 5]
    assert aws.store.fsyncs - before == 3


def test_sqlite_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    store = Store(tmp_path)
    pragmas = ("PRAGMA journal_mode", "PRAGMA synchronous")
    found = [store.sql(pragma).fetchone()[0] for pragma in pragmas]  # a reader
    with store.transaction():
        found += [store.sql(pragma).fetchone()[0] for pragma in pragmas]  # the writer
    full = 2
    assert found == ["wal", full, "wal", full]


def test_the_reserve_is_spent_once_and_put_aside_again(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert not store.spend_reserve(), "nothing was put aside yet"
    store.keep_reserve()
    assert (tmp_path / "reserve").stat().st_size == RESERVE
    assert store.spend_reserve()
    assert not (tmp_path / "reserve").exists()
    assert not store.spend_reserve()
