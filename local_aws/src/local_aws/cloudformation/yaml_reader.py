"""YAML as CloudFormation reads it: short intrinsics, no dates, no repeated keys, no anchors."""

from typing import Any

import yaml

from local_aws.errors import AwsError


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A policy's Version is text and not a date."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := sorted({str(key) for key in keys if keys.count(key) > 1}):
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {', '.join(repeated)} stands there twice", node.start_mark
            )
        return super().construct_mapping(node, deep=deep)  # type: ignore[no-any-return]


def _intrinsic(loader: Any, name: str, node: Any) -> dict[str, Any]:
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


def read(text: str) -> Any:
    """Raises AwsError "ValidationError"."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_Loader)):
            raise AwsError(
                "ValidationError", "Template error: YAML aliases are not allowed in CloudFormation templates"
            )
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
    except yaml.YAMLError as error:
        raise AwsError(
            "ValidationError", f"Template format error: YAML not well-formed. ({' '.join(str(error).split())})"
        ) from None
