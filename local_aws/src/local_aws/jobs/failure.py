"""Why a job failed, in the words that AWS would use."""

from pathlib import Path

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


def message_in(path: Path) -> str:
    """What the program left in a file for its caller; empty when there is none."""
    try:
        with path.open("rb") as file:
            return file.read(4 * LONGEST).decode("utf-8", "replace")[:LONGEST].strip()
    except (FileNotFoundError, IsADirectoryError):
        return ""
