"""A project's local cache: the paths that its buildspec names, from one build to the next.

https://docs.aws.amazon.com/codebuild/latest/userguide/caching-local.html
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from local_aws.delivery.builds.artifacts import ArtifactError, select
from local_aws.delivery.builds.buildspec import Artifacts
from local_aws.operations import Aws

Document = dict[str, Any]


class Cache:
    """Files below the source are kept in a folder of the project; paths outside of it stay where they are anyway."""

    def __init__(self, aws: Aws, build: Document, source: Path) -> None:
        settings = build["cache"]
        self.on = settings["type"] == "LOCAL" and "LOCAL_CUSTOM_CACHE" in (settings.get("modes") or [])
        self._source = source
        self._kept = aws.home / "builds" / "cache" / build["projectName"]

    def restore(self, paths: Sequence[str]) -> Iterator[str]:
        """Put back what was kept; what the log shall say of it."""
        if paths and not self.on:
            yield "local_aws: the buildspec names a cache; the project has none of type LOCAL with LOCAL_CUSTOM_CACHE."
        elif paths and self._kept.is_dir():
            shutil.copytree(self._kept, self._source, symlinks=True, dirs_exist_ok=True)
            yield f"local_aws: the cache of the last build was put back: {', '.join(paths)}"

    def save(self, paths: Sequence[str]) -> None:
        """Keep what the paths mean now; the last of two builds at once wins, file by file."""
        inside = tuple(path for path in paths if not path.startswith(("/", "~")))
        if not (self.on and inside):
            return
        try:
            files = select(self._source, Artifacts(inside))
        except ArtifactError:
            return
        for name, path in files:
            kept = self._kept / name
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_name(f"{kept.name}.partial")
            shutil.copy2(path, partial, follow_symlinks=False)
            partial.replace(kept)
