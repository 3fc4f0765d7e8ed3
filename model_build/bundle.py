"""The code of a job: the modules of the project that its program imports, and nothing else, named by content.

Imports are followed statically, so a byte changed in one module changes the bundles of those jobs only that can see
it. Whoever wants a module at run time by name (`features`) names it among the entries.
"""

import ast
import gzip
import importlib.util
import io
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from contract.documents import dumps, sha256
from contract.errors import InputError

#: The packages of the project that may travel into a job.
ROOMS = ("contract", "preprocessing", "random_cut_forest", "analysis", "inference", "model_build")

TRAIN = 'from {program} import main\n\nif __name__ == "__main__":\n    main()\n'


@dataclass(frozen=True)
class Bundle:
    """Path below the bundle's folder → content."""

    files: Mapping[str, bytes]

    @cached_property
    def digest(self) -> str:
        """64 hexadecimal characters that name this content."""
        return sha256(dumps({path: sha256(content) for path, content in self.files.items()}).encode())

    def beside(self, folder: str, other: "Bundle") -> "Bundle":
        """This bundle with the files of `other` below `folder`."""
        return Bundle({**self.files, **{f"{folder}/{path}": content for path, content in other.files.items()}})

    def tar(self) -> bytes:
        """The files as tar.gz; equal files give equal bytes."""
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
            for path in sorted(self.files):
                entry = tarfile.TarInfo(path)
                entry.size = len(self.files[path])
                tar.addfile(entry, io.BytesIO(self.files[path]))
        return buffer.getvalue()


def collect(entries: Iterable[str], folder: Path) -> Bundle:
    """The bundle of the modules `entries` and all that they import.

    `folder` is the pipeline's own: its modules stand at the top level of the bundle. Raises InputError when an entry
    cannot be found or a module is no Python.
    """
    files: dict[str, bytes] = {}
    waiting = list(entries)
    for name in waiting:
        if _find(name, folder) is None:
            raise InputError(f"The module {name} is neither in {folder} nor in the project.")
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or (path := _find(name, folder)) is None:
            continue
        seen.add(name)
        files |= _files(name, path)
        waiting += _ancestors(name)
        waiting += _imports(name, path, path.read_bytes())
    return Bundle(dict(sorted(files.items())))


def training(program: Bundle, serving: Bundle, module: str = "model_build.jobs.train") -> Bundle:
    """What Train unpacks: a program `train.py` on top, the rooms, and `serving/`, which it copies to the artefact.

    module  what `train.py` runs, when the pipeline has no such file of its own
    """
    return Bundle({"train.py": TRAIN.format(program=module).encode(), **program.files}).beside("serving", serving)


def _ancestors(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts)))


def _find(name: str, folder: Path) -> Path | None:
    """The file of a module of the project, None for all others."""
    top, *rest = name.split(".")
    if top not in ROOMS:
        own = folder / f"{top}.py"
        return own if not rest and own.is_file() else None
    base = root(top).joinpath(*rest)
    candidates = (base / "__init__.py", base.with_suffix(".py"))
    return next((path for path in candidates if path.is_file()), None)


@cache
def root(room: str) -> Path:
    """The folder of a package of the project. Raises InputError when it is not installed."""
    spec = importlib.util.find_spec(room)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(f"The package {room} is not installed; `make setup` does that.")
    return Path(next(iter(spec.submodule_search_locations)))


def _files(name: str, path: Path) -> dict[str, bytes]:
    """The module, and what stands beside a package's `__init__` that is no Python (templates, tables)."""
    parent = name.replace(".", "/")
    if path.name != "__init__.py":
        return {f"{parent}.py": path.read_bytes()}
    data = (file for file in path.parent.iterdir() if file.is_file() and file.suffix not in (".py", ".pyc", ".pyi"))
    shown = [path, *(file for file in data if not file.name.startswith("."))]
    return {f"{parent}/{file.name}": file.read_bytes() for file in shown}


@cache
def _imports(name: str, path: Path, content: bytes) -> tuple[str, ...]:
    return tuple(_imported(name, path, content))


def _imported(name: str, path: Path, content: bytes) -> Iterator[str]:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{path} is not Python: {error}.") from None
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
