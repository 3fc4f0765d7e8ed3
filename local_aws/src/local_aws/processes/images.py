"""Which images this machine can stand in for: a table that the project supplies."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from local_aws.errors import AwsError, StartError


@dataclass(frozen=True)
class Image:
    """One row: an image by its repository name, and what stands in for it.

    repository  the last part of the image's URI before the tag, for example "sagemaker-xgboost"
    tags        the versions that are meant; empty: every one
    toolkit     whether the SageMaker training toolkit is inside (script mode, `SM_*` variables)
    packages    distributions that the image has; a job may import these, its own bundle and nothing else
    preload     modules that its local host imports once, before jobs are forked from it
    """

    repository: str
    tags: tuple[str, ...] = ()
    toolkit: bool = False
    packages: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()


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
            rows = [Image(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}) for table in tables]
        except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
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
