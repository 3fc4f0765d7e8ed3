"""Why a job failed, in the words that AWS would use."""

import errno
import logging
from pathlib import Path

from local_aws.errors import AwsError

log = logging.getLogger("local_aws.jobs")

#: The longest FailureReason and ExitMessage of the API.
LONGEST = 1024


class JobError(Exception):
    """A job cannot go on; the text is its FailureReason."""


def reason_of(text: str, code: int | None) -> str:
    """ "AlgorithmError: <text>, exit code: N", at most 1,024 characters."""
    if code is None:
        return "InternalServerError: The job's host was killed. Try again."
    tail = f", exit code: {code}"
    return f"AlgorithmError: {text.strip()[: LONGEST - len(tail) - len('AlgorithmError: ')]}{tail}"


def reason_of_error(error: Exception, home: Path) -> str:
    """The FailureReason for whatever was raised; what nobody foresaw is in the server's log as well."""
    if isinstance(error, JobError):
        reason = str(error)
    elif isinstance(error, AwsError):
        reason = f"{'InternalServerError' if error.status >= 500 else 'ClientError'}: {error.message}"
    elif isinstance(error, OSError):
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = f"InternalServerError: {f'The disk below {home} is full.' if full else error}"
    else:
        log.error("A job failed inside local_aws.", exc_info=error)
        reason = f"InternalServerError: {type(error).__name__}: {error}"
    return reason.encode("utf-8", "backslashreplace").decode()[:LONGEST]


def message_in(path: Path) -> str:
    """What the program left in a file for its caller; empty when there is none."""
    try:
        with path.open("rb") as file:
            return file.read(4 * LONGEST).decode("utf-8", "replace")[:LONGEST].strip()
    except (FileNotFoundError, IsADirectoryError):
        return ""
