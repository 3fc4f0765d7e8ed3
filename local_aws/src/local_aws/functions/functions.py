"""What the machine knows of its functions: create, find, change, forget."""

import datetime
import uuid
from typing import Any

from local_aws.errors import AwsError
from local_aws.functions import code, configuration
from local_aws.operations import Aws

Document = dict[str, Any]

#: Documents of functions by their names; what only this machine needs stands below "Local".
FUNCTIONS = "lambda:Function"


def name_of(text: str, qualifier: str | None = None) -> str:
    """The function that a name, an ARN or a part of an ARN means. Raises AwsError for versions and aliases."""
    parts = text.split(":")
    if "function" in parts:
        parts = parts[parts.index("function") + 1 :]
    which = qualifier or (parts[1] if len(parts) > 1 else "$LATEST")
    if which != "$LATEST":
        message = f"Function not found: {parts[0]}:{which}; local_aws has no versions and aliases, only $LATEST"
        raise AwsError("ResourceNotFoundException", message, status=404, Type="User")
    return parts[0]


def arn_of(aws: Aws, name: str) -> str:
    return aws.arn("lambda", f"function:{name}")


def find(aws: Aws, name: str) -> Document:
    """Raises AwsError "ResourceNotFoundException"."""
    found = aws.store.get(FUNCTIONS, name)
    if found is None:
        message = f"Function not found: {arn_of(aws, name)}"
        raise AwsError("ResourceNotFoundException", message, status=404, Type="User")
    return found


def of_request(aws: Aws, request: Document) -> Document:
    """The function that a request names."""
    return find(aws, name_of(request["FunctionName"], request.get("Qualifier")))


def create(aws: Aws, request: Document) -> Document:
    """A new function; it can be invoked at once. Raises AwsError."""
    settings = configuration.created(request)
    name = request["FunctionName"]
    taken = code.take(aws, request["Code"])
    with aws.store.transaction():
        if aws.store.get(FUNCTIONS, name):
            raise AwsError("ResourceConflictException", f"Function already exist: {name}", status=409, Type="User")
        function = (
            settings
            | taken
            | {
                "FunctionName": name,
                "FunctionArn": arn_of(aws, name),
                "Version": "$LATEST",
                "State": "Active",
                "Local": {"Tags": request.get("Tags") or {}, "Policy": []},
            }
        )
        return _put(aws, function)


def change_code(aws: Aws, request: Document) -> Document:
    """Raises AwsError."""
    name = name_of(request["FunctionName"])
    taken = code.take(aws, request)
    with aws.store.transaction():
        function = find(aws, name)
        _check_revision(function, request)
        if request.get("DryRun"):
            return function | taken
        more = {"Architectures": request["Architectures"]} if request.get("Architectures") else {}
        return _put(aws, function | taken | more)


def change_configuration(aws: Aws, request: Document) -> Document:
    """Raises AwsError."""
    name = name_of(request["FunctionName"])
    with aws.store.transaction():
        function = find(aws, name)
        _check_revision(function, request)
        return _put(aws, configuration.changed(name, function, request))


def _put(aws: Aws, function: Document) -> Document:
    moment = datetime.datetime.fromtimestamp(aws.clock.now(), datetime.UTC)
    function |= {
        "LastModified": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000",
        "LastUpdateStatus": "Successful",
        "RevisionId": str(uuid.uuid4()),
    }
    aws.store.put(FUNCTIONS, function["FunctionName"], function)
    return function


def _check_revision(function: Document, request: Document) -> None:
    if request.get("RevisionId") and request["RevisionId"] != function["RevisionId"]:
        message = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API"
        raise AwsError("PreconditionFailedException", message, status=412, Type="User")


def keep(aws: Aws, function: Document, **local: Any) -> None:
    """Change what is kept beside a function's configuration; its processes go on."""
    function["Local"] |= local
    aws.store.put(FUNCTIONS, function["FunctionName"], function)


def delete(aws: Aws, name: str) -> None:
    """Raises AwsError "ResourceNotFoundException"."""
    with aws.store.transaction():
        function = find(aws, name)
        aws.store.delete(FUNCTIONS, name)
        if all(one["CodeSha256"] != function["CodeSha256"] for _, one in aws.store.scan(FUNCTIONS)):
            aws.store.after_commit(lambda: code.forget(aws, function))
