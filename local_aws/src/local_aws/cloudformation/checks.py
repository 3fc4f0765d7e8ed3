"""What is refused before a stack is touched: unknown types, unknown or missing properties, missing capabilities."""

from collections.abc import Iterable, Iterator
from typing import Any

from local_aws.cloudformation import parameters, references, schemas
from local_aws.cloudformation.intrinsics import Scope
from local_aws.cloudformation.resources import TYPES
from local_aws.cloudformation.templates import invalid
from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

_NAMED = {
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
}


def check_template(template: Document) -> None:
    """What needs no parameters. Raises AwsError."""
    parameters.check_declarations(template)
    references.check(template)
    unknown = sorted({raw["Type"] for raw in template["Resources"].values() if not schemas.known(raw["Type"])})
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    for name, output in template.get("Outputs", {}).items():
        if not isinstance(output, dict) or "Value" not in output:
            raise invalid(f"Template format error: Output {name} is malformed.")


def check_resources(scope: Scope) -> None:
    """What is wrong with the resources that would be made. Raises AwsError naming type and property."""
    for logical, raw in scope.template["Resources"].items():
        if not scope.made(raw):
            continue
        if raw["Type"] not in TYPES:
            raise NotSupported(f"the resource type {raw['Type']} ({logical})")
        given, schema = raw.get("Properties", {}), schemas.schema(raw["Type"])
        if any(name.startswith("Fn::") for name in given):
            raise NotSupported(f"an intrinsic function in place of all Properties ({logical})")
        if missing := sorted(schema.required - given.keys()):
            raise invalid(f"Properties validation failed for resource {logical}: required key [{missing[0]}] not found")
        for name in given:
            if name not in schema.properties:
                raise invalid(
                    f"Properties validation failed for resource {logical}: extraneous key [{name}] is not permitted"
                )
            if name not in TYPES[raw["Type"]].properties:
                raise NotSupported(f"the property {name} of {raw['Type']} ({logical})")


def needed(template: Document) -> str:
    """The capability that a template needs, "" for none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
    """
    found = list(_iam(template))
    named = any(_NAMED.get(raw["Type"], "") in raw.get("Properties", {}) for raw in found)
    return "CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM" if found else ""


def _iam(template: Document) -> Iterator[Document]:
    yield from (raw for raw in template["Resources"].values() if raw["Type"].startswith("AWS::IAM::"))


def check_capabilities(template: Document, given: Iterable[str]) -> None:
    """Raises AwsError "InsufficientCapabilitiesException"."""
    wanted, held = needed(template), set(given)
    if wanted and wanted not in held and not (wanted == "CAPABILITY_IAM" and "CAPABILITY_NAMED_IAM" in held):
        raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{wanted}]")
