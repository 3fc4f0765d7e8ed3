"""CheckpointConfig: a folder that is copied to S3 while a training job runs, and back before it starts again."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from local_aws.errors import AwsError
from local_aws.jobs import inputs, outputs
from local_aws.jobs.folder import HostFolder
from local_aws.operations import Aws
from local_aws.s3 import objects

Document = dict[str, Any]

log = logging.getLogger("local_aws.jobs")

#: Seconds between two looks at the folder.
PERIOD = 1.0


def folder_of(document: Document, host: HostFolder) -> Path:
    return host.real(document["CheckpointConfig"].get("LocalPath", "/opt/ml/checkpoints"))


def restore(aws: Aws, document: Document, host: HostFolder) -> None:
    """Put what lies in S3 into the host's folder."""
    config = document.get("CheckpointConfig")
    if not config:
        return
    local = folder_of(document, host)
    local.mkdir(parents=True, exist_ok=True)
    bucket, prefix = objects.split_uri(config["S3Uri"])
    if objects.keys(aws, bucket, prefix):
        inputs.download(aws, inputs.items(aws, inputs.Source(config["S3Uri"])), local, host)


class Sync:
    """While it is entered, what changes in the hosts' folders is copied to S3; a last time when it is left.

    What a program removes stays in S3, as on AWS.
    """

    def __init__(self, aws: Aws, document: Document, hosts: Sequence[HostFolder]) -> None:
        self._aws = aws
        self._uri = document["CheckpointConfig"]["S3Uri"]
        self._folders = [folder_of(document, host) for host in hosts]
        self._seen = {path: _version(path) for folder in self._folders for path in outputs.files_below(folder)}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._copy, name="checkpoints", daemon=True)

    def __enter__(self) -> "Sync":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        if error is None:
            self.flush()

    def flush(self) -> None:
        """One commit with the new names of what has changed. Raises AwsError, and then nothing has changed."""
        staged: list[outputs.Output] = []
        found: dict[Path, Any] = {}
        try:
            for folder in self._folders:
                for path in outputs.files_below(folder):
                    version = _version(path)
                    if version and self._seen.get(path) != version:
                        found[path] = version
                        staged += self._stage(path, folder)
            if staged:
                with self._aws.store.transaction():
                    for output in staged:
                        objects.put(self._aws, output.bucket, output.key, output.staged)
        except BaseException:
            for output in staged:
                output.staged.discard()
            raise
        self._seen |= found

    def _stage(self, path: Path, folder: Path) -> list[outputs.Output]:
        bucket, prefix = objects.split_uri(self._uri)
        key = f"{prefix.rstrip('/')}/{path.relative_to(folder).as_posix()}".lstrip("/")
        try:
            return [outputs.Output(bucket, key, objects.stage(self._aws, path))]
        except (OSError, AwsError):
            if path.exists():
                raise
            return []  # renamed or removed meanwhile

    def _copy(self) -> None:
        while not self._aws.clock.wait(self._done, PERIOD):
            try:
                self.flush()
            except (OSError, AwsError) as error:  # the last copy, at the end, must succeed
                log.warning("Checkpoints cannot be copied to %s now: %s", self._uri, error)


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
