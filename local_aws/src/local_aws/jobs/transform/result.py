"""The result of one input file while it is written: whole, or not there at all."""

import contextlib
from pathlib import Path
from typing import BinaryIO

from local_aws.jobs.inputs import Item
from local_aws.jobs.outputs import Output
from local_aws.jobs.transform.invocations import FileError
from local_aws.operations import Aws
from local_aws.s3 import objects


class Result:
    """What will be `<output prefix>/<path of the input>.out`.

    error  why there will be none
    """

    def __init__(self, aws: Aws, item: Item, prefix: str, *, by_line: bool) -> None:
        self.item = item
        self.error: FileError | None = None
        self.output: Output | None = None
        self._aws = aws
        self._by_line = by_line
        bucket, folder = objects.split_uri(prefix)
        self._bucket, self._key = bucket, f"{folder.rstrip('/')}/{item.path}.out".lstrip("/")
        self._path: Path = aws.store.new_blob()
        self._file: BinaryIO = self._path.open("wb")

    def write(self, content: bytes) -> None:
        """Append what a request gave; AssembleWith Line ends it with a line end."""
        self._file.write(content)
        if self._by_line and not content.endswith(b"\n"):
            self._file.write(b"\n")

    def fail(self, error: FileError) -> None:
        """The first error counts."""
        self.error = self.error or error

    def finish(self) -> None:
        """Stage it when it is whole; afterwards `output` or `error` is set. Raises AwsError when the disk is full."""
        self._file.close()
        if self.error is None:
            self.output = Output(self._bucket, self._key, objects.stage(self._aws, self._path, take=True))
        self._path.unlink(missing_ok=True)

    def discard(self) -> None:
        """Nothing of it stays."""
        with contextlib.suppress(OSError):  # what could not be written cannot be flushed either
            self._file.close()
        self._path.unlink(missing_ok=True)
        if self.output:
            self.output.staged.discard()
