"""Archives out of a few lines of text."""

import io
import tarfile
from collections.abc import Mapping


def tar(files: Mapping[str, str]) -> bytes:
    """A tar.gz of text files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()
