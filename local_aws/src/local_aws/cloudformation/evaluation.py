"""A stack's template under what is known of the stack: the properties of a resource, the outputs."""

from typing import Any

from local_aws.cloudformation import intrinsics, parameters, schemas, stacks
from local_aws.cloudformation.intrinsics import NOTHING, Scope, zones_of
from local_aws.cloudformation.templates import invalid, parse
from local_aws.operations import Aws
from local_aws.wire.validate import tag_violations

Document = dict[str, Any]


def scope_of(aws: Aws, stack: Document) -> Scope:
    """Resources are what their records say; an import is noted in the stack's `Imports`."""
    template = parse(stack["Template"])

    def ref(logical: str) -> Any:
        return _record(stack, logical)["PhysicalResourceId"]

    def attribute(logical: str, name: str) -> Any:
        record = _record(stack, logical)
        if name not in record["Attributes"]:
            kind = record["ResourceType"]
            raise invalid(
                f"Template error: resource {logical} does not support attribute type {name} in Fn::GetAtt ({kind})"
            )
        return record["Attributes"][name]

    def export(name: str) -> Any:
        found = stacks.exports(aws, but=stack["StackId"])
        if name not in found:
            raise invalid(f"No export named {name} found.")
        if name not in stack["Imports"]:
            stack["Imports"].append(name)
        return found[name][1]

    pseudo = {
        "AWS::AccountId": aws.account,
        "AWS::Region": aws.region,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack["StackName"],
        "AWS::StackId": stack["StackId"],
        "AWS::NotificationARNs": [],
        "AWS::NoValue": NOTHING,
    }
    known = parameters.typed(template, stack["Parameters"]) | pseudo
    return Scope(template, known, ref, attribute, export, zones_of)


def _record(stack: Document, logical: str) -> Document:
    record = stacks.live(stack).get(logical)
    if record is None:
        raise invalid(f"Template error: instance of Fn::GetAtt or Ref references undefined resource {logical}")
    return record


def properties(scope: Scope, stack: Document, logical: str) -> Document:
    """A resource's evaluated properties, with the stack's tags where its type takes tags."""
    raw = scope.template["Resources"][logical]
    found: Document = intrinsics.value(scope, raw.get("Properties", {}))
    schema = schemas.schema(raw["Type"])
    if not schema.tags:
        return found
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags") or []}
    if schema.system_tags:
        tags |= {
            "aws:cloudformation:stack-name": stack["StackName"],
            "aws:cloudformation:stack-id": stack["StackId"],
            "aws:cloudformation:logical-id": logical,
        }
    own = found.get(schema.tags) or []
    for reason in tag_violations(own):
        raise invalid(f"{logical}: {reason}")
    tags |= own if isinstance(own, dict) else {tag["Key"]: tag["Value"] for tag in own}
    if not tags:
        return found
    as_list = [{"Key": key, "Value": item} for key, item in tags.items()]
    return found | {schema.tags: tags if isinstance(own, dict) else as_list}


def outputs(scope: Scope) -> list[Document]:
    """As DescribeStacks has them. Raises AwsError for a value that is not text, or an export that is there twice."""
    found, exported = [], set[str]()
    for name, raw in scope.template.get("Outputs", {}).items():
        if not scope.made(raw):
            continue
        output = {"OutputKey": name, "OutputValue": intrinsics.text(intrinsics.value(scope, raw["Value"]), "Outputs")}
        if "Description" in raw:
            output["Description"] = raw["Description"]
        if "Export" in raw:
            output["ExportName"] = intrinsics.text(intrinsics.value(scope, raw["Export"]["Name"]), "Export")
            if output["ExportName"] in exported:
                raise invalid(f"Template error: two outputs export the name {output['ExportName']}.")
            exported.add(output["ExportName"])
        found.append(output)
    return found
