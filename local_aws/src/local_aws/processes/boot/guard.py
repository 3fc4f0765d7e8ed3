"""The import guard: a job sees what its image and its own folders have, and nothing else of this machine."""

import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Packages:
    """What an image's local host may import.

    image      the image's name, for messages
    site       folders with installed packages, appended to `sys.path` without their .pth files
    modules    top-level modules of the image's packages
    libraries  top-level modules that those packages need on this machine although the image lacks them: the
               packages may import them, the job's own code may not
    """

    image: str
    site: tuple[str, ...]
    modules: frozenset[str]
    libraries: frozenset[str]

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Packages":
        return cls(
            document["image"],
            tuple(document["site"]),
            frozenset(document["modules"]),
            frozenset(document["libraries"]),
        )


class Guard(MetaPathFinder):
    """Takes PathFinder's place: finds the image's modules and the job's own, and refuses the rest by name."""

    def __init__(self, packages: Packages, roots: tuple[str, ...] = ()) -> None:
        self.packages = packages
        self.roots = roots

    def install(self) -> None:
        kept = [finder for finder in sys.meta_path if finder is not PathFinder and not isinstance(finder, Guard)]
        sys.meta_path[:] = [*kept, self]

    @classmethod
    def invalidate_caches(cls) -> None:
        PathFinder.invalidate_caches()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is. Raises ModuleNotFoundError for an import that the image would not find either."""
        if path is not None or self._allowed(name):
            return PathFinder.find_spec(name, path, target)
        own = PathFinder.find_spec(name, [entry for entry in sys.path if self._own(entry)], target)
        if own is not None:
            return own
        if name in self.packages.libraries and not self._own(_importer()):
            return PathFinder.find_spec(name, None, target)
        if sys._getframe(2).f_globals.get("__name__") == importlib.util.__name__:
            return None  # `importlib.util.find_spec` only asks
        raise ModuleNotFoundError(
            f"No module named {name!r}: the image {self.packages.image} does not have it; put it as a wheel in the"
            " bundle, or use what the image has.",
            name=name,
        )

    def _allowed(self, name: str) -> bool:
        return name in sys.stdlib_module_names or name in self.packages.modules or name.startswith("_sysconfigdata")

    def _own(self, entry: str) -> bool:
        """Whether a path lies in the job's folders."""
        path = os.path.abspath(entry or ".")  # noqa: PTH100  strings: this runs at every import
        return any(path == root or path.startswith(root + "/") for root in self.roots)


def _importer() -> str:
    """The file of the code that imports."""
    frame = sys._getframe(2)
    while frame.f_back is not None and "importlib" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_filename
