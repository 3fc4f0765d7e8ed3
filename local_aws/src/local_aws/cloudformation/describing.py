"""The operations that only look: at stacks, their resources and events, at exports and templates."""

from collections.abc import Callable
from typing import Any

from local_aws import crud
from local_aws.cloudformation import checks, parameters, stacks
from local_aws.cloudformation.templates import invalid, parse, text_of
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("cloudformation")


def _page(items: list[Document], into: str, position: Callable[[Document], Any], request: Request) -> Document:
    found, token = crud.cut(items, position, request.get("NextToken"), 100)
    return {into: found, "NextToken": token}


def _shown(stack: Document) -> Document:
    template = parse(stack["Template"]) if stack["Template"] else {}
    return stack | {
        "Parameters": parameters.shown(template, stack["Parameters"]),
        "DisableRollback": stack["OnFailure"] == "DO_NOTHING",
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        "NotificationARNs": [],
    }


@operations("DescribeStacks")
def describe_stacks(aws: Aws, request: Request) -> Result:
    if request.get("StackName"):
        return {"Stacks": [_shown(stacks.find(aws, request["StackName"]))]}
    living = [_shown(stack) for stack in stacks.every(aws) if stack["StackStatus"] != stacks.DELETED]
    return _page(living, "Stacks", lambda stack: [-stack["CreationTime"], stack["StackId"]], request)


@operations("ListStacks")
def list_stacks(aws: Aws, request: Request) -> Result:
    wanted = request.get("StackStatusFilter")
    found = [
        stack
        | {
            "TemplateDescription": stack.get("Description"),
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
        for stack in stacks.every(aws)
        if not wanted or stack["StackStatus"] in wanted
    ]
    return _page(found, "StackSummaries", lambda stack: [-stack["CreationTime"], stack["StackId"]], request)


@operations("DescribeStackEvents")
def describe_stack_events(aws: Aws, request: Request) -> Result:
    if not request.get("StackName"):
        raise invalid("The parameter StackName is required.")
    found = stacks.events(aws, stacks.find(aws, request["StackName"]))
    numbered = [event | {"Number": -int(event["EventId"].rpartition("-")[2])} for event in found]
    return _page(numbered, "StackEvents", lambda event: event["Number"], request)


def _resources(stack: Document) -> list[Document]:
    more = {"StackId": stack["StackId"], "StackName": stack["StackName"]}
    return [
        record
        | more
        | {
            "LastUpdatedTimestamp": record["Timestamp"],
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }
        for record in stack["Resources"].values()
        if "Timestamp" in record
    ]


@operations("DescribeStackResources")
def describe_stack_resources(aws: Aws, request: Request) -> Result:
    if request.get("PhysicalResourceId"):
        wanted = request["PhysicalResourceId"]
        living = [stack for stack in stacks.every(aws) if stack["StackStatus"] != stacks.DELETED]
        found = [one for stack in living for one in _resources(stack) if one.get("PhysicalResourceId") == wanted]
        if not found:
            raise invalid(f"Stack for {wanted} does not exist")
    else:
        found = _resources(stacks.find(aws, request.get("StackName") or ""))
    logical = request.get("LogicalResourceId")
    return {"StackResources": [one for one in found if logical in (None, one["LogicalResourceId"])]}


@operations("DescribeStackResource")
def describe_stack_resource(aws: Aws, request: Request) -> Result:
    logical = request["LogicalResourceId"]
    for found in _resources(stacks.find(aws, request["StackName"])):
        if found["LogicalResourceId"] == logical:
            return {"StackResourceDetail": found}
    raise invalid(f"Resource {logical} does not exist for stack {request['StackName']}")


@operations("ListStackResources")
def list_stack_resources(aws: Aws, request: Request) -> Result:
    found = _resources(stacks.find(aws, request["StackName"]))
    return _page(found, "StackResourceSummaries", lambda one: one["LogicalResourceId"], request)


@operations("ListExports")
def list_exports(aws: Aws, request: Request) -> Result:
    found = [
        {"Name": name, "ExportingStackId": stack, "Value": value}
        for name, (stack, value) in stacks.exports(aws).items()
    ]
    return _page(found, "Exports", lambda one: one["Name"], request)


@operations("ListImports")
def list_imports(aws: Aws, request: Request) -> Result:
    found = [{"Name": name} for name in stacks.importers(aws, request["ExportName"])]
    if not found:
        raise invalid(f"Export '{request['ExportName']}' is not imported by any stack.")
    page = _page(found, "Imports", lambda one: one["Name"], request)
    return page | {"Imports": [one["Name"] for one in page["Imports"]]}


# templates


@operations("GetTemplate")
def get_template(aws: Aws, request: Request) -> Result:
    if request.get("ChangeSetName"):
        raise invalid("local_aws gives the template of a stack, not of a change set.")
    stack = stacks.find(aws, request.get("StackName") or "")
    return {"TemplateBody": stack["Template"], "StagesAvailable": ["Original", "Processed"]}


def _declared(template: Document, default: str) -> list[Document]:
    return [
        {
            "ParameterKey": name,
            "NoEcho": parameters.is_true(one.get("NoEcho")),
            "Description": one.get("Description"),
            default: None if one.get("Default") is None else str(one["Default"]),
            "ParameterType": one["Type"],
        }
        for name, one in template.get("Parameters", {}).items()
    ]


def _needs(template: Document) -> Document:
    needed = checks.needed(template)
    reason = "The following resource(s) require capabilities: [{}]"
    kinds = sorted({raw["Type"] for raw in template["Resources"].values() if raw["Type"].startswith("AWS::IAM::")})
    return {
        "Capabilities": [needed] if needed else [],
        "CapabilitiesReason": reason.format(", ".join(kinds)) if needed else None,
        "Description": template.get("Description"),
    }


@operations("ValidateTemplate")
def validate_template(aws: Aws, request: Request) -> Result:
    template = parse(text_of(aws, request))
    checks.check_template(template)
    return _needs(template) | {"Parameters": _declared(template, "DefaultValue")}


@operations("GetTemplateSummary")
def get_template_summary(aws: Aws, request: Request) -> Result:
    name = request.get("StackName")
    template = parse(stacks.find(aws, name)["Template"] if name else text_of(aws, request))
    checks.check_template(template)
    return _needs(template) | {
        "Parameters": _declared(template, "DefaultValue"),
        "ResourceTypes": sorted({raw["Type"] for raw in template["Resources"].values()}),
        "Version": template.get("AWSTemplateFormatVersion"),
    }
