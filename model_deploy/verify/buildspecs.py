"""Buildspecs: CodeBuild finds their faults at the first run, and there is no public schema.

Source: "Build specification reference for CodeBuild", user guide.
"""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import yaml

SECTIONS = {"version", "env", "phases", "artifacts", "reports", "cache", "proxy", "run-as", "batch"}
PHASES = ("install", "pre_build", "build", "post_build")
PHASE = {"commands", "finally", "on-failure", "run-as", "runtime-versions"}

#: Buildspec → files that later stages read from its artifact.
EXPORTS = {"build.yml": ("staging-template-export.yml", "prod-config-export.json", "package.json")}


def faults(path: Path) -> Iterator[str]:
    """What CodeBuild would refuse, or a later stage would miss, in the buildspec at `path`."""
    if not path.is_file():
        yield f"there is no file {path.name} in the repository"
        return
    try:
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        yield f"{path.name} is no YAML: {' '.join(str(error).split())}"
        return
    if not isinstance(spec, dict) or str(spec.get("version")) != "0.2":
        yield f"{path.name}: version must be 0.2"
        return
    for key in sorted(set(spec) - SECTIONS):
        yield f"{path.name}: {key} is not known"
    for name, phase in spec.get("phases", {}).items():
        if name not in PHASES:
            yield f"{path.name}: there is no phase {name}"
        for key in sorted(set(phase) - PHASE):
            yield f"{path.name}: {name}.{key} is not known"
        if not all(isinstance(command, str) for command in phase.get("commands", [])):
            yield f"{path.name}: {name}.commands must be texts"
    if "build" not in spec.get("phases", {}):
        yield f"{path.name}: there is no phase build"
    files = spec.get("artifacts", {}).get("files", [])
    for export in EXPORTS.get(path.name, ()):
        if not any(fnmatch(export, pattern) for pattern in files):
            yield f"{path.name}: {export} does not get into the artifact"
