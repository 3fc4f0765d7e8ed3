"""What an image's packages are called when they are imported, and what they need on this machine."""

import json
import re
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from local_aws.processes.images import Image

#: Distributions that give the same modules under another name.
TWINS = {"xgboost": ("xgboost-cpu",), "xgboost-cpu": ("xgboost",)}


def settings_of(image: Image, name: str) -> dict[str, Any]:
    """The document that a fork server reads: `boot.guard.Packages` and the modules to load at once."""
    installed = _installed()
    wanted = [twin for package in image.packages for twin in (_plain(package), *TWINS.get(_plain(package), ()))]
    present = [installed[package] for package in wanted if package in installed]
    modules = _modules(present)
    libraries = _modules(_needs(present, installed)) - modules
    return {
        "image": name,
        "site": list(_site()),
        "modules": sorted(modules),
        "libraries": sorted(libraries),
        "preload": list(image.preload),
    }


def write_settings(image: Image, folder: Path) -> Path:
    """The settings as a file below `folder`; a host's processes read it.

    Made anew only when the row or what is installed has changed: looking through all packages takes a while.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{image.repository}:{image.tags[0]}" if image.tags else image.repository
    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]', '_', name)}.json"
    made_for = repr((image, [(site, Path(site).stat().st_mtime_ns) for site in _site()]))
    if not path.exists() or json.loads(path.read_text())["made_for"] != made_for:
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(settings_of(image, name) | {"made_for": made_for}, indent=1))
        partial.replace(path)
    return path


def _site() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple(dict.fromkeys((paths["purelib"], paths["platlib"])))


def _plain(name: str) -> str:
    """PEP 503: `Zope.Event`, `zope_event` and `zope-event` are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed() -> dict[str, Distribution]:
    return {_plain(found.metadata["Name"]): found for found in distributions(path=list(_site()))}


def _needs(present: Iterable[Distribution], installed: dict[str, Distribution]) -> list[Distribution]:
    """All that the distributions require, extras aside, as far as it is installed."""
    found: dict[str, Distribution] = {}
    waiting = list(present)
    while waiting:
        for requirement in waiting.pop().requires or ():
            name, marker = _requirement(requirement)
            if "extra" not in marker and name in installed and name not in found:
                found[name] = installed[name]
                waiting.append(installed[name])
    return list(found.values())


def _requirement(text: str) -> tuple[str, str]:
    head, _, marker = text.partition(";")
    match = re.match(r"\s*([A-Za-z0-9._-]+)", head)
    return (_plain(match[1]) if match else "", marker)


def _modules(found: Iterable[Distribution]) -> set[str]:
    return {module for distribution in found for module in _top_level(distribution)}


def _top_level(found: Distribution) -> set[str]:
    """The names that its files make importable (RECORD; `top_level.txt` is optional and sometimes wrong)."""
    names = set()
    for path in found.files or ():
        first = path.parts[0]
        if len(path.parts) > 1:
            if path.suffix in (".py", ".so", ".pyd") and first.isidentifier():
                names.add(first)
        elif path.suffix in (".py", ".so", ".pyd"):
            names.add(first.partition(".")[0])
    return names
