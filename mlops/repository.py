"""Parts of the working tree in CodeCommit: what differs is committed, over the API alone, without git."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import boto3
import pathspec
from botocore.exceptions import ClientError

from contract.errors import InputError

#: CreateCommit's limits. https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html
FILES, FILE_BYTES, COMMIT_BYTES = 100, 6 * 2**20, 20 * 2**20

#: The branch has moved since it was looked at.
_OVERTAKEN = (
    "ConcurrentReferenceUpdateException",
    "FileDoesNotExistException",
    "NoChangeException",
    "ParentCommitIdOutdatedException",
    "ParentCommitIdRequiredException",
)

#: Of what belongs to git itself nothing is published.
_ALWAYS = [".git/"]


def ensure(name: str, description: str, tags: Mapping[str, str]) -> bool:
    """Make the repository when it is not there; whether it was made."""
    client = boto3.client("codecommit")
    try:
        client.get_repository(repositoryName=name)
    except client.exceptions.RepositoryDoesNotExistException:
        with suppress(client.exceptions.RepositoryNameExistsException):  # made by somebody else meanwhile
            client.create_repository(repositoryName=name, repositoryDescription=description, tags=dict(tags))
            return True
    return False


def publish(root: Path, name: str, branch: str, parts: Collection[str]) -> str | None:
    """Make the tip of the branch equal to the named parts of a tree, but for what its .gitignore files name.

    parts  names of files and folders in `root`: what else lies there, data above all, stays where it is
    The id of the last commit, None when nothing differed. Raises InputError for a file that CodeCommit does not take.
    When somebody else commits at the same time, what differs then is looked for anew.
    """
    for last in (False, False, False, False, True):
        try:
            return _publish(root, name, branch, parts)
        except ClientError as error:
            if last or error.response["Error"]["Code"] not in _OVERTAKEN:
                raise
    return None


def _publish(root: Path, name: str, branch: str, parts: Collection[str]) -> str | None:
    wanted = {path.relative_to(root).as_posix(): path for path in files(root, parts)}
    held = tip(name, branch)
    ids = {path: (blob_id(file.read_bytes()), mode(file)) for path, file in wanted.items()}
    put = sorted(path for path, entry in ids.items() if held.get(path) != entry)
    gone = sorted(held.keys() - wanted.keys())
    commit = None
    for batch in _batches(wanted, [*gone, *put]):
        commit = _commit(name, branch, wanted, batch)
    return commit


def files(root: Path, parts: Collection[str] | None = None) -> Iterator[Path]:
    """The project's files, sorted: regular ones that no .gitignore on the way to them names; None: of all parts."""
    yield from _below(root, [(root, pathspec.GitIgnoreSpec.from_lines(_ALWAYS))], parts)


def _below(
    folder: Path, rules: list[tuple[Path, pathspec.GitIgnoreSpec]], parts: Collection[str] | None = None
) -> Iterator[Path]:
    own = folder / ".gitignore"
    if own.is_file():
        lines = own.read_text(encoding="utf-8").splitlines()
        rules = [*rules, (folder, pathspec.GitIgnoreSpec.from_lines(lines))]
    for path in sorted(folder.iterdir()):
        if (parts is not None and path.name not in parts) or path.is_symlink() or _ignored(path, rules):
            continue
        if path.is_dir():
            yield from _below(path, rules)
        elif path.is_file():
            yield path


def _ignored(path: Path, rules: list[tuple[Path, pathspec.GitIgnoreSpec]]) -> bool:
    """The last pattern that matches decides, the nearest file's before those above it; as git does."""
    for base, spec in reversed(rules):
        name = path.relative_to(base).as_posix() + ("/" if path.is_dir() else "")
        decided = spec.check_file(name).include
        if decided is not None:
            return decided
    return False


def blob_id(content: bytes) -> str:
    """The id that git gives to a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def mode(path: Path) -> str:
    """As CodeCommit writes it in a difference: 100755 for what may be executed, else 100644."""
    return "100755" if os.access(path, os.X_OK) else "100644"


def tip(name: str, branch: str) -> dict[str, tuple[str, str]]:
    """Path → (blob id, mode) of every file at the branch's tip; empty when there is no such branch."""
    client = boto3.client("codecommit")
    if head(name, branch) is None:
        return {}
    pages = client.get_paginator("get_differences").paginate(repositoryName=name, afterCommitSpecifier=branch)
    blobs = [entry["afterBlob"] for page in pages for entry in page["differences"] if "afterBlob" in entry]
    return {blob["path"]: (blob["blobId"], blob["mode"]) for blob in blobs}


def head(name: str, branch: str) -> str | None:
    """The id of the branch's last commit; None when there is no such branch."""
    client = boto3.client("codecommit")
    try:
        return str(client.get_branch(repositoryName=name, branchName=branch)["branch"]["commitId"])
    except client.exceptions.BranchDoesNotExistException:
        return None


def _batches(wanted: Mapping[str, Path], paths: list[str]) -> Iterator[list[str]]:
    """The paths, as many at a time as one commit takes."""
    batch: list[str] = []
    size = 0
    for path in paths:
        length = wanted[path].stat().st_size if path in wanted else 0
        if length > FILE_BYTES:
            raise InputError(
                f"{wanted[path]} has {length / 2**20:.1f} MB, CodeCommit takes {FILE_BYTES // 2**20}: "
                "name it in .gitignore, or keep it in S3."
            )
        if len(batch) == FILES or size + length > COMMIT_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length
    if batch:
        yield batch


def _commit(name: str, branch: str, wanted: Mapping[str, Path], paths: list[str]) -> str:
    """Put the paths that are wanted, delete the others; the commit's id."""
    parent = head(name, branch)
    answer = boto3.client("codecommit").create_commit(
        repositoryName=name,
        branchName=branch,
        **({"parentCommitId": parent} if parent else {}),
        commitMessage="What the working tree holds",
        putFiles=[
            {
                "filePath": path,
                "fileMode": "EXECUTABLE" if mode(wanted[path]) == "100755" else "NORMAL",
                "fileContent": wanted[path].read_bytes(),
            }
            for path in paths
            if path in wanted
        ],
        deleteFiles=[{"filePath": path} for path in paths if path not in wanted],
    )
    return str(answer["commitId"])
