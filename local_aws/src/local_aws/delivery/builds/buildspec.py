"""A buildspec of version 0.2: read, checked, and refused by name where this machine cannot follow it.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Document = dict[str, Any]

PHASES = ("install", "pre_build", "build", "post_build")

SHELLS = ("sh", "bash")


class BuildspecError(Exception):
    """The buildspec cannot be followed; the text says what and where."""


@dataclass(frozen=True)
class Phase:
    """Commands, and those that run after them in any case. `on_failure` is ABORT, CONTINUE, or "" for AWS's way."""

    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    on_failure: str = ""


@dataclass(frozen=True)
class Artifacts:
    """What to take from where: patterns below `base` (a pattern too), without those of `exclude`."""

    files: tuple[str, ...]
    base: str = ""
    name: str = ""
    discard_paths: bool = False
    exclude: tuple[str, ...] = ()
    symlinks: bool = False


@dataclass(frozen=True)
class Buildspec:
    """`secondary` are the artifacts by their identifiers; `cached` are paths that the next build shall find again."""

    phases: Mapping[str, Phase]
    variables: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    runtimes: Mapping[str, str] = field(default_factory=dict)
    shell: str = "sh"
    artifacts: Artifacts | None = None
    secondary: Mapping[str, Artifacts] = field(default_factory=dict)
    cached: tuple[str, ...] = ()


def _load(text: str) -> Any:
    """All scalars as they are written: the version 3.10 is no number."""
    try:
        import yaml
    except ModuleNotFoundError:
        raise BuildspecError("Buildspecs need PyYAML: install local-aws[cloudformation]") from None
    try:
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  it makes texts, lists and mappings alone
    except yaml.YAMLError as error:
        raise BuildspecError(f"The buildspec is no YAML: {' '.join(str(error).split())}") from None


def read(text: str) -> Buildspec:
    """Raises BuildspecError."""
    document = _load(text)
    if not isinstance(document, dict):
        raise BuildspecError("The buildspec is no mapping: it begins with `version: 0.2`.")
    if str(document.get("version")) != "0.2":
        raise BuildspecError(f"The buildspec has the version {document.get('version')}: 0.2 is needed.")
    _only(document, ("version", "env", "phases", "artifacts", "cache"), "")
    env = _mapping(document, "env")
    _only(env, ("shell", "variables", "exported-variables"), "env.")
    phases = _mapping(document, "phases")
    if not phases:
        raise BuildspecError("The buildspec has no phases.")
    _only(phases, PHASES, "phases.")
    artifacts = _mapping(document, "artifacts")
    secondary = _mapping(artifacts, "secondary-artifacts", "artifacts.")
    cache = _mapping(document, "cache")
    _only(cache, ("paths",), "cache.")
    return Buildspec(
        phases={name: _phase(_mapping(phases, name, "phases."), f"phases.{name}.") for name in PHASES},
        variables={str(name): _text(value, f"env.variables.{name}") for name, value in _variables(env).items()},
        exported=_texts(env.get("exported-variables"), "env.exported-variables"),
        runtimes=_runtimes(_mapping(phases, "install", "phases.")),
        shell=_one_of(env.get("shell", "sh"), SHELLS, "env.shell"),
        artifacts=_artifacts(artifacts, "artifacts.") if artifacts.get("files") else None,
        secondary={
            str(name): _artifacts(_mapping(secondary, name), f"artifacts.secondary-artifacts.{name}.")
            for name in secondary
        },
        cached=_texts(cache.get("paths"), "cache.paths"),
    )


def _variables(env: Document) -> Document:
    return _mapping(env, "variables", "env.")


def _phase(document: Document, where: str) -> Phase:
    _only(document, ("commands", "finally", "on-failure", "runtime-versions"), where)
    if "runtime-versions" in document and where != "phases.install.":
        raise BuildspecError(f"{where}runtime-versions: versions are chosen in the phase install.")
    on_failure = _one_of(document.get("on-failure", ""), ("", "ABORT", "CONTINUE"), f"{where}on-failure")
    return Phase(
        _texts(document.get("commands"), f"{where}commands"),
        _texts(document.get("finally"), f"{where}finally"),
        on_failure,
    )


def _runtimes(install: Document) -> Mapping[str, str]:
    where = "phases.install."
    chosen = _mapping(install, "runtime-versions", where)
    return {str(name): _text(version, f"{where}runtime-versions.{name}") for name, version in chosen.items()}


def _artifacts(document: Document, where: str) -> Artifacts:
    known = ("files", "base-directory", "name", "discard-paths", "exclude-paths", "enable-symlinks")
    _only(document, (*known, "secondary-artifacts") if where == "artifacts." else known, where)
    files = _texts(document.get("files"), f"{where}files")
    if not files:
        raise BuildspecError(f"{where}files: at least one path or pattern is needed.")
    return Artifacts(
        files,
        _text(document.get("base-directory", ""), f"{where}base-directory"),
        _text(document.get("name", ""), f"{where}name"),
        _flag(document.get("discard-paths", "no"), f"{where}discard-paths"),
        _texts(document.get("exclude-paths"), f"{where}exclude-paths"),
        _flag(document.get("enable-symlinks", "no"), f"{where}enable-symlinks"),
    )


# values


def _only(document: Document, known: Iterable[str], where: str) -> None:
    for name in document:
        if name not in known:
            raise BuildspecError(f"local_aws does not support {where}{name} of a buildspec.")


def _mapping(document: Document, name: str, where: str = "") -> Document:
    found = document.get(name)
    if found in (None, ""):
        return {}
    if not isinstance(found, dict):
        raise BuildspecError(f"{where}{name} of the buildspec is no mapping.")
    return found


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BuildspecError(f"{where} of the buildspec is no text.")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    """A list; a single text is one of one."""
    found = [value] if value and isinstance(value, str) else value or []
    if not isinstance(found, list):
        raise BuildspecError(f"{where} of the buildspec is no list.")
    return tuple(_text(item, f"{where}[{number}]") for number, item in enumerate(found))


def _flag(value: Any, where: str) -> bool:
    return _one_of(_text(value, where).lower(), ("yes", "no", "true", "false"), where) in ("yes", "true")


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    text = _text(value, where)
    if text not in allowed:
        raise BuildspecError(f"local_aws does not support {where}: {text} of a buildspec.")
    return text
