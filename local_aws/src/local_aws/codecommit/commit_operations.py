"""The operations that make commits."""

from typing import Any

from local_aws.codecommit import changes, references, repositories
from local_aws.codecommit.git import NAMES, Signature, Tree, commit_id, folders
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codecommit")

_NOBODY = "local_aws"


@operations("CreateCommit")
def create_commit(aws: Aws, request: Request) -> Result:
    made, before, after = commit(aws, request)
    added, updated, deleted = changes.difference(before, after)
    return {
        "commitId": made["commitId"],
        "treeId": made["treeId"],
        "filesAdded": [_file(after, path) for path in added],
        "filesUpdated": [_file(after, path) for path in updated],
        "filesDeleted": [_file(before, path) for path in deleted],
    }


def _file(tree: Tree, path: str) -> Document:
    mode, blob = tree[path]
    return {"absolutePath": path, "blobId": blob, "fileMode": NAMES[mode]}


def commit(aws: Aws, request: Request) -> tuple[Document, Tree, Tree]:
    """The new commit, the tree before and the tree after. Raises AwsError.

    Bytes are durable before the one transaction that names them.
    """
    changes.check(request)
    references.check_name(request["branchName"])
    repository = repositories.find(aws, request["repositoryName"])
    for entry in request.get("putFiles") or []:
        if entry.get("fileContent") is not None:
            repositories.keep(aws, repository, entry["fileContent"])
    with aws.store.transaction():
        repository = repositories.find(aws, request["repositoryName"])
        parent = _parent(aws, repository, request)
        before = repositories.tree_of(aws, repository, parent)
        after = changes.apply(before, request, lambda content: repositories.keep(aws, repository, content))
        if parent and after == before:
            raise AwsError("NoChangeException", "The commit would change nothing.")
        if not parent and not after:
            raise AwsError("FileEntryRequiredException", "The first commit of a repository needs a file.")
        made = _write(aws, repository, request, parent, after)
        if not repository.get("defaultBranch"):
            repository["defaultBranch"] = request["branchName"]
        repository["lastModifiedDate"] = aws.clock.now()
        aws.store.put(repositories.REPOSITORIES, repository["repositoryName"], repository)
        references.move(aws, repository, request["branchName"], made["commitId"])
    return made, before, after


def _parent(aws: Aws, repository: Document, request: Request) -> Document | None:
    """The commit that the branch points to, if it is the one that the request builds on. Raises AwsError."""
    branch, given = request["branchName"], request.get("parentCommitId")
    held = repositories.tip(aws, repository, branch)
    if held is None:
        if repositories.branches(aws, repository):
            raise AwsError("BranchDoesNotExistException", f"Branch {branch} does not exist")
        return None
    if not given:
        raise AwsError(
            "ParentCommitIdRequiredException", f"The branch {branch} is not empty: parentCommitId is needed."
        )
    if repositories.commit(aws, repository, given) is None:
        raise AwsError("ParentCommitDoesNotExistException", f"The parent commit {given} does not exist.")
    if given != held:
        raise AwsError("ParentCommitIdOutdatedException", f"The branch {branch} is at {held} and not at {given}.")
    return repositories.commit(aws, repository, held)


def _write(aws: Aws, repository: Document, request: Request, parent: Document | None, after: Tree) -> Document:
    name = request.get("authorName") or request.get("name") or _NOBODY
    author = Signature(name, request.get("email") or "", int(aws.clock.now()))
    tree, message = folders(after)[""], request.get("commitMessage") or ""
    parents = (parent["commitId"],) if parent else ()
    who = {"name": author.name, "email": author.email, "date": author.date}
    made = {
        "commitId": commit_id(tree, parents, author, message),
        "treeId": tree,
        "parents": list(parents),
        "message": message,
        "author": who,
        "committer": who,
        "additionalData": "",
    }
    prefix = repository["repositoryId"]
    aws.store.put(repositories.TREES, f"{prefix}/{tree}", {"Files": dict(after)})
    aws.store.put(repositories.COMMITS, f"{prefix}/{made['commitId']}", made)
    return made


@operations("PutFile")
def put_file(aws: Aws, request: Request) -> Result:
    path = request["filePath"]
    entry = {key: request.get(key) for key in ("filePath", "fileContent", "fileMode")}
    try:
        made, _, after = commit(aws, request | {"putFiles": [entry]})
    except AwsError as error:
        if error.code != "NoChangeException":
            raise
        raise AwsError("SameFileContentException", f"The file {path} has this content already.") from None
    return {"commitId": made["commitId"], "treeId": made["treeId"], "blobId": after[path][1]}


@operations("DeleteFile")
def delete_file(aws: Aws, request: Request) -> Result:
    path = request["filePath"]
    made, before, _ = commit(aws, request | {"deleteFiles": [{"filePath": path}]})
    return {"commitId": made["commitId"], "treeId": made["treeId"], "blobId": before[path][1], "filePath": path}
