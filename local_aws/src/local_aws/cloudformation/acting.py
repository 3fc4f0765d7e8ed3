"""One act on one resource, and what becomes of an error in it."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local_aws.cloudformation.resources.kind import Made
from local_aws.errors import AwsError
from local_aws.store import DISK_FULL

log = logging.getLogger("local_aws.cloudformation")

Document = dict[str, Any]


class StepError(Exception):
    """A step that failed. `record` is the resource's, empty for the stack; `action` CREATE, UPDATE or DELETE."""

    def __init__(self, action: str, record: Document, reason: str) -> None:
        super().__init__(reason)
        self.action, self.record, self.reason = action, record, reason


@contextmanager
def acting(action: str, record: Document) -> Iterator[None]:
    """Whatever goes wrong inside is the resource's failure, with the reason that a client would read.

    A disk without room is no failure: the step is tried again.
    """
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except AwsError as error:
        if error.status == DISK_FULL:
            raise
        raise StepError(action, record, f"{error.message} (Error Code: {error.code})") from error
    except Exception as error:
        log.exception("%s of %s failed", action, record.get("LogicalResourceId"))
        raise StepError(action, record, f"local_aws failed: {type(error).__name__}: {error}") from error


def made_of(record: Document) -> Made:
    """What a record says was made."""
    return Made(record["PhysicalResourceId"], record["Attributes"])
