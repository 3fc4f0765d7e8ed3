"""What the store keeps of repositories: their documents, branches, commits, trees, and the bytes of files.

Bytes lie in files named by their git id, durable before a commit names them; what no commit names does no harm.
"""

import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from local_aws.codecommit import git
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.store import translate

Document = dict[str, Any]

REPOSITORIES, BRANCHES = "codecommit:Repository", "codecommit:Branch"
COMMITS, TREES = "codecommit:Commit", "codecommit:Tree"

_HEADS = "refs/heads/"


def find(aws: Aws, name: str) -> Document:
    """Raises AwsError "RepositoryDoesNotExistException"."""
    found = aws.store.get(REPOSITORIES, name)
    if found is None:
        raise AwsError("RepositoryDoesNotExistException", f"{name} does not exist")
    return found


def branches(aws: Aws, repository: Document) -> dict[str, str]:
    """Name → commit id, by name."""
    prefix = f"{repository['repositoryId']}/"
    found = {key.removeprefix(prefix): one["commitId"] for key, one in aws.store.scan(BRANCHES, prefix)}
    return dict(sorted(found.items()))


def tip(aws: Aws, repository: Document, branch: str) -> str | None:
    """The commit that a branch points to."""
    found = aws.store.get(BRANCHES, f"{repository['repositoryId']}/{branch}")
    return found["commitId"] if found else None


def commit(aws: Aws, repository: Document, commit_id: str) -> Document | None:
    return aws.store.get(COMMITS, f"{repository['repositoryId']}/{commit_id}")


def resolve(aws: Aws, repository: Document, specifier: str | None) -> Document:
    """The commit of a branch's name, `refs/heads/…`, `HEAD`, or an id; None means the default branch.

    Raises AwsError "CommitDoesNotExistException".
    """
    wanted = specifier or "HEAD"
    if wanted == "HEAD":
        wanted = repository.get("defaultBranch") or ""
    found = tip(aws, repository, wanted.removeprefix(_HEADS)) or wanted
    document = commit(aws, repository, found)
    if document is None:
        raise AwsError("CommitDoesNotExistException", f"Commit {specifier or 'HEAD'} does not exist")
    return document


def tree(aws: Aws, repository: Document, tree_id: str) -> dict[str, tuple[str, str]]:
    """Path → (mode, blob id)."""
    held = aws.store.get(TREES, f"{repository['repositoryId']}/{tree_id}") or {"Files": {}}
    return {path: (mode, blob) for path, (mode, blob) in held["Files"].items()}


def tree_of(aws: Aws, repository: Document, found: Document | None) -> dict[str, tuple[str, str]]:
    """The tree of a commit, empty for none."""
    return tree(aws, repository, found["treeId"]) if found else {}


# bytes


def folder(aws: Aws, repository: Document) -> Path:
    return aws.home / "codecommit" / str(repository["repositoryId"])


def path_of(aws: Aws, repository: Document, blob: str) -> Path:
    return folder(aws, repository) / blob[:2] / blob


def keep(aws: Aws, repository: Document, content: bytes) -> str:
    """Make bytes durable; their git id. Outside a transaction. Raises AwsError when the disk is full."""
    blob = git.blob_id(content)
    path = path_of(aws, repository, blob)
    if path.exists():
        return blob
    spare = path.with_name(f"{blob}.{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with spare.open("wb") as file:
            file.write(content)
            file.flush()
            aws.store.sync(file.fileno())
        spare.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY)  # the name is durable as well
        try:
            aws.store.sync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        spare.unlink(missing_ok=True)
        raise translate(error, aws.home) from error
    return blob


def read(aws: Aws, repository: Document, blob: str) -> bytes:
    return path_of(aws, repository, blob).read_bytes()


def forget(aws: Aws, repository: Document) -> None:
    """Remove everything that a repository has; inside a transaction."""
    prefix = f"{repository['repositoryId']}/"
    for kind in (BRANCHES, COMMITS, TREES):
        for key, _ in aws.store.scan(kind, prefix):
            aws.store.delete(kind, key)
    aws.store.delete(REPOSITORIES, repository["repositoryName"])
    gone = folder(aws, repository)
    aws.store.after_commit(lambda: shutil.rmtree(gone, ignore_errors=True))
