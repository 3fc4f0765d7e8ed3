"""Requests and answers that travel through the stage's bucket."""

import time
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from model_deploy.config import Stage
from model_deploy.project import Project
from model_deploy.proof.account import Account

#: Seconds between two looks at something that AWS is still busy with.
PAUSE = 0.5


@dataclass(frozen=True)
class Storage:
    """A folder of its own for one proof, below what the stage's roles may read."""

    account: Account
    bucket: str
    prefix: str

    @classmethod
    def of(cls, account: Account, project: Project, stage: Stage) -> "Storage":
        prefix = f"deployments/{project.name}/{stage.name}/proof/{uuid.uuid4().hex}"
        return cls(account, stage.bucket or project.bucket, prefix)

    @cached_property
    def s3(self) -> Any:
        return self.account.client("s3")

    def put(self, name: str, body: bytes) -> str:
        """Write an object and return its key."""
        key = f"{self.prefix}/{name}"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return key

    def find(self, url: str) -> bytes | None:
        """An object by its s3:// address, None when it is not there yet."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        try:
            body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return body


class Patience:
    """Waits between looks, until a limit. `pause` raises TimeoutError with what was waited for."""

    def __init__(self, seconds: float, waited_for: str) -> None:
        self._end = time.monotonic() + seconds
        self._said = f"{waited_for} within {seconds:.0f} s"

    def pause(self) -> None:
        if time.monotonic() > self._end:
            raise TimeoutError(f"There was no {self._said}.")
        time.sleep(PAUSE)
