"""Who may invoke a function: kept and shown as a policy; nothing is denied on this machine."""

import json
from typing import Any

from local_aws.errors import AwsError
from local_aws.functions import functions
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("lambda")


@operations("AddPermission")
def add_permission(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        function = functions.of_request(aws, request)
        held = function["Local"]["Policy"]
        if any(statement["Sid"] == request["StatementId"] for statement in held):
            message = f"The statement id ({request['StatementId']}) provided already exists. Please provide a new"
            raise AwsError(
                "ResourceConflictException", f"{message} statement id, or remove the existing statement.", 409
            )
        statement = _statement(function, request)
        functions.keep(aws, function, Policy=[*held, statement])
    return {"Statement": json.dumps(statement)}


def _statement(function: Document, request: Document) -> Document:
    principal = request["Principal"]
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    if kind == "AWS" and principal.isdigit():
        principal = f"arn:aws:iam::{principal}:root"
    statement: Document = {
        "Sid": request["StatementId"],
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {kind: principal},
        "Action": request["Action"],
        "Resource": function["FunctionArn"],
    }
    condition: Document = {}
    if request.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    equal = {
        "AWS:SourceAccount": request.get("SourceAccount"),
        "aws:PrincipalOrgID": request.get("PrincipalOrgID"),
        "lambda:EventSourceToken": request.get("EventSourceToken"),
    }
    if given := {name: value for name, value in equal.items() if value}:
        condition["StringEquals"] = given
    return statement | ({"Condition": condition} if condition else {})


@operations("RemovePermission")
def remove_permission(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        function = functions.of_request(aws, request)
        held = function["Local"]["Policy"]
        left = [statement for statement in held if statement["Sid"] != request["StatementId"]]
        if len(left) == len(held):
            message = f"Statement {request['StatementId']} is not found in resource policy."
            raise AwsError("ResourceNotFoundException", message, status=404, Type="User")
        functions.keep(aws, function, Policy=left)
    return None


@operations("GetPolicy")
def get_policy(aws: Aws, request: Request) -> Result:
    function = functions.of_request(aws, request)
    if not function["Local"]["Policy"]:
        message = "The resource you requested does not exist."
        raise AwsError("ResourceNotFoundException", message, status=404, Type="User")
    policy = {"Version": "2012-10-17", "Id": "default", "Statement": function["Local"]["Policy"]}
    return {"Policy": json.dumps(policy), "RevisionId": function["RevisionId"]}
