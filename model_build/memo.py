"""Definitions that were written before: the SDK takes seconds to import, and equal inputs give equal definitions.

A definition is remembered under a hash of all that it depends on: the pipeline's folder, the code of the rooms, the
target, the arguments, and the versions of SDK and botocore. A folder with its own pipeline.py may import anything, so
it is written anew each time.
"""

import base64
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contract.documents import Document, dumps, sha256
from model_build.assets import Assets
from model_build.built import Built
from model_build.bundle import ROOMS, root
from model_build.target import Target

#: Older ones are removed.
KEPT = 20


def key(name: str, folder: Path, target: Target, arguments: Mapping[str, Any]) -> str | None:
    """What the definition of the pipeline `name` is remembered under; None when it cannot be known in advance."""
    if (folder / "pipeline.py").exists():
        return None
    sources = {f"{room}/{path}": content for room in ROOMS for path, content in _contents(root(room)).items()}
    known = {
        "name": name,
        "folder": _contents(folder),
        "sources": sources,
        "target": asdict(target),
        "arguments": {option: repr(value) for option, value in arguments.items()},
        "versions": {package: version(package) for package in ("sagemaker", "botocore")},
    }
    return sha256(dumps(known).encode())


def recall(key: str, folder: Path) -> Built | None:
    """The definition remembered under `key`; None when there is none that can be read."""
    try:
        return _read(json.loads(_path(key).read_text(encoding="utf-8")), folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(key: str, built: Built) -> None:
    """Keep `built` under `key`. Where nothing can be written, nothing is kept: the next time takes as long."""
    path = _path(key)
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(_written(built)), encoding="utf-8")
        partial.replace(path)
        for old in sorted(path.parent.glob("*.json"), key=lambda file: file.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):
            partial.unlink()


def _path(key: str) -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 (never raises)
    return Path(home) / "sagemaker-mlops-template" / f"{key}.json"


def _contents(folder: Path) -> dict[str, str]:
    """Path below the folder → hash of the file; pipelines of the project and what Python compiled left out."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    named = ((path.relative_to(folder).as_posix(), path) for path in files)
    return {name: sha256(path.read_bytes()) for name, path in named if not name.startswith("pipelines/")}


def _written(built: Built) -> Document:
    assets = built.assets
    folders = {
        prefix: {path: base64.b85encode(content).decode() for path, content in files.items()}
        for prefix, files in assets.folders.items()
    }
    return {
        **{name: value for name, value in vars(built).items() if name not in ("folder", "target", "assets")},
        "target": asdict(built.target),
        "assets": {"bucket": assets.bucket, "prefix": assets.prefix, "folders": folders, "bundles": assets.bundles},
    }


def _read(document: Document, folder: Path) -> Built:
    assets = document.pop("assets")
    assets["folders"] = {
        prefix: {path: base64.b85decode(content) for path, content in files.items()}
        for prefix, files in assets["folders"].items()
    }
    target = Target(**document.pop("target"))
    return Built(folder=folder, target=target, assets=Assets(**assets), **document)
