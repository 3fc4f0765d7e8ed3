"""The ledger: numbered JSON records in S3, each written once, and a head that saves reading them all.

`PREFIX/records/0000000007.json` is written with If-None-Match, so two writers never both hold number 7: the one that
comes second looks again and decides anew. `PREFIX/head.json` is the state after some record, replaced with If-Match;
a head that lags costs a few reads and nothing else.
"""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from contract.documents import Document
from model_deploy.promotion.state import State, dump, fold, load

#: A conditional write that lost: 412 when the object is there, 409 when another write was under way.
LOST = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")


class ConflictError(Exception):
    """Somebody else wrote the record of that number."""


@dataclass(frozen=True)
class Ledger:
    """`prefix` ends with a slash; `now` dates the records, in seconds since 1970, and decides nothing."""

    s3: Any
    bucket: str
    prefix: str
    now: Callable[[], float] = time.time

    def read(self) -> State:
        """The state after the last record."""
        state, etag = self._head()
        before = state.sequence
        for record in self.records(after=state.sequence):
            state = fold(state, record)
        if state.sequence > before:
            self._keep(state, etag)
        return state

    def append(self, after: State, kind: str, members: Document) -> None:
        """Write the record that follows the state `after`. Raises ConflictError when it has a successor already."""
        sequence = after.sequence + 1
        record = {"sequence": sequence, "kind": kind, "at": self.now(), **members}
        fold(after, record)  # what could not be read back is not written
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=self._key(sequence),
                Body=(json.dumps(record, indent=1, sort_keys=True) + "\n").encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in LOST:
                raise ConflictError(self._key(sequence)) from error
            raise

    def moved(self, since: State) -> bool:
        """Whether there are records after the state `since`."""
        return any(self._keys(since.sequence))

    def records(self, after: int = 0) -> Iterator[Document]:
        """The records with numbers above `after`, in order."""
        for key in self._keys(after):
            record: Document = json.loads(self._get(key)["Body"].read())
            yield record

    def _keys(self, after: int) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=f"{self.prefix}records/", StartAfter=self._key(after)
        )
        for page in pages:
            yield from (entry["Key"] for entry in page.get("Contents", []))

    def _head(self) -> tuple[State, str]:
        key = f"{self.prefix}head.json"
        # Asked for by listing: for a key that is not there, GetObject would need the right to list all of the bucket.
        if not self.s3.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1).get("Contents"):
            return State(), ""
        answer = self._get(key)
        return load(answer["Body"].read()), str(answer["ETag"])

    def _keep(self, state: State, etag: str) -> None:
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            self.s3.put_object(
                Bucket=self.bucket,
                Key=f"{self.prefix}head.json",
                Body=dump(state),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] not in LOST:
                raise

    def _get(self, key: str) -> Any:
        return self.s3.get_object(Bucket=self.bucket, Key=key)

    def _key(self, sequence: int) -> str:
        return f"{self.prefix}records/{sequence:010d}.json"
