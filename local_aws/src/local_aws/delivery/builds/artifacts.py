"""The files that a build leaves: found by the buildspec's patterns, and zipped."""

import fnmatch
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from local_aws.delivery.builds.buildspec import Artifacts


class ArtifactError(Exception):
    """There is nothing to take; the text is the phase's message."""


def select(source: Path, wanted: Artifacts) -> list[tuple[str, Path]]:
    """(name in the artifact, file) of what the patterns mean below `source`, by name.

    Raises ArtifactError when the base directory or every file is missing, as CodeBuild's phase UPLOAD_ARTIFACTS does.
    """
    found: dict[str, Path] = {}
    for base in _bases(source, wanted.base):
        for name, path in _walk(base):
            if any(_matches(name, pattern) for pattern in wanted.files) and not any(
                _matches(name, pattern) for pattern in wanted.exclude
            ):
                found.setdefault(path.name if wanted.discard_paths else name, path)
    for pattern in wanted.files:  # a path may also lead out of the base, or be absolute
        path = source / wanted.base / pattern
        if ("/../" in f"/{pattern}" or pattern.startswith("/")) and path.is_file():
            found.setdefault(path.name, path)
    if not found:
        raise ArtifactError(f"no matching artifact paths found: {', '.join(wanted.files)}")
    return sorted(found.items())


def _bases(source: Path, pattern: str) -> list[Path]:
    plain = pattern.strip("/").removeprefix("./")
    if pattern.startswith("/"):
        bases = [Path(pattern)]
    else:
        bases = sorted(source.glob(plain)) if plain and plain != "." else [source]
    if not (bases := [base for base in bases if base.is_dir()]):
        raise ArtifactError(f"no matching base directory path found for {pattern}")
    return bases


def _walk(base: Path) -> Iterator[tuple[str, Path]]:
    """Every file and link below `base`; links to folders are not followed."""
    folders = [base]
    while folders:
        for path in sorted(folders.pop().iterdir()):
            if path.is_dir() and not path.is_symlink():
                folders.append(path)
            else:
                yield path.relative_to(base).as_posix(), path


def _matches(name: str, pattern: str) -> bool:
    return _compiled(pattern.removeprefix("./")).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """`*` stays inside a folder, `**` does not; a folder's own name means nothing, as in CodeBuild."""
    text = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]+\])", pattern):
        if part == "**/":
            text += "(?:.*/)?"
        elif part in ("**", "*", "?"):
            text += {"**": ".*", "*": "[^/]*", "?": "[^/]"}[part]
        elif part.startswith("["):
            text += fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
        else:
            text += re.escape(part)
    return re.compile(text, re.DOTALL)


def pack(files: list[tuple[str, Path]], into: Path, *, symlinks: bool) -> None:
    """A zip with the files' modes; a link is followed unless links are kept. Raises OSError."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, path in files:
            if path.is_symlink() and (symlinks or not path.exists()):
                link = zipfile.ZipInfo(name)
                link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
                archive.writestr(link, str(path.readlink()))
            elif path.is_file():
                archive.write(path, name)


def unpack(archive: Path, folder: Path) -> None:
    """The files of a zip with their modes and links, below `folder`. Raises ArtifactError for what is no zip."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            for item in opened.infolist():
                mode = item.external_attr >> 16
                if stat.S_ISLNK(mode):
                    link = folder / item.filename
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(opened.read(item).decode())
                    continue
                path = Path(opened.extract(item, folder))
                if not item.is_dir() and mode & 0o777:
                    path.chmod(mode & 0o777)
    except (zipfile.BadZipFile, ValueError, zlib.error, EOFError, RuntimeError) as error:
        raise ArtifactError(f"{folder.name}: the source is no zip that can be read: {error}") from None
