"""The promotion function's code as a zip: the same sources give the same bytes, on every machine."""

import ast
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from contract.errors import InputError

#: The package of the function's handler, and the packages whose modules travel with it as far as they are imported.
ENTRY, OWN = "model_deploy.promotion", ("contract", "model_deploy")

#: The earliest moment that a zip can name: entries carry no time of their own.
_MOMENT = (1980, 1, 1, 0, 0, 0)


def key(code: bytes) -> str:
    """Where the code lies in the project's bucket, named by its content."""
    return f"code/promotion-{hashlib.sha256(code).hexdigest()}.zip"


def archive(root: Path) -> bytes:
    """The handler's package and what it imports of the project, from the folder that holds the packages.

    Stored, not compressed: compression differs between versions of zlib. Raises InputError without the package.
    """
    found = sources(root)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as out:
        for path in sorted(found):
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _MOMENT)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            out.writestr(entry, path.read_bytes())
    return packed.getvalue()


def sources(root: Path) -> set[Path]:
    """The files of the entry's package, of the modules that they import, and of the packages around these."""
    folder = root.joinpath(*ENTRY.split("."))
    if not (folder / "__init__.py").is_file():
        raise InputError(f"{folder} is missing: a deployment needs the promotion function's code.")
    found: set[Path] = set()
    waiting = sorted(folder.rglob("*.py"))
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _around(root, path)
            waiting += [file for name in _imports(root, path) for file in _files(root, name)]
    return found


def _around(root: Path, path: Path) -> Iterator[Path]:
    """The `__init__.py` of each package that a module lies in: importing the module runs them."""
    for parent in path.parents:
        if parent == root:
            return
        yield parent / "__init__.py"


def _imports(root: Path, path: Path) -> Iterator[str]:
    """The dotted names that a module imports; `from a import b` may mean the module a.b."""
    package = path.parent.relative_to(root).parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            before = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*before, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _files(root: Path, name: str) -> Iterator[Path]:
    parts = name.split(".")
    if parts[0] in OWN:
        place = root.joinpath(*parts)
        yield from (path for path in (place.with_name(f"{place.name}.py"), place / "__init__.py") if path.is_file())
