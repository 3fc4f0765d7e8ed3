"""`config.toml` as a `Config`, or in words what is wrong with it. TOML and pydantic stay where people author."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contract.documents import Document
from contract.errors import InputError
from model_build.config.coherence import contradictions
from model_build.config.sentences import sentences
from model_build.config.tables import Config

FILE = "config.toml"


def load(folder: Path) -> Config:
    """The configuration of the pipeline in `folder`.

    Raises InputError: one line per fault, each with file, key and reason.
    """
    path = folder / FILE
    return parse(_read(path), str(path), own_model=(folder / "train.py").is_file())


def parse(document: Document, source: str, own_model: bool = False) -> Config:
    """`document` as a configuration; `source` names it in messages. With `own_model`, hyperparameters are free.

    Raises InputError like `load`.
    """
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        raise InputError("\n".join(f"{source}: {line}" for line in sentences(error))) from None
    if faults := list(contradictions(config, own_model)):
        raise InputError("\n".join(f"{source}: {fault}" for fault in faults))
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            f"{path} is missing: `mlops new {path.parent.name} --data FILE --label COLUMN` writes one."
        ) from None
    except (ValueError, RecursionError) as error:  # of TOML and UTF-8; a number too long, or tables too deep
        raise InputError(f"{path} is not TOML: {error}.") from None
