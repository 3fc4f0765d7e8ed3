"""Tar archives that others have packed."""

import lzma
import tarfile
import zlib
from pathlib import Path

PIECE = 1 << 20


def extract(archive: Path, folder: Path) -> None:
    """What lies in an archive, compressed or not, below `folder`.

    Raises tarfile.TarError for what is none, damaged or leads out of the folder; OSError when it cannot be written.
    """
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
            while tar.fileobj and tar.fileobj.read(PIECE):
                pass  # the sum of a compressed archive stands behind its last member
    except (EOFError, zlib.error, lzma.LZMAError) as error:
        raise tarfile.ReadError(str(error)) from error
