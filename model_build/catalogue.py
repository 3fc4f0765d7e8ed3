"""Where pipelines live: a folder each, with a `config.toml`."""

import importlib.util
import os
from pathlib import Path
from typing import Any

from contract.errors import InputError
from model_build.config import FILE

INSTALLED = Path(__file__).parent / "pipelines"


def root() -> Path:
    """MLOPS_PIPELINES, else `model_build/pipelines` of the working directory, else the installed examples."""
    if named := os.environ.get("MLOPS_PIPELINES"):
        return Path(named)
    here = Path("model_build/pipelines")
    return here if here.is_dir() else INSTALLED


def names() -> list[str]:
    """The pipelines that are there, sorted."""
    return sorted(path.parent.name for path in root().glob(f"*/{FILE}"))


def folder(name: str) -> Path:
    """The folder of the pipeline `name`. Raises InputError when there is none."""
    found = root() / name
    if not (found / FILE).is_file():
        known = ", ".join(names()) or "none"
        raise InputError(f"There is no pipeline {name!r} in {root()} (known: {known}); `mlops new {name}` makes one.")
    return found


def load(path: Path) -> Any:
    """The module in the file `path`, wherever the pipelines live. Raises InputError when it cannot be imported."""
    spec = importlib.util.spec_from_file_location(f"pipeline_{path.parent.name}_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is not a Python module.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
