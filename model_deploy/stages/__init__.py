"""The stages of each project, and how they are read: `base.toml` with the stage's own file on top."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from contract.documents import Document
from contract.errors import InputError
from model_deploy.coherence import contradictions
from model_deploy.config import Stage
from model_deploy.modes import KEYS, MODES, ModeName, refusal

BASE = "base.toml"
NAMES = ("staging", "prod")
ROOT = Path(__file__).parent


def load(folder: Path, name: str) -> Stage:
    """The stage `name` of the project in `folder`.

    Raises InputError: one line per fault, each with file, key and reason.
    """
    base, own = _read(folder / BASE), _read(folder / f"{name}.toml")
    if faults := list(_named(folder, name, base, own)):
        raise InputError("\n".join(faults))
    try:
        stage = Stage.model_validate({**_merged(base, own), "name": name})
    except ValidationError as error:
        found = [(".".join(map(str, fault["loc"])), _reason(cast(Document, fault))) for fault in error.errors()]
    else:
        found = list(contradictions(stage))
    if found:
        raise InputError("\n".join(f"{_file(folder, name, own, key)}: {key}: {reason}" for key, reason in found))
    return stage


def strays(folder: Path) -> list[str]:
    """One sentence for each TOML file that no stage reads, so that nobody believes it."""
    read = {BASE, *(f"{name}.toml" for name in NAMES)}
    found = sorted(path for path in folder.glob("*.toml") if path.name not in read)
    return [f"{path}: no stage reads this file; the stages are {' and '.join(NAMES)}." for path in found]


def project(name: str) -> Path:
    """The folder of the project `name`. Raises InputError when there is none."""
    folder = ROOT / name
    if not (folder / BASE).is_file():
        known = ", ".join(sorted(path.parent.name for path in ROOT.glob(f"*/{BASE}"))) or "none yet"
        raise InputError(f"There are no stages of {name!r} in {ROOT}; there are: {known}.")
    return folder


def _read(path: Path) -> Document:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is missing.") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}.") from None


def _merged(base: Document, own: Document) -> Document:
    """Tables are merged, everything else is replaced."""
    both = {key: _merged(base[key], own[key]) for key in base.keys() & own.keys() if _tables(base[key], own[key])}
    return {**base, **own, **both}


def _tables(*values: Any) -> bool:
    return all(isinstance(value, dict) for value in values)


def _named(folder: Path, name: str, base: Document, own: Document) -> Iterator[str]:
    for path, document in ((folder / BASE, base), (folder / f"{name}.toml", own)):
        if "name" in document:
            yield f"{path}: name: the file's name is the stage's name; leave this key out."


def _file(folder: Path, name: str, own: Document, key: str) -> Path:
    """The file that a reader has to open: the stage's own when it holds the key, else the base."""
    inside: Any = own
    for part in key.split("."):
        if not isinstance(inside, dict) or part not in inside:
            return folder / BASE
        inside = inside[part]
    return folder / f"{name}.toml"


def _reason(fault: Document) -> str:
    """The sentence for one of pydantic's errors; an unknown key that AWS's table explains quotes it."""
    where = [str(part) for part in fault["loc"]]
    if fault["type"] == "extra_forbidden":
        if where[0] in MODES and where[1] in KEYS and (why := refusal(cast(ModeName, where[0]), KEYS[where[1]])):
            return f"AWS refuses {KEYS[where[1]]} in this mode: {why}."
        return "this key is not known."
    if fault["type"] == "missing":
        return "this key is missing."
    return f"{fault['msg'].removeprefix('Value error, ')}; {fault['input']!r:.100} stands there."
