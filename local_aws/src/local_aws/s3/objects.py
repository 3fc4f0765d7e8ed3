"""What S3 keeps, for the rooms inside the server: list, read, stage, put, delete.

Bytes are staged first (slow, outside a transaction), then a row names them (cheap, inside one): so a job's outputs and
its final status are one commit. A blob belongs to one row and goes when the row goes; who has it open reads on.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import events
from local_aws.store import translate

Document = dict[str, Any]

#: The version of an object that was written while its bucket kept no versions.
NULL = "null"

#: Above every number of a version.
_ALL = 2**62

#: The member of a bucket's document that says what it tells others.
NOTIFICATIONS = "BucketNotificationConfiguration"

_COLUMNS = "key, version, blob, size, etag, modified, document"


@dataclass(frozen=True)
class Entry:
    """A version of an object. `etag` has no quotes; `modified` is in seconds since 1970.

    deleted   a delete marker: it has no bytes, `blob` is then the empty device
    document  what else was put with it: "Headers", "Metadata", "Tags", "Checksums", "Parts"
    """

    key: str
    version: str
    blob: Path
    size: int
    etag: str
    modified: float
    document: Document
    deleted: bool = False


@dataclass(frozen=True)
class Staged:
    """Durable bytes that no key names yet; the sweep at the next start takes those that nobody put."""

    blob: Path
    size: int
    etag: str
    document: Document = field(default_factory=dict)

    def discard(self) -> None:
        self.blob.unlink(missing_ok=True)


def split_uri(uri: str) -> tuple[str, str]:
    """`s3://bucket/some/prefix` → ("bucket", "some/prefix"). Raises AwsError "ValidationException"."""
    parts = urlsplit(uri, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc or parts.query:
        raise AwsError("ValidationException", f"{uri!r} is not an S3 URI: s3://bucket/key is needed.")
    return parts.netloc, parts.path.lstrip("/")


# buckets


def bucket(aws: Aws, name: str) -> Document:
    """The bucket's document. Raises AwsError "NoSuchBucket"."""
    row = aws.store.sql("SELECT document FROM buckets WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", status=404, BucketName=name)
    document: Document = json.loads(row[0])
    return document


def update_bucket(aws: Aws, name: str, document: Document) -> None:
    with aws.store.transaction():
        aws.store.sql("UPDATE buckets SET document = ? WHERE name = ?", (json.dumps(document), name))


# reading


def keys(aws: Aws, bucket_name: str, prefix: str = "") -> list[Entry]:
    """The objects whose keys begin with `prefix`, by key. Raises AwsError "NoSuchBucket"."""
    return list(walk(aws, bucket_name, prefix))


def walk(aws: Aws, bucket_name: str, prefix: str, after: str = "", batch: int = 1000) -> Iterator[Entry]:
    """As `keys`, one after another, beginning behind the key `after`."""
    bucket(aws, bucket_name)
    first, end = max(prefix, after), prefix + "\U0010ffff"
    strictly = after >= prefix and after != ""
    while True:
        rows = aws.store.sql(
            f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND latest = 1 AND blob IS NOT NULL"  # noqa: S608
            f" AND key {'>' if strictly else '>='} ? AND key < ? ORDER BY key LIMIT ?",
            (bucket_name, first, end, batch),
        ).fetchall()
        yield from (_entry(aws, row) for row in rows)
        if len(rows) < batch:
            return
        first, strictly = rows[-1][0], True


def read(aws: Aws, bucket_name: str, key: str) -> Entry:
    """The object. Raises AwsError "NoSuchBucket" or "NoSuchKey"."""
    found = find(aws, bucket_name, key)
    if found is None or found.deleted:
        bucket(aws, bucket_name)
        raise AwsError("NoSuchKey", "The specified key does not exist.", status=404, Key=key)
    return found


def find(aws: Aws, bucket_name: str, key: str, version: str | None = None) -> Entry | None:
    """The latest version or the one that is named, a delete marker too; None when there is none."""
    which, values = ("latest = 1", ()) if version is None else ("version = ?", (version,))
    row = aws.store.sql(
        f"SELECT {_COLUMNS} FROM objects WHERE bucket = ? AND key = ? AND {which}",  # noqa: S608
        (bucket_name, key, *values),
    ).fetchone()
    return _entry(aws, row) if row else None


def history(
    aws: Aws, bucket_name: str, prefix: str, key_marker: str = "", version_marker: str | None = None
) -> Iterator[tuple[Entry, bool]]:
    """Every version and delete marker with whether it is the latest: by key, the newest first.

    Begins behind the key `key_marker`, or behind its version `version_marker`: with all that the key has left when that
    was deleted, as a page before it may have been. Raises AwsError "NoSuchBucket".
    """
    bucket(aws, bucket_name)
    passed = aws.store.sql(
        "SELECT seq FROM objects WHERE bucket = ? AND key = ? AND version = ?",
        (bucket_name, key_marker, version_marker),
    ).fetchone()
    before = passed[0] if passed else _ALL if version_marker else 0
    rows = aws.store.sql(
        f"SELECT {_COLUMNS}, latest FROM objects WHERE bucket = ? AND key >= ? AND key < ?"  # noqa: S608
        " AND (key > ? OR (key = ? AND seq < ?)) ORDER BY key, seq DESC",
        (bucket_name, prefix, prefix + "\U0010ffff", key_marker, key_marker, before),
    )
    for *row, latest in rows:
        yield _entry(aws, tuple(row)), bool(latest)


def _entry(aws: Aws, row: tuple[Any, ...]) -> Entry:
    key, version, blob, size, etag, modified, document = row
    path = aws.store.blob_path(blob) if blob else Path(os.devnull)
    return Entry(key, version, path, size, etag, modified, json.loads(document), deleted=blob is None)


# writing


def stage(aws: Aws, source: Path | bytes, *, take: bool = False) -> Staged:
    """Make the bytes of `source` durable, outside a transaction; its ETag is the MD5 as S3 has it.

    A file is copied, so that whoever made it may go on changing it; with `take` it is moved where that is possible.
    Raises AwsError when the disk is full, FileNotFoundError when `source` is missing.
    """
    if isinstance(source, bytes):
        blob = aws.store.write_blob(source)
        return Staged(blob, len(source), hashlib.md5(source, usedforsecurity=False).hexdigest())
    blob = aws.store.new_blob()
    try:
        _move(source, blob) if take else shutil.copyfile(source, blob)
        with blob.open("rb+") as file:
            aws.store.sync(file.fileno())
            etag = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
        return Staged(blob, blob.stat().st_size, etag)
    except OSError as error:
        blob.unlink(missing_ok=True)
        raise translate(error, aws.home) from error


def _move(source: Path, blob: Path) -> None:
    try:
        source.replace(blob)
    except OSError:  # another file system
        shutil.copyfile(source, blob)
        source.unlink()


def put(aws: Aws, bucket_name: str, key: str, staged: Staged, **document: Any) -> Entry:
    """Name staged bytes; visible when the open transaction commits. Raises AwsError "NoSuchBucket".

    document  more of what `Entry.document` holds, for example Metadata={"a": "b"}
    """
    held = {name: value for name, value in (staged.document | document).items() if value}
    return _write(aws, bucket_name, key, staged.blob, staged.size, staged.etag, held)


def _write(aws: Aws, bucket_name: str, key: str, blob: Path | None, size: int, etag: str, document: Document) -> Entry:
    with aws.store.transaction():
        settings = bucket(aws, bucket_name)
        versioned = settings.get("Versioning") == "Enabled"
        version, modified = uuid.uuid4().hex if versioned else NULL, aws.clock.now()
        if not versioned:
            _drop(aws, bucket_name, key, NULL)
        aws.store.sql("UPDATE objects SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1", (bucket_name, key))
        name = blob.name if blob else None
        row = (name, size, etag, modified, json.dumps(document))
        aws.store.sql(
            "INSERT INTO objects (bucket, key, version, seq, latest, blob, size, etag, modified, document)"
            " VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?)",
            (bucket_name, key, version, aws.store.next_seq(), *row),
        )
        if "EventBridgeConfiguration" in settings.get(NOTIFICATIONS, {}):
            told = {"key": key, "version-id": version} if versioned else {"key": key}
            if blob is None:
                events.tell(aws, bucket_name, "Object Deleted", "DeleteObject", told)
            else:
                reason = "CompleteMultipartUpload" if document.get("Parts") else "PutObject"
                events.tell(aws, bucket_name, "Object Created", reason, told | {"size": size, "etag": etag})
    return _entry(aws, (key, version, *row))


def update(aws: Aws, bucket_name: str, entry: Entry, document: Document) -> None:
    """Change what is kept beside a version's bytes."""
    with aws.store.transaction():
        aws.store.sql(
            "UPDATE objects SET document = ? WHERE bucket = ? AND key = ? AND version = ?",
            (json.dumps(document), bucket_name, entry.key, entry.version),
        )


def delete(aws: Aws, bucket_name: str, key: str, version: str | None = None) -> Entry | None:
    """Delete the object, or one version for good; deleting what is not there is no error, as on S3.

    Returns the delete marker that was made or removed. Raises AwsError "NoSuchBucket".
    """
    with aws.store.transaction():
        settings = bucket(aws, bucket_name)
        versioning = settings.get("Versioning")
        if version is not None:
            found = _drop(aws, bucket_name, key, version)
            _promote(aws, bucket_name, key)
            return found if found and found.deleted else None
        if versioning:
            return _write(aws, bucket_name, key, None, 0, "", {})
        if _drop(aws, bucket_name, key, NULL) and "EventBridgeConfiguration" in settings.get(NOTIFICATIONS, {}):
            events.tell(aws, bucket_name, "Object Deleted", "DeleteObject", {"key": key})
        return None


def _drop(aws: Aws, bucket_name: str, key: str, version: str) -> Entry | None:
    """Remove a row now and its blob once that is durable."""
    found = find(aws, bucket_name, key, version)
    if found is None:
        return None
    aws.store.sql("DELETE FROM objects WHERE bucket = ? AND key = ? AND version = ?", (bucket_name, key, version))
    if not found.deleted:
        aws.store.after_commit(lambda: _remove(found.blob))
    return found


def _remove(blob: Path) -> None:
    with suppress(OSError):  # the sweep of the next start takes it
        blob.unlink()


def _promote(aws: Aws, bucket_name: str, key: str) -> None:
    """The newest of the remaining versions becomes the latest."""
    aws.store.sql(
        "UPDATE objects SET latest = (seq = (SELECT max(seq) FROM objects WHERE bucket = ?1 AND key = ?2))"
        " WHERE bucket = ?1 AND key = ?2",
        (bucket_name, key),
    )
