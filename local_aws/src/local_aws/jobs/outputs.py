"""From a host's folder to S3: staged durably first, named in the commit that ends the job."""

import gzip
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from local_aws.jobs.failure import JobError
from local_aws.operations import Aws
from local_aws.s3 import objects


@dataclass(frozen=True)
class Output:
    """Bytes that will have a name when the job has ended."""

    bucket: str
    key: str
    staged: objects.Staged


def files_below(folder: Path) -> list[Path]:
    """Regular files, by path; links that lead to files count as files."""
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def upload(aws: Aws, folder: Path, uri: str) -> Iterator[Output]:
    """Every file below `folder` at its relative path below the S3 prefix."""
    bucket, prefix = objects.split_uri(uri)
    base = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    for path in files_below(folder):
        key = base + path.relative_to(folder).as_posix()
        _check_key(bucket, key)
        yield Output(bucket, key, objects.stage(aws, path))


def _check_key(bucket: str, key: str) -> None:
    """Raises JobError for a name that no key can have."""
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        name = os.fsencode(key)
        raise JobError(f"ClientError: The output {name!r} has no name in UTF-8, as keys in {bucket} need.") from None
    if len(encoded) > 1024:
        raise JobError(f"ClientError: The output {key[:80]!r}… makes a key of more than 1,024 bytes in {bucket}.")


def pack(aws: Aws, folders: Iterable[Path], uri: str) -> Output:
    """A tar.gz at `uri` of what lies below the folders; of equal paths the first counts."""
    files: dict[str, Path] = {}
    for folder in folders:
        for path in files_below(folder):
            files.setdefault(path.relative_to(folder).as_posix(), path)
    path = aws.store.new_blob()
    try:
        with path.open("wb") as file:
            _write_tar(file, files)
        staged = objects.stage(aws, path, take=True)
    finally:
        path.unlink(missing_ok=True)
    bucket, key = objects.split_uri(uri)
    return Output(bucket, key, staged)


def _write_tar(target: io.BufferedIOBase, files: dict[str, Path]) -> None:
    """The same files give the same bytes: sorted, without times and owners."""
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=target, compresslevel=6, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, dereference=True) as tar,
    ):
        for name in sorted(files):
            info = tar.gettarinfo(str(files[name]), name)
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            info.mode = 0o755 if info.mode & 0o100 else 0o644
            info.type, info.linkname = tarfile.REGTYPE, ""  # a hard link to an earlier member is a file of its own
            info.size = files[name].stat().st_size
            with files[name].open("rb") as content:
                tar.addfile(info, content)
