"""Unpacked models: one folder for each content, shared by all containers that load it, and gone with the last."""

import shutil
import tarfile
import threading
import uuid
from pathlib import Path

from local_aws import tar
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects
from local_aws.serving.failure import ServingError


class Artefacts:
    """Folders below `root`, which is emptied at start."""

    def __init__(self, aws: Aws, root: Path) -> None:
        self._aws = aws
        self._root = root
        self._users: dict[Path, int] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Nothing of an earlier server stays. Call it before anything is taken."""
        shutil.rmtree(self._root, ignore_errors=True)

    def take(self, uri: str) -> Path:
        """The folder with what is in the model.tar.gz at `uri`, read-only; give it back with `release`.

        Raises ServingError when it is not there or is no such archive.
        """
        try:
            entry = objects.read(self._aws, *objects.split_uri(uri))
        except AwsError as error:
            raise ServingError(f"Failed to download model data from URL {uri}: {error.message}") from error
        folder = self._root / f"{entry.etag}-{entry.size}"
        with self._lock:
            if not folder.exists():
                self._unpack(entry.blob, folder, uri)
            self._users[folder] = self._users.get(folder, 0) + 1
        return folder

    def release(self, folder: Path) -> None:
        with self._lock:
            self._users[folder] -= 1
            if not self._users[folder]:
                del self._users[folder]
                shutil.rmtree(folder, ignore_errors=True)

    def _unpack(self, archive: Path, folder: Path, uri: str) -> None:
        partial = folder.with_name(uuid.uuid4().hex)
        partial.mkdir(parents=True)
        try:
            tar.extract(archive, partial)
        except (OSError, tarfile.TarError) as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise ServingError(f"The model data at {uri} cannot be unpacked: {error}") from error
        for path in partial.rglob("*"):
            if path.is_file() and not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o555)
        partial.rename(folder)
