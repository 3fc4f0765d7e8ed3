"""Git's object ids, and trees as flat mappings. Pure.

A tree is path → (mode, blob id), with modes as git writes them: "100644", "100755", "120000".
https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

Tree = Mapping[str, tuple[str, str]]

#: CodeCommit's names of the modes.
MODES = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}
NAMES = {mode: name for name, mode in MODES.items()}

_FOLDER = "40000"


def object_id(kind: str, content: bytes) -> str:
    """The id of an object, `kind` being "blob", "tree" or "commit"."""
    return hashlib.sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def blob_id(content: bytes) -> str:
    return object_id("blob", content)


def folders(tree: Tree) -> dict[str, str]:
    """Every folder of a tree by its path, "" for the root, and the id of its tree."""
    children: dict[str, dict[str, tuple[str, str]]] = {"": {}}
    for path, (mode, blob) in tree.items():
        parent, _, name = path.rpartition("/")
        children.setdefault(parent, {})[name] = (mode, blob)
        while parent:
            parent = parent.rpartition("/")[0]
            children.setdefault(parent, {})
    found: dict[str, str] = {}
    for path in sorted(children, key=lambda one: -len(one)):  # a folder's path is shorter than those of its folders
        found[path] = _tree_id(children[path])
        if path:
            parent, _, name = path.rpartition("/")
            children[parent][name] = (_FOLDER, found[path])
    return found


def _tree_id(entries: Mapping[str, tuple[str, str]]) -> str:
    """Git orders by name, folders as if theirs ended with a slash."""
    ordered = sorted(entries.items(), key=lambda one: (one[0] + "/" * (one[1][0] == _FOLDER)).encode())
    content = b"".join(f"{mode} {name}".encode() + b"\0" + bytes.fromhex(what) for name, (mode, what) in ordered)
    return object_id("tree", content)


@dataclass(frozen=True)
class Signature:
    """Who and when; `seconds` since 1970."""

    name: str
    email: str
    seconds: int

    @property
    def date(self) -> str:
        return f"{self.seconds} +0000"


def commit_id(tree: str, parents: tuple[str, ...], author: Signature, message: str) -> str:
    """The id of a commit whose author is its committer."""
    who = f"{author.name} <{author.email}> {author.date}"
    lines = [f"tree {tree}", *(f"parent {one}" for one in parents), f"author {who}", f"committer {who}", "", message]
    return object_id("commit", "\n".join(lines).encode())
