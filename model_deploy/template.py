"""CloudFormation templates as documents: read with their short intrinsics spelt out, joined, written."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from contract.documents import Document
from contract.errors import InputError

ROOT = Path(__file__).parent / "templates"
SECTIONS = ("Parameters", "Conditions", "Rules", "Mappings", "Resources", "Outputs")


#: libyaml reads eight times faster; the wheels bring it, a build from source may not.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """SafeLoader without dates (a policy's Version is text) and with an error on repeated keys."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := {str(key) for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {', '.join(sorted(repeated))} stands there twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


def _intrinsic(loader: Any, name: str, node: Any) -> Document:
    """`!GetAtt A.B` → {"Fn::GetAtt": ["A", "B"]}; only Ref and Condition have no prefix."""
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _intrinsic)


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """SafeDumper without anchors, which CloudFormation rejects."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def loads(text: str, name: str) -> Document:
    """The template in `text`. Raises InputError when it is no YAML mapping."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506
    except yaml.YAMLError as error:
        raise InputError(f"{name} is not a template: {' '.join(str(error).split())}.") from None
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict):
        raise InputError(f"{name} is not a template: it has no Resources.")
    return document


def read(name: str) -> Document:
    """The template `name` below templates/."""
    return loads((ROOT / name).read_text(encoding="utf-8"), name)


def dumps(template: Document) -> str:
    """The template as YAML, intrinsics spelt out, in the order in which it was written."""
    return str(yaml.dump(template, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True))


def joined(parts: Iterable[Mapping[str, Any]], description: str) -> Document:
    """One template out of several. What two of them declare under one name must be the same.

    Raises InputError when it is not.
    """
    whole: Document = {"AWSTemplateFormatVersion": "2010-09-09", "Description": description}
    for part in parts:
        for section in SECTIONS:
            known = whole.get(section, {})
            for name, entry in part.get(section, {}).items():
                if name in known and known[name] != entry:
                    raise InputError(f"Two templates declare {section}.{name} differently; rename one of them.")
            if merged := {**known, **part.get(section, {})}:
                whole[section] = merged
    return whole
