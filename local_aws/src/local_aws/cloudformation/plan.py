"""What an update would do, before it is done: a change a resource."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local_aws.cloudformation import references, schemas, stacks
from local_aws.cloudformation.evaluation import properties, scope_of
from local_aws.cloudformation.intrinsics import Scope
from local_aws.cloudformation.templates import invalid
from local_aws.operations import Aws

Document = dict[str, Any]


def changes(aws: Aws, stack: Document) -> list[Document]:
    """ResourceChange documents between a stack's resources and what its `Template` and `Parameters` ask for.

    What a change will only yield later (the id of a new resource) counts as changed.
    """
    held, found, later = stacks.live(stack), [], set[str]()
    scope = _forward(scope_of(aws, stack), later)
    wanted = [
        logical for logical in references.order(scope.template) if scope.made(scope.template["Resources"][logical])
    ]
    for logical in wanted:
        change = _change(scope, stack, logical, held.get(logical))
        if change is not None:
            found.append(change)
            if change["Action"] == "Add" or change.get("Replacement") == "True":
                later.add(logical)
    gone = [record for logical, record in held.items() if logical not in wanted]
    return found + [_shown("Remove", record) for record in gone]


def _forward(scope: Scope, later: set[str]) -> Scope:
    """References to what is made later yield a mark that equals nothing that is there."""

    def either(now: Callable[..., Any]) -> Callable[..., Any]:
        return lambda logical, *rest: f"{{{{{logical}}}}}" if logical in later else now(logical, *rest)

    return replace(scope, ref=either(scope.ref), attribute=either(scope.attribute))


def _shown(action: str, record: Document, **more: Any) -> Document:
    kept = ("LogicalResourceId", "PhysicalResourceId", "ResourceType")
    return (
        {"Action": action} | {key: record[key] for key in kept if key in record} | {"Scope": [], "Details": []} | more
    )


def _change(scope: Scope, stack: Document, logical: str, record: Document | None) -> Document | None:
    raw = scope.template["Resources"][logical]
    if record is None:
        return _shown("Add", {"LogicalResourceId": logical, "ResourceType": raw["Type"]})
    if record["ResourceType"] != raw["Type"]:
        raise invalid(f"Update of resource type is not permitted. The new template modifies resource type of {logical}")
    names = differing(record["Properties"], properties(scope, stack, logical))
    if not names:
        return None
    schema = schemas.schema(raw["Type"])
    new = "True" if names & schema.create_only else "False"
    details: list[Document] = [
        {
            "Target": {
                "Attribute": "Tags" if name == schema.tags else "Properties",
                "RequiresRecreation": "Always" if name in schema.create_only else "Never",
                **({} if name == schema.tags else {"Name": name}),
            },
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
        for name in sorted(names)
    ]
    return _shown(
        "Modify",
        record,
        Replacement=new,
        Details=details,
        Scope=sorted({one["Target"]["Attribute"] for one in details}),
    )


def differing(before: Document, now: Document) -> set[str]:
    """The names of the properties that are not the same."""
    return {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
