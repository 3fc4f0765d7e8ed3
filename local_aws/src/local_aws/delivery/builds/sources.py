"""A build's sources as folders, and the buildspec among them."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from local_aws.codecommit import archives, repositories
from local_aws.delivery.builds import artifacts
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.s3 import objects

Document = dict[str, Any]

_IN_S3 = "arn:aws:s3:::"


class SourceError(Exception):
    """The phase DOWNLOAD_SOURCE fails: AWS's status code, and what is missing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fetch(aws: Aws, build: Document, folder: Path) -> dict[str, Path]:
    """The folders of all sources by name, the primary one first; its version is noted in `build`.

    Raises SourceError, AwsError or ArtifactError for what cannot be had.
    """
    handed = build["Local"]["Handed"]
    if handed:
        return _handed(aws, build, handed, folder)
    found = {"": folder / "src"}
    build["resolvedSourceVersion"] = _FETCH[build["source"]["type"]](
        aws, build["source"], build.get("sourceVersion"), found[""]
    )
    versions = {item["sourceIdentifier"]: item["sourceVersion"] for item in build.get("secondarySourceVersions") or []}
    for source in build["secondarySources"]:
        name = source["sourceIdentifier"]
        found[name] = folder / f"src_{name}"
        _FETCH[source["type"]](aws, source, versions.get(name), found[name])
    return found


def _handed(aws: Aws, build: Document, handed: Document, folder: Path) -> dict[str, Path]:
    if handed["primary"] not in handed["sources"]:
        names = ", ".join(handed["sources"])
        raise SourceError("CLIENT_ERROR", f"The primary source {handed['primary']} is none of the inputs: {names}")
    order = [handed["primary"], *(name for name in handed["sources"] if name != handed["primary"])]
    found = {name: folder / ("src" if name == order[0] else f"src_{name}") for name in order}
    for name in order:
        place = handed["sources"][name]
        artifacts.unpack(_object(aws, place["bucket"], place["key"], place["version"]).blob, found[name])
    first = handed["sources"][order[0]]
    build["sourceVersion"] = f"{_IN_S3}{first['bucket']}/{first['key']}"
    return found


def _object(aws: Aws, bucket: str, key: str, version: str | None) -> objects.Entry:
    found = objects.find(aws, bucket, key, version or None)
    if found is None or found.deleted:
        return objects.read(aws, bucket, key)  # says what is missing
    return found


def _from_s3(aws: Aws, source: Document, version: str | None, folder: Path) -> str:
    """A zip, or every object below a location that ends with a slash."""
    bucket, _, key = source["location"].removeprefix(_IN_S3).partition("/")
    if key and not key.endswith("/"):
        found = _object(aws, bucket, key, version)
        artifacts.unpack(found.blob, folder)
        return found.version if found.version != objects.NULL else found.etag
    folder.mkdir(parents=True)
    for entry in objects.walk(aws, bucket, key):
        path = folder / entry.key.removeprefix(key)
        if not entry.key.endswith("/") and ".." not in path.parts:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(entry.blob, path)
    return ""


def _from_codecommit(aws: Aws, source: Document, version: str | None, folder: Path) -> str:
    repository = repositories.find(aws, source["location"].rstrip("/").rpartition("/")[2])
    commit = repositories.resolve(aws, repository, version)
    archive = folder.with_name(f"{folder.name}.zip")
    archives.write(aws, repository, commit, archive)
    artifacts.unpack(archive, folder)
    archive.unlink()
    return str(commit["commitId"])


def _from_nowhere(_: Aws, __: Document, ___: str | None, folder: Path) -> str:
    folder.mkdir(parents=True)
    return ""


_FETCH: Mapping[str, Callable[[Aws, Document, str | None, Path], str]] = {
    "S3": _from_s3,
    "CODECOMMIT": _from_codecommit,
    "NO_SOURCE": _from_nowhere,
}


def buildspec(aws: Aws, build: Document, source: Path) -> str:
    """The text: the project's own, an object's, or a file's of the primary source.

    Raises SourceError "YAML_FILE_ERROR" when there is none.
    """
    given = build["source"].get("buildspec") or "buildspec.yml"
    if "\n" in given or given.lstrip().startswith("{"):
        return str(given)
    try:
        if given.startswith(_IN_S3):
            bucket, _, key = given.removeprefix(_IN_S3).partition("/")
            return objects.read(aws, bucket, key).blob.read_text(encoding="utf-8")
        return (source / given).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, AwsError) as error:
        said = error.message if isinstance(error, AwsError) else type(error).__name__
        raise SourceError("YAML_FILE_ERROR", f"YAML file does not exist or cannot be read: {given} ({said})") from None
