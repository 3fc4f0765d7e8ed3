"""Errors with AWS's codes; the server turns them into each protocol's form."""

from typing import Any


class AwsError(Exception):
    """An error that a client of AWS would see.

    code     AWS's code, for example "ValidationException"
    message  one sentence
    status   HTTP status
    members  further members of the error's shape
    """

    def __init__(self, code: str, message: str, status: int = 400, **members: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


class NotSupported(AwsError):  # noqa: N818  it reads as what it says
    """What AWS can do and this machine cannot: said by name, never a silent success.

    501 is a status that botocore does not retry.
    """

    def __init__(self, what: str) -> None:
        super().__init__("NotImplemented", f"local_aws does not support {what}.", status=501)


class StartError(Exception):
    """The server cannot start or is not reachable; the text is one sentence for a person."""
