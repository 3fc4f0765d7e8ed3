"""From S3 into a host's folder: prefixes and manifests, all keys or a share of them.

A job gets copies, so that nothing it does reaches S3. Large objects are hard links where the kernel can mount them
read-only for the job, root or not.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from local_aws.errors import AwsError
from local_aws.jobs.failure import JobError
from local_aws.jobs.folder import HostFolder
from local_aws.operations import Aws
from local_aws.s3 import objects

#: Objects of at least so many bytes are linked instead of copied.
LINK_FROM = 64 << 20


@dataclass(frozen=True)
class Source:
    """What an input names: a prefix, or a manifest of keys."""

    uri: str
    manifest: bool = False


@dataclass(frozen=True)
class Item:
    """An object and its path below the input's folder."""

    bucket: str
    key: str
    path: str


def items(aws: Aws, source: Source) -> list[Item]:
    """What the source holds, by key. Raises JobError when there is nothing."""
    bucket, prefix = objects.split_uri(source.uri)
    try:
        found = list(_manifest(aws, bucket, prefix) if source.manifest else _prefix(aws, bucket, prefix))
    except AwsError as error:
        raise JobError(f"ClientError: Data download failed: {source.uri}: {error.message}") from error
    if not found:
        raise JobError(
            f'ClientError: Data download failed: No S3 objects found under S3 URL "{source.uri}" given in input data'
            " source. Please ensure that the bucket exists and that objects exist under that S3 prefix."
        )
    return found


def _prefix(aws: Aws, bucket: str, prefix: str) -> Iterator[Item]:
    for entry in objects.keys(aws, bucket, prefix):
        if not entry.key.endswith("/"):  # what consoles make to show a folder
            yield Item(bucket, entry.key, _below(prefix, entry.key))


def _below(prefix: str, key: str) -> str:
    """`data/train` → `data/train/a.csv` is `a.csv`; `data/train.csv` keeps its own name."""
    folder = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    if key.startswith(folder):
        return key[len(folder) :]
    return key[prefix.rfind("/") + 1 :]


def _manifest(aws: Aws, bucket: str, key: str) -> Iterator[Item]:
    """`[{"prefix": "s3://bucket/some/"}, "relative/path", …]`"""
    try:
        head, *rest = json.loads(objects.read(aws, bucket, key).blob.read_bytes())
        its_bucket, prefix = objects.split_uri(head["prefix"])
        paths = [str(path) for path in rest]
    except (ValueError, TypeError, KeyError) as error:
        raise JobError(f"ClientError: s3://{bucket}/{key} is not a manifest: {error}") from error
    for path in paths:
        yield Item(its_bucket, prefix + path, path.lstrip("/"))


def share(found: list[Item], host: int, hosts: int) -> list[Item]:
    """The host's part of the keys: every `hosts`-th."""
    return found[host::hosts]


def download(aws: Aws, found: list[Item], target: Path, folder: HostFolder) -> None:
    """Put the objects below `target`, a folder of `folder`. Raises JobError when one is missing."""
    target.mkdir(parents=True, exist_ok=True)
    taken: dict[Path, str] = {}
    for item in found:
        path = target / item.path
        if path in taken:
            both = f"the keys {taken[path]!r} and {item.key!r} in {item.bucket} lead to the same file"
            raise JobError(f"ClientError: Data download failed: {both}: rename one of them.")
        taken[path] = item.key
        if ".." in PurePosixPath(item.path).parts:
            raise JobError(f"ClientError: Data download failed: the key {item.key!r} leads out of its folder.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _fetch(aws, item, path, folder)
        except AwsError as error:
            raise JobError(
                f"ClientError: Data download failed: s3://{item.bucket}/{item.key}: {error.message}"
            ) from error
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            what = "another key has its name as a folder, or one of its folders as a name"
            raise JobError(f"ClientError: Data download failed: the key {item.key!r} is no file: {what}.") from None
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            what = f"the key {item.key[:80]!r}… has a part that is too long for the name of a file"
            raise JobError(f"ClientError: Data download failed: {what}.") from None


def _fetch(aws: Aws, item: Item, path: Path, folder: HostFolder) -> None:
    for _ in range(10):
        entry = objects.read(aws, item.bucket, item.key)
        try:
            if folder.links and entry.size >= LINK_FROM:
                os.link(entry.blob, path)
                path.chmod(0o444)
                folder.read_only.append(path)
            else:
                shutil.copyfile(entry.blob, path)
            return
        except FileNotFoundError:  # overwritten since it was read: take what is there now
            continue
    raise JobError(f"InternalServerError: s3://{item.bucket}/{item.key} changes faster than it can be read.")
