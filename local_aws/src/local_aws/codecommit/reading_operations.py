"""The operations that read commits, folders and files."""

import re
from collections.abc import Callable
from typing import Any

from local_aws import crud
from local_aws.codecommit import changes, repositories
from local_aws.codecommit.git import NAMES, Tree, folders
from local_aws.errors import AwsError
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("codecommit")

#: Differences of a page when the request does not say. Bytes of the largest file that reads give.
_PAGE, _MOST_BYTES = 400, 6 << 20


@operations("GetCommit")
def get_commit(aws: Aws, request: Request) -> Result:
    wanted = request["commitId"]
    if not re.fullmatch("[0-9a-f]{40}", wanted):
        raise AwsError("InvalidCommitIdException", f"{wanted} is not the id of a commit.")
    found = repositories.commit(aws, repositories.find(aws, request["repositoryName"]), wanted)
    if found is None:
        raise AwsError("CommitIdDoesNotExistException", f"Commit {wanted} does not exist")
    return {"commit": found}


@operations("BatchGetCommits")
def batch_get_commits(aws: Aws, request: Request) -> Result:
    repository = repositories.find(aws, request["repositoryName"])
    found = {wanted: repositories.commit(aws, repository, wanted) for wanted in request["commitIds"]}
    return {
        "commits": [one for one in found.values() if one],
        "errors": [
            {"commitId": wanted, "errorCode": "CommitIdDoesNotExistException", "errorMessage": "It does not exist."}
            for wanted, one in found.items()
            if one is None
        ],
    }


@operations("GetDifferences")
def get_differences(aws: Aws, request: Request) -> Result:
    """Everything that the second commit has is new when there is no first one."""
    repository, before = repositories.find(aws, request["repositoryName"]), None
    if request.get("beforeCommitSpecifier"):
        before = repositories.resolve(aws, repository, request["beforeCommitSpecifier"])
    after = repositories.resolve(aws, repository, request["afterCommitSpecifier"])
    old = _below(repositories.tree_of(aws, repository, before), request.get("beforePath"))
    new = _below(repositories.tree_of(aws, repository, after), request.get("afterPath"))
    added, updated, deleted = changes.difference(old, new)
    found = [
        *({"changeType": "A", "afterBlob": _blob(new, path), "Path": path} for path in added),
        *(
            {"changeType": "M", "beforeBlob": _blob(old, path), "afterBlob": _blob(new, path), "Path": path}
            for path in updated
        ),
        *({"changeType": "D", "beforeBlob": _blob(old, path), "Path": path} for path in deleted),
    ]
    size = request.get("MaxResults") or _PAGE
    if size < 1:
        raise AwsError("InvalidMaxResultsException", "MaxResults must be positive.")
    page, token = crud.cut(found, lambda one: one["Path"], request.get("NextToken"), size)
    return {"differences": page, "NextToken": token}


def _below(tree: Tree, path: str | None) -> Tree:
    """The part of a tree that a path names, a file or a folder. Raises AwsError "PathDoesNotExistException"."""
    wanted = (path or "").strip("/")
    if not wanted:
        return tree
    found = {name: what for name, what in tree.items() if name == wanted or name.startswith(f"{wanted}/")}
    if not found:
        raise AwsError("PathDoesNotExistException", f"The path {path} does not exist.")
    return found


def _blob(tree: Tree, path: str) -> Document:
    return {"blobId": tree[path][1], "path": path, "mode": tree[path][0]}


@operations("GetBlob")
def get_blob(aws: Aws, request: Request) -> Result:
    repository, wanted = repositories.find(aws, request["repositoryName"]), request["blobId"]
    if not re.fullmatch("[0-9a-f]{40}", wanted):
        raise AwsError("InvalidBlobIdException", f"{wanted} is not the id of a blob.")
    if not repositories.path_of(aws, repository, wanted).exists():
        raise AwsError("BlobIdDoesNotExistException", f"Blob {wanted} does not exist")
    return {"content": _content(aws, repository, wanted)}


def _content(aws: Aws, repository: Document, blob: str) -> bytes:
    content = repositories.read(aws, repository, blob)
    if len(content) > _MOST_BYTES:
        raise AwsError("FileTooLargeException", f"The file has more than {_MOST_BYTES >> 20} MB.")
    return content


@operations("GetFile")
def get_file(aws: Aws, request: Request) -> Result:
    repository = repositories.find(aws, request["repositoryName"])
    commit = repositories.resolve(aws, repository, request.get("commitSpecifier"))
    path = request["filePath"].strip("/")
    held = repositories.tree_of(aws, repository, commit).get(path)
    if held is None:
        raise AwsError("FileDoesNotExistException", f"The file {request['filePath']} does not exist.")
    content = _content(aws, repository, held[1])
    return {
        "commitId": commit["commitId"],
        "blobId": held[1],
        "filePath": path,
        "fileMode": NAMES[held[0]],
        "fileSize": len(content),
        "fileContent": content,
    }


@operations("GetFolder")
def get_folder(aws: Aws, request: Request) -> Result:
    repository = repositories.find(aws, request["repositoryName"])
    commit = repositories.resolve(aws, repository, request.get("commitSpecifier"))
    tree, path = repositories.tree_of(aws, repository, commit), request["folderPath"].strip("/")
    known = folders(tree)
    if path not in known:
        raise AwsError("FolderDoesNotExistException", f"The folder {request['folderPath']} does not exist.")
    return {
        "commitId": commit["commitId"],
        "folderPath": path,
        "treeId": known[path],
        "subFolders": [
            {"treeId": known[one], "absolutePath": one, "relativePath": one.rpartition("/")[2]}
            for one in sorted(known)
            if one and one.rpartition("/")[0] == path
        ],
        "files": _files(tree, path, lambda mode: mode != "120000"),
        "symbolicLinks": _files(tree, path, lambda mode: mode == "120000"),
        "subModules": [],
    }


def _files(tree: Tree, path: str, wanted: Callable[[str], bool]) -> list[Document]:
    return [
        {
            "blobId": blob,
            "absolutePath": one,
            "relativePath": one.rpartition("/")[2],
            "fileMode": NAMES[mode],
        }
        for one, (mode, blob) in sorted(tree.items())
        if one.rpartition("/")[0] == path and wanted(mode)
    ]
