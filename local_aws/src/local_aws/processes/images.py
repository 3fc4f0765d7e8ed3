"""Which images this machine can stand in for: a table that the project supplies."""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local_aws.errors import AwsError, StartError


@dataclass(frozen=True)
class Image:
    """One row: an image by its repository name, and what stands in for it.

    repository  the last part of the image's URI before the tag, for example "sagemaker-xgboost"
    tags        the versions that are meant; empty: every one
    toolkit     whether the SageMaker training toolkit is inside (script mode, `SM_*` variables)
    manifest    a file beside the table that names the image's distributions, one a line, as `name==version`
    packages    distributions that the image has; a job may import these, its own bundle and nothing else
    preload     modules that its local host imports once, before jobs are forked from it
    metric      a regular expression with groups `name` and `value` (and `set`: then the metric is `set:name`): the
                metrics that the image's own algorithm logs. Such images refuse MetricDefinitions, as on AWS
    train       the command that stands in for the image's own program in a training job without script mode
    process     the command that stands in for the image's own program in a processing job without an entry point
    serve       the command that stands in for the image's `serve`; it finds its listening socket as systemd's socket
                activation has it (LISTEN_FDS=1, descriptor 3) and answers /ping and /invocations there
    code        folders that these programs are imported from, relative to the table's
    """

    repository: str
    tags: tuple[str, ...] = ()
    toolkit: bool = False
    manifest: str = ""
    packages: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    metric: str = ""
    train: tuple[str, ...] = ()
    process: tuple[str, ...] = ()
    serve: tuple[str, ...] = ()
    code: tuple[str, ...] = ()

    @classmethod
    def from_table(cls, table: dict[str, Any], folder: Path) -> "Image":
        """A row of the TOML file. Raises TypeError, OSError or re.error for what it cannot be."""
        members: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
        row = cls(**members)
        re.compile(row.metric)
        listed = _manifest(folder / row.manifest) if row.manifest else ()
        code = tuple(str((folder / path).resolve()) for path in row.code)
        return replace(row, packages=(*row.packages, *listed), code=code)


def _manifest(path: Path) -> tuple[str, ...]:
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line.partition("==")[0] for line in lines if line)


@dataclass(frozen=True)
class Images:
    """The table, and the file it came from (named in errors)."""

    rows: tuple[Image, ...] = ()
    source: Path | None = None

    @classmethod
    def read(cls, path: Path) -> "Images":
        """A TOML file with `[[image]]` tables. Raises StartError when it cannot be read."""
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("image", [])
            rows = [Image.from_table(table, path.parent) for table in tables]
        except (OSError, tomllib.TOMLDecodeError, TypeError, re.error) as error:
            raise StartError(f"The table of images {path} cannot be read: {error}.") from None
        return cls(tuple(rows), path)

    def find(self, uri: str) -> Image:
        """The row for `account.dkr.ecr.region.amazonaws.com/repository:tag`.

        Raises AwsError "ValidationException" that says how to add the image.
        """
        name, _, tag = uri.rpartition("/")[2].partition(":")
        for row in self.rows:
            if row.repository == name and (not row.tags or tag in row.tags):
                return row
        where = self.source or "the table of images given to the server"
        raise AwsError(
            "ValidationException",
            f'No local host stands in for the image {uri}: add an [[image]] table with repository = "{name}"'
            f' and tags = ["{tag}"] to {where}.',
        )
