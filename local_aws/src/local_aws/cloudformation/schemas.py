"""The registry's schemas of resource types, out of cfn-lint's data; only files are read, nothing is imported."""

import importlib.util
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local_aws.errors import NotSupported


@dataclass(frozen=True)
class Schema:
    """properties   those that a template may set;   required   those that it must
    create_only  top-level properties whose change replaces the resource
    tags         the property that takes tags, "" for none;   system_tags   whether aws:cloudformation:… are among them
    """

    properties: frozenset[str]
    required: frozenset[str]
    create_only: frozenset[str]
    tags: str
    system_tags: bool


@cache
def _folder() -> Path:
    """Raises AwsError NotImplemented when cfn-lint is not installed."""
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or not spec.submodule_search_locations:
        raise NotSupported("stacks without the registry's schemas: install local-aws[cloudformation]")
    return Path(spec.submodule_search_locations[0]) / "data" / "schemas"


@cache
def _index() -> dict[str, str]:
    """Type → file, in us-east-1, which has them all."""
    found: dict[str, str] = json.loads((_folder() / "providers" / "us-east-1.json").read_text())
    return found


def known(type_name: str) -> bool:
    """Whether AWS has such a type."""
    return type_name in _index()


@cache
def schema(type_name: str) -> Schema:
    """Raises KeyError when AWS has no such type."""
    raw: dict[str, Any] = json.loads((_folder() / "resources" / f"{_index()[type_name]}.json").read_text())
    tagging = raw.get("tagging") or {}
    taggable = bool(tagging.get("taggable"))
    return Schema(
        properties=frozenset(raw["properties"]) - _top(raw.get("readOnlyProperties")),
        required=frozenset(raw.get("required") or []),
        create_only=_top(raw.get("createOnlyProperties")),
        tags=str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2] if taggable else "",
        system_tags=bool(tagging.get("cloudFormationSystemTags")),
    )


def _top(pointers: list[str] | None) -> frozenset[str]:
    """`/properties/Name` → `Name`; deeper pointers do not make their whole property so."""
    return frozenset(parts[2] for pointer in pointers or [] if len(parts := pointer.split("/")) == 3)
