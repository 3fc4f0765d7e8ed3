"""Where a build's artifacts go: to the places that CodePipeline names, or to the project's bucket."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.delivery.builds.artifacts import ArtifactError, pack, select
from local_aws.delivery.builds.buildspec import Artifacts, Buildspec
from local_aws.operations import Aws
from local_aws.s3 import objects

Document = dict[str, Any]

#: Makes the bytes of an object durable.
Stage = Callable[[Path], objects.Staged]


@dataclass(frozen=True)
class Upload:
    """Bytes that will have a name when the build has ended."""

    bucket: str
    key: str
    staged: objects.Staged


@dataclass(frozen=True)
class _Place:
    """What goes where: `identifier` "" for the primary artifacts; `zipped` to `key`, or file by file below it."""

    identifier: str
    wanted: Artifacts
    bucket: str
    key: str
    zipped: bool


def collect(aws: Aws, build: Document, spec: Buildspec, source: Path, scratch: Path) -> Iterator[Upload]:
    """Stage what goes to S3, one after another; `build` notes where it went. Raises ArtifactError or AwsError."""
    for place in _places(build, spec):
        files = select(source, place.wanted)
        shown: Document = {"location": f"arn:aws:s3:::{place.bucket}/{place.key}"}
        if place.zipped:
            archive = scratch / "artifact.zip"
            pack(files, archive, symlinks=place.wanted.symlinks)
            shown |= {"sha256sum": _sha256(archive)}
            staged = objects.stage(aws, archive, take=True)
            yield Upload(place.bucket, place.key, staged)
            shown |= {"md5sum": staged.etag}
        else:
            for name, path in files:
                yield Upload(place.bucket, f"{place.key}/{name}".lstrip("/"), objects.stage(aws, path))
        if place.identifier:
            build["secondaryArtifacts"].append(shown | {"artifactIdentifier": place.identifier})
        else:
            build["artifacts"] = shown


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _places(build: Document, spec: Buildspec) -> Iterator[_Place]:
    handed = build["Local"]["Handed"]
    if handed:
        outputs = handed["outputs"]
        for name, place in outputs.items():
            wanted = spec.secondary.get(name) or (spec.artifacts if len(outputs) == 1 else None)
            if wanted is None:
                raise ArtifactError(f"no definition for artifact {name} in the buildspec")
            identifier = "" if len(outputs) == 1 else name
            yield _Place(identifier, wanted, place["bucket"], place["key"], zipped=True)
        return
    for settings in build["Local"]["Artifacts"]:
        if settings["type"] == "S3":
            yield _in_bucket(build, spec, settings)


def _in_bucket(build: Document, spec: Buildspec, settings: Document) -> _Place:
    identifier = settings.get("artifactIdentifier") or ""
    wanted = spec.secondary.get(identifier) if identifier else spec.artifacts
    if wanted is None:
        what = f"secondary artifact {identifier}" if identifier else "artifacts"
        raise ArtifactError(f"no definition for {what} in the buildspec")
    name = settings.get("name") or build["projectName"]
    if settings.get("overrideArtifactName") and wanted.name:
        name = wanted.name
    zipped = settings.get("packaging") == "ZIP"
    within = build["id"].partition(":")[2] if settings.get("namespaceType") == "BUILD_ID" else ""
    parts = [part.strip("/") for part in (settings.get("path") or "", within, name)]
    key = "/".join(part for part in parts if part) or (build["projectName"] if zipped else "")
    return _Place(identifier, wanted, settings["location"].removeprefix("arn:aws:s3:::"), key, zipped)
