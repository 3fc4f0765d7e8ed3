"""Who needs whom: the references between a template's resources, and an order that respects them."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from local_aws.cloudformation.intrinsics import PLACEHOLDER
from local_aws.cloudformation.templates import invalid

Document = dict[str, Any]

PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)


def names_in(node: Any) -> Iterator[str]:
    """What Ref, Fn::GetAtt and Fn::Sub name anywhere in a node: parameters, resources, pseudo parameters."""
    if isinstance(node, list):
        for item in node:
            yield from names_in(item)
    if not isinstance(node, dict):
        return
    for key, item in node.items():
        if key == "Ref" and isinstance(item, str):
            yield item
        elif key == "Fn::GetAtt":
            yield str(item).partition(".")[0] if isinstance(item, str) else str(item[0])
        elif key == "Fn::Sub":
            yield from _in_sub(item)
        else:
            yield from names_in(item)


def _in_sub(argument: Any) -> Iterator[str]:
    pattern, own = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    for literal, name in PLACEHOLDER.findall(pattern):
        if not literal and name.strip() not in own:
            yield name.strip().partition(".")[0]
    yield from names_in(list(own.values()))


def needs(template: Document, logical: str) -> set[str]:
    """The resources that one resource refers to or depends on."""
    raw = template["Resources"][logical]
    after = raw.get("DependsOn", [])
    named = {*names_in(raw.get("Properties", {})), *([after] if isinstance(after, str) else after)}
    return {name for name in named if name in template["Resources"]}


def _conditions_in(node: Any) -> Iterator[str]:
    """The conditions that a condition names."""
    for item in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _conditions_in(item)
    if isinstance(node, dict):
        for key, item in node.items():
            if key == "Condition" and isinstance(item, str):
                yield item
            elif key == "Fn::If" and isinstance(item, list) and item and isinstance(item[0], str):
                yield item[0]


def _check_conditions(conditions: Document) -> None:
    try:
        TopologicalSorter({name: sorted(_conditions_in(raw)) for name, raw in conditions.items()}).prepare()
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise invalid(f"Template error: Circular dependency between conditions: [{circle}]") from None


def order(template: Document) -> list[str]:
    """Every resource behind those that it needs. Raises AwsError "ValidationError" for a circle."""
    graph = {logical: sorted(needs(template, logical)) for logical in template["Resources"]}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise invalid(f"Circular dependency between resources: [{circle}]") from None


def check(template: Document) -> None:
    """Raises AwsError "ValidationError" for a name that is neither a parameter nor a resource, and for circles."""
    resources = template["Resources"]
    known = PSEUDO | template.get("Parameters", {}).keys() | resources.keys()
    body = [raw.get("Properties", {}) for raw in resources.values()]
    unknown = {*names_in(body), *names_in(list(template.get("Outputs", {}).values()))} - known
    for raw in resources.values():
        after = raw.get("DependsOn", [])
        unknown |= {*([after] if isinstance(after, str) else after)} - resources.keys()
    if unknown:
        raise invalid(
            f"Template format error: Unresolved resource dependencies [{', '.join(sorted(unknown))}]"
            " in the Resources block of the template"
        )
    if outside := {*names_in(list(template.get("Conditions", {}).values()))} & resources.keys():
        raise invalid(
            f"Template error: Unresolved dependencies {sorted(outside)}. Cannot reference resources in Conditions."
        )
    _check_conditions(template.get("Conditions", {}))
    order(template)
