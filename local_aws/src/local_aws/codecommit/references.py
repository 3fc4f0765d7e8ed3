"""Branches that come, move and go, and what EventBridge hears of it.

https://docs.aws.amazon.com/codecommit/latest/userguide/monitoring-events.html
"""

import re
from collections.abc import Callable
from typing import Any

from local_aws.codecommit import repositories
from local_aws.errors import AwsError
from local_aws.events import bus
from local_aws.operations import Aws

Document = dict[str, Any]

#: Repository, branch, commit.
OnMove = Callable[[str, str, str], None]

#: https://git-scm.com/docs/git-check-ref-format
_BAD = re.compile(r"\.\.|//|@\{|[\x00-\x20\x7f~^:?*\[\\]|^[-/.]|[/.]$|\.lock$|/\.")


class Branches:
    """Who is told of a moved branch inside the transaction that moves it, as pollers on AWS are a minute later."""

    def __init__(self, _: Aws) -> None:
        self.callbacks: list[OnMove] = []

    def on_move(self, callback: OnMove) -> None:
        self.callbacks.append(callback)

    def start(self) -> None:
        """Nothing lives here."""

    def stop(self) -> None:
        """Nothing lives here."""


def check_name(name: str) -> None:
    """Raises AwsError "InvalidBranchNameException"."""
    if _BAD.search(name) or re.fullmatch(r"[0-9a-f]{40}", name):
        raise AwsError("InvalidBranchNameException", f"{name!r} is not a name for a branch.")


def branch(aws: Aws, repository: Document, name: str) -> str:
    """The commit of a branch. Raises AwsError "BranchDoesNotExistException"."""
    found = repositories.tip(aws, repository, name)
    if found is None:
        raise AwsError("BranchDoesNotExistException", f"Branch {name} does not exist")
    return found


def move(aws: Aws, repository: Document, name: str, commit: str) -> None:
    """Let a branch, perhaps a new one, point to a commit; inside a transaction."""
    held = repositories.tip(aws, repository, name)
    aws.store.put(repositories.BRANCHES, f"{repository['repositoryId']}/{name}", {"commitId": commit})
    _tell(aws, repository, "referenceUpdated" if held else "referenceCreated", name, commit, held)
    for callback in aws.part(Branches).callbacks:
        callback(repository["repositoryName"], name, commit)


def remove(aws: Aws, repository: Document, name: str, held: str) -> None:
    aws.store.delete(repositories.BRANCHES, f"{repository['repositoryId']}/{name}")
    _tell(aws, repository, "referenceDeleted", name, None, held)


def _tell(aws: Aws, repository: Document, event: str, name: str, commit: str | None, held: str | None) -> None:
    detail = {
        "callerUserArn": f"arn:aws:iam::{aws.account}:user/local",
        "event": event,
        "repositoryName": repository["repositoryName"],
        "repositoryId": repository["repositoryId"],
        "referenceType": "branch",
        "referenceName": name,
        "referenceFullName": f"refs/heads/{name}",
        **({"commitId": commit} if commit else {}),
        **({"oldCommitId": held} if held else {}),
    }
    bus.emit(aws, "aws.codecommit", "CodeCommit Repository State Change", detail, [repository["Arn"]])
