"""Which rows an execution gets when its data are larger than it needs: the result of a query, or a window of dates."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract.documents import dumps, sha256
from contract.errors import InputError
from model_build.built import Built

#: Rows of a query that are held at once, and written to a file each.
CHUNK = 500_000


def queried(built: Built, session: Any, folder: Path) -> None:
    """The rows that Athena finds for the configuration's query, as Parquet files in `folder`. `session` is boto3's.

    The same rows in the same order give the same files, and so the same fingerprint: a query with ORDER BY lets the
    cache answer. Raises InputError when there are none.
    """
    import awswrangler  # seconds, and few pipelines need it

    source = built.source
    try:
        frames = awswrangler.athena.read_sql_query(
            sql=source["query"], database=source["database"], workgroup=source["workgroup"], ctas_approach=False,
            chunksize=CHUNK, boto3_session=session,
        )  # fmt: skip
        rows = 0
        for number, frame in enumerate(frames):
            frame.to_parquet(folder / f"part-{number:05}.parquet", index=False)
            rows += len(frame)
    except awswrangler.exceptions.QueryFailed as error:
        raise InputError(f"pipeline.query: Athena says: {error}") from error
    if not rows:
        raise InputError("pipeline.query: Athena finds no rows.")


def windowed(address: str, built: Built, s3: Any) -> str:
    """The address of those objects below `address` whose partition lies within the last days that there are: copies,
    below a hash of their content. Raises InputError when no key has the partition."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    name, days = built.source["partition"], built.source["window_days"]
    found = [(key, etag, date) for key, etag in _listed(s3, bucket, prefix) if (date := _date(key, name))]
    if not found:
        raise InputError(
            f"No object below {address} has a date in its key, {name}=2026-01-31/; mend pipeline.partition."
        )
    first = max(date for _, _, date in found) - datetime.timedelta(days=days - 1)
    chosen = sorted((key, etag) for key, etag, date in found if date >= first)
    root = f"{built.assets.prefix}/data/{sha256(dumps([bucket, prefix, chosen]).encode())}/"
    present = {key for key, _ in _listed(s3, built.target.bucket, root)}
    for key, _ in chosen:
        target = root + key.removeprefix(prefix).lstrip("/")
        if target not in present:
            s3.copy({"Bucket": bucket, "Key": key}, built.target.bucket, target)
    return f"s3://{built.target.bucket}/{root}"


def _date(key: str, name: str) -> datetime.date | None:
    """The date in the part `name=YYYY-MM-DD` of a key. None for a key without one."""
    text = re.search(rf"(?:^|/){re.escape(name)}=(\d{{4}}-\d{{2}}-\d{{2}})/", key)
    try:
        return datetime.date.fromisoformat(text[1]) if text else None
    except ValueError:
        return None


def _listed(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Key and ETag of each object with bytes; markers that tools leave beside data are no data."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            if entry["Size"] and not entry["Key"].rpartition("/")[2].startswith(("_", ".")):
                yield entry["Key"], entry["ETag"]
