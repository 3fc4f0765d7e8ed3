"""Where pipelines live: a folder each, with a `config.toml`."""

import importlib.util
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import InputError
from model_build.config import FILE

INSTALLED = Path(__file__).parent / "pipelines"


def root() -> Path:
    """Where pipelines are looked for: the project's own folder, or the installed examples when it has none."""
    own = own_root()
    return own if own.is_dir() or "MLOPS_PIPELINES" in os.environ else INSTALLED


def own_root() -> Path:
    """Where new pipelines go: MLOPS_PIPELINES, else `model_build/pipelines` of the working directory."""
    return Path(os.environ.get("MLOPS_PIPELINES") or "model_build/pipelines")


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
    with own_code(path):
        spec.loader.exec_module(module)
    return module


@contextmanager
def own_code(path: Path) -> Iterator[None]:
    """Run code of the user's own from the file `path`: what it raises becomes an InputError with file and line."""
    try:
        yield
    except (InputError, BotoCoreError, ClientError):  # these are told apart by exit code
        raise
    except Exception as error:  # code of the user's own may raise anything
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        if isinstance(error, SyntaxError) and error.filename == str(path):
            lines.append(error.lineno)
        place = f"{path}, line {lines[-1]}" if lines else str(path)
        raise InputError(f"{place}: {type(error).__name__}: {str(error).rstrip('.')}.") from error
