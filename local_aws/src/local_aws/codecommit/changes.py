"""What a commit does to a tree, with CodeCommit's limits and refusals. Pure.

https://docs.aws.amazon.com/codecommit/latest/APIReference/API_CreateCommit.html
https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html
"""

from collections.abc import Callable
from typing import Any

from local_aws.codecommit.git import MODES, Tree
from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

#: Entries of a request, bytes of a file, bytes of all files of a request.
MOST_FILES, MOST_BYTES, MOST_TOGETHER = 100, 6 << 20, 20 << 20

_LONGEST_PATH = 4096


def check(request: Document) -> None:
    """What can be said without the repository. Raises AwsError."""
    entries = [entry for kind in ("putFiles", "deleteFiles", "setFileModes") for entry in request.get(kind) or []]
    if request.get("keepEmptyFolders"):
        raise NotSupported("keepEmptyFolders of CreateCommit")
    if len(entries) > MOST_FILES:
        raise AwsError(
            "MaximumFileEntriesExceededException",
            f"A commit can have at most {MOST_FILES} file entries, and this one has {len(entries)}.",
        )
    for entry in entries:
        check_path(entry["filePath"])
    paths = [entry["filePath"] for entry in entries]
    if repeated := sorted({path for path in paths if paths.count(path) > 1}):
        raise AwsError("SamePathRequestException", f"The file {repeated[0]} is named more than once.")
    together = 0
    for entry in request.get("putFiles") or []:
        together += _check_put(entry)
    if together > MOST_TOGETHER:
        raise AwsError(
            "FolderContentSizeLimitExceededException", f"A commit can bring at most {MOST_TOGETHER >> 20} MB."
        )


def _check_put(entry: Document) -> int:
    """The bytes that an entry brings."""
    content, source = entry.get("fileContent"), entry.get("sourceFile")
    if content is None and source is None:
        raise AwsError("SourceFileOrContentRequiredException", f"{entry['filePath']} has neither content nor source.")
    if content is not None and source is not None:
        raise AwsError(
            "FileContentAndSourceFileSpecifiedException", f"{entry['filePath']} has both content and a source file."
        )
    if len(content or b"") > MOST_BYTES:
        raise AwsError(
            "FileContentSizeLimitExceededException",
            f"The file {entry['filePath']} exceeds the limit of {MOST_BYTES >> 20} MB.",
        )
    return len(content or b"")


def check_path(path: str) -> None:
    """Raises AwsError "InvalidPathException" or "NameLengthExceededException"."""
    if len(path.encode()) > _LONGEST_PATH:
        raise AwsError("NameLengthExceededException", f"A path has at most {_LONGEST_PATH} bytes.")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/")) or "\0" in path:
        raise AwsError("InvalidPathException", f"The path {path!r} is not valid.")


def apply(before: Tree, request: Document, keep: Callable[[bytes], str]) -> dict[str, tuple[str, str]]:
    """The tree after a request that `check` has passed; `keep` gives the blob id of new bytes. Raises AwsError."""
    after = dict(before)
    for entry in request.get("deleteFiles") or []:
        _there(before, entry["filePath"])
        after.pop(entry["filePath"], None)
    for entry in request.get("putFiles") or []:
        mode = MODES[entry.get("fileMode") or "NORMAL"]
        if source := entry.get("sourceFile"):
            held = _there(before, source["filePath"])
            mode, blob = (MODES[entry["fileMode"]] if entry.get("fileMode") else held[0]), held[1]
            if source.get("isMove"):
                after.pop(source["filePath"], None)
        else:
            blob = keep(entry["fileContent"])
        after[entry["filePath"]] = (mode, blob)
    for entry in request.get("setFileModes") or []:
        after[entry["filePath"]] = (MODES[entry["fileMode"]], _there(after, entry["filePath"])[1])
    _check_names(before, after)
    return after


def _there(tree: Tree, path: str) -> tuple[str, str]:
    if path not in tree:
        raise AwsError("FileDoesNotExistException", f"The file {path} does not exist.")
    return tree[path]


def _check_names(before: Tree, after: Tree) -> None:
    """No path is a file and a folder at once."""
    for path in after:
        parent = path.rpartition("/")[0]
        while parent:
            if parent in after:
                new_file = parent not in before
                code = "FileNameConflictsWithDirectoryNameException"
                if not new_file:
                    code = "DirectoryNameConflictsWithFileNameException"
                raise AwsError(code, f"{parent} would be a file and a folder.")
            parent = parent.rpartition("/")[0]


def difference(before: Tree, after: Tree) -> tuple[list[str], list[str], list[str]]:
    """Paths that came, that changed and that went, each by name."""
    added = sorted(after.keys() - before.keys())
    updated = sorted(path for path in after.keys() & before.keys() if after[path] != before[path])
    return added, updated, sorted(before.keys() - after.keys())
