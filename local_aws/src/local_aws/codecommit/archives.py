"""A commit's tree as a zip file, with the modes of its files: what a source action hands on."""

import datetime
import stat
import zipfile
from pathlib import Path
from typing import Any

from local_aws.codecommit import repositories
from local_aws.operations import Aws

Document = dict[str, Any]

#: The first and the last year that a zip file can hold.
_YEARS = (1980, 2107)


def write(aws: Aws, repository: Document, commit: Document, path: Path) -> None:
    """Write the file `path`; the same bytes for the same commit."""
    moment = datetime.datetime.fromtimestamp(int(commit["committer"]["date"].split()[0]), datetime.UTC)
    year = min(max(moment.year, _YEARS[0]), _YEARS[1])
    date = (year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (mode, blob) in sorted(repositories.tree_of(aws, repository, commit).items()):
            info = zipfile.ZipInfo(name, date)
            info.create_system, info.compress_type = 3, zipfile.ZIP_DEFLATED  # Unix, so that modes are read
            kind = stat.S_IFLNK if mode == "120000" else stat.S_IFREG
            info.external_attr = (kind | (int(mode[-3:], 8) or 0o777)) << 16
            archive.writestr(info, repositories.read(aws, repository, blob))
