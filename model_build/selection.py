"""Which rows an execution gets when its data are larger than it needs: the result of a query, or a window of dates."""

import datetime
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from contract.documents import dumps, sha256
from contract.errors import InputError
from model_build.built import Built
from preprocessing.names import is_data

#: Rows of a query that are held at once, and written to a file each.
CHUNK = 500_000

#: Below the pipeline's prefix: where Athena leaves what it finds until it is read; the build's role knows the name.
RESULTS = "athena"

#: The partition of rows without a value, as Hive, Spark and Athena write it.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def queried(built: Built, session: Any, folder: Path) -> None:
    """The rows that Athena finds for the configuration's query, as Parquet files in `folder`. `session` is boto3's.

    The same rows in the same order give the same files, and so the same fingerprint: a query with ORDER BY lets the
    cache answer. Raises InputError when there are none, and with what Athena says when it has no answer.
    """
    import awswrangler  # seconds, and few pipelines need it
    import pyarrow

    source, rows = built.source, 0
    refusals = [kind for kind in vars(awswrangler.exceptions).values() if isinstance(kind, type)]
    try:
        frames = awswrangler.athena.read_sql_query(
            sql=source["query"], database=source["database"], workgroup=source["workgroup"], ctas_approach=False,
            chunksize=CHUNK, boto3_session=session, keep_files=False,
            s3_output=f"s3://{built.target.bucket}/{built.assets.prefix}/{RESULTS}/",
        )  # fmt: skip
        for number, frame in enumerate(frames):
            frame.to_parquet(folder / f"part-{number:05}.parquet", index=False)
            rows += len(frame)
    except (*refusals, pyarrow.ArrowException) as error:
        said = "; ".join(str(part) for part in error.args if part) or type(error).__name__
        raise InputError(f"pipeline.query: Athena says: {said}") from error
    if not rows:
        raise InputError("pipeline.query: Athena finds no rows.")


def windowed(address: str, built: Built, s3: Any) -> str:
    """The address of those objects in the folder `address` whose partition lies within the last days that there are:
    copies, below a hash of their content. Raises InputError when no key has the partition, or one has no date in it."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    prefix = prefix and prefix.rstrip("/") + "/"  # S3 alone would take sales2025/ for a part of sales
    etags = dict(listed(s3, bucket, prefix))
    chosen = sorted((key, etags[key]) for key in within(etags, address, built))
    root = f"{built.assets.prefix}/data/{sha256(dumps([bucket, prefix, chosen]).encode())}/"
    present = {key for key, _ in listed(s3, built.target.bucket, root)}
    for key, _ in chosen:
        target = root + key.removeprefix(prefix)
        if target not in present:
            s3.copy({"Bucket": bucket, "Key": key}, built.target.bucket, target)
    return f"s3://{built.target.bucket}/{root}"


def within(keys: Collection[str], address: str, built: Built) -> list[str]:
    """Those keys, or names of files, of data at `address` whose partition lies within the last days that there are.
    Raises InputError when none has the partition, or one has no date in it."""
    name, days = built.source["partition"], built.source["window_days"]
    found = [(key, date) for key in keys if (date := _date(key, name))]
    if not found:
        raise InputError(
            f"No object below {address} has a date in its key, {name}=2026-01-31/; mend pipeline.partition."
        )
    first = max(date for _, date in found).toordinal() - days + 1
    return [key for key, date in found if date.toordinal() >= first]


def _date(key: str, name: str) -> datetime.date | None:
    """The date in the part `name=YYYY-MM-DD` of a key. None for a key without the part, or without a value in it.
    Raises InputError for another value."""
    text = re.search(rf"(?:^|/){re.escape(name)}=([^/]*)/", key)
    if text is None or text[1] == NO_VALUE:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text[1]):
            return datetime.date.fromisoformat(text[1])
    except ValueError:
        pass
    raise InputError(f"{key}: {name}={text[1]} is no date like {name}=2026-01-31; mend the key, or pipeline.partition.")


def listed(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, str]]:
    """Key and ETag of each object of data with bytes below the prefix."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", []):
            key = entry["Key"]
            if entry["Size"] and is_data(key.removeprefix(prefix) or key.rpartition("/")[2]):
                yield key, entry["ETag"]
