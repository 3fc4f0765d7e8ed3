"""Intrinsic functions: a node of a template under the values that are known becomes plain data.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import base64
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from local_aws.cloudformation.templates import invalid
from local_aws.errors import NotSupported

Document = dict[str, Any]

#: What AWS::NoValue is until it falls out of its list or object.
NOTHING = object()

PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass(frozen=True)
class Scope:
    """What a template is evaluated under.

    parameters  name → what Ref yields, pseudo parameters included
    ref         logical id of a resource → what Ref yields; raises AwsError
    attribute   (logical id, attribute) → its value; raises AwsError
    export      name → the value that another stack exports; raises AwsError
    zones       region → availability zones
    """

    template: Document
    parameters: Mapping[str, Any]
    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    export: Callable[[str], Any]
    zones: Callable[[str], list[str]]

    def condition(self, name: str) -> bool:
        """Raises AwsError when there is none."""
        conditions = self.template.get("Conditions", {})
        if name not in conditions:
            raise invalid(f"Template error: unresolved condition dependency {name}")
        return bool(value(self, conditions[name]))

    def made(self, entry: Document) -> bool:
        """Whether a resource or an output is made under the conditions."""
        return "Condition" not in entry or self.condition(entry["Condition"])


def value(scope: Scope, node: Any) -> Any:
    """The node with its intrinsics evaluated; what is AWS::NoValue falls out of lists and objects."""
    if isinstance(node, list):
        return [found for found in (value(scope, item) for item in node) if found is not NOTHING]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        name = next(iter(node))
        if name in INTRINSICS:
            return INTRINSICS[name](scope, node[name])
        if str(name).startswith("Fn::"):
            raise NotSupported(f"the intrinsic function {name}")
    return {key: found for key, item in node.items() if (found := value(scope, item)) is not NOTHING}


def text(found: Any, where: str) -> str:
    """A scalar as CloudFormation writes it into text. Raises AwsError for lists and objects."""
    if isinstance(found, bool):
        return str(found).lower()
    if isinstance(found, str | int | float):
        return str(found)
    raise invalid(f"Template error: every value of {where} must be a string.")


def _ref(scope: Scope, name: Any) -> Any:
    if name in scope.parameters:
        return scope.parameters[name]
    return scope.ref(str(name))


def _get_att(scope: Scope, argument: Any) -> Any:
    logical, _, attribute = argument.partition(".") if isinstance(argument, str) else (argument[0], "", argument[1])
    return scope.attribute(logical, str(value(scope, attribute)))


def _sub(scope: Scope, argument: Any) -> str:
    pattern, own = (argument, {}) if isinstance(argument, str) else argument

    def put(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        name = name.strip()
        if name in own:
            return text(value(scope, own[name]), "Fn::Sub")
        return text(_get_att(scope, name) if "." in name else _ref(scope, name), "Fn::Sub")

    return PLACEHOLDER.sub(put, pattern)


def _join(scope: Scope, argument: Any) -> str:
    delimiter, items = argument
    return str(delimiter).join(text(item, "Fn::Join") for item in value(scope, items))


def _select(scope: Scope, argument: Any) -> Any:
    index, items = int(value(scope, argument[0])), value(scope, argument[1])
    if not 0 <= index < len(items):
        raise invalid(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[index]


def _split(scope: Scope, argument: Any) -> list[str]:
    return text(value(scope, argument[1]), "Fn::Split").split(argument[0])


def _if(scope: Scope, argument: Any) -> Any:
    name, yes, no = argument
    return value(scope, yes if scope.condition(name) else no)


def _equals(scope: Scope, argument: Any) -> bool:
    left, right = (value(scope, side) for side in argument)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return bool(left == right)
    return text(left, "Fn::Equals") == text(right, "Fn::Equals")


def _find_in_map(scope: Scope, argument: Any) -> Any:
    if len(argument) != 3:
        raise NotSupported("DefaultValue of Fn::FindInMap, which AWS::LanguageExtensions brings")
    name, first, second = (value(scope, part) for part in argument)
    try:
        return scope.template["Mappings"][name][str(first)][str(second)]
    except KeyError:
        message = f"Template error: Unable to get mapping for {name}::{first}::{second}"
        raise invalid(message) from None


def _cidr(scope: Scope, argument: Any) -> list[str]:
    block, count, bits = [*(value(scope, part) for part in argument), 8][:3]
    network = ipaddress.ip_network(block)
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]


def _zones(scope: Scope, argument: Any) -> list[str]:
    return scope.zones(str(value(scope, argument) or scope.parameters["AWS::Region"]))


def _base64(scope: Scope, argument: Any) -> str:
    return base64.b64encode(text(value(scope, argument), "Fn::Base64").encode()).decode()


def _language_extension(name: str) -> Callable[[Scope, Any], Any]:
    def refuse(*_: Any) -> Any:
        raise NotSupported(f"{name}, which the transform AWS::LanguageExtensions brings")

    return refuse


Intrinsic = Callable[[Scope, Any], Any]


def _checked(name: str, function: Intrinsic) -> Intrinsic:
    def call(scope: Scope, argument: Any) -> Any:
        try:
            return function(scope, argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise invalid(f"Template error: {name} has arguments that it does not take ({error}).") from None

    return call


INTRINSICS: Mapping[str, Intrinsic] = {
    name: _checked(name, function)
    for name, function in {
        "Ref": _ref,
        "Condition": lambda scope, name: (
            scope.condition(name) if isinstance(name, str) else {"Condition": value(scope, name)}
        ),
        "Fn::GetAtt": _get_att,
        "Fn::Sub": _sub,
        "Fn::Join": _join,
        "Fn::Select": _select,
        "Fn::Split": _split,
        "Fn::If": _if,
        "Fn::Equals": _equals,
        "Fn::Not": lambda scope, argument: not value(scope, argument[0]),
        "Fn::And": lambda scope, argument: all(value(scope, one) for one in argument),
        "Fn::Or": lambda scope, argument: any(value(scope, one) for one in argument),
        "Fn::FindInMap": _find_in_map,
        "Fn::ImportValue": lambda scope, argument: scope.export(text(value(scope, argument), "Fn::ImportValue")),
        "Fn::Base64": _base64,
        "Fn::GetAZs": _zones,
        "Fn::Cidr": _cidr,
        "Fn::Length": _language_extension("Fn::Length"),
        "Fn::ToJsonString": _language_extension("Fn::ToJsonString"),
    }.items()
}


@cache
def zones_of(region: str) -> list[str]:
    """Three zones, as most regions have."""
    return [f"{region}{letter}" for letter in "abc"]
