"""Lambda's functions, who may invoke them, and how they take events."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.operations import Aws

#: Properties of the configuration, and what one that a template no longer has goes back to.
_CONFIGURATION: Mapping[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "Handler": None,
    "KmsKeyArn": "",
    "LoggingConfig": {},
    "MemorySize": 128,
    "Role": None,
    "Runtime": None,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}

#: The date of files in a zip that is made of a template's text: the same bytes for the same text.
_DATE = (1980, 1, 1, 0, 0, 0)


def _code(properties: Document) -> Document:
    """`ZipFile` is the text of index.py in a template."""
    given: Document = dict(properties["Code"])
    if isinstance(text := given.get("ZipFile"), str):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            item = zipfile.ZipInfo("index.py", _DATE)
            item.external_attr = 0o644 << 16
            archive.writestr(item, text)
        given["ZipFile"] = content.getvalue()
    return given


def _settings(properties: Document) -> Document:
    given = {key: properties[key] for key in _CONFIGURATION if key in properties}
    if "KmsKeyArn" in given:
        given["KMSKeyArn"] = given.pop("KmsKeyArn")
    return given


def _create(aws: Aws, name: str, properties: Document) -> Made:
    function = call(
        aws,
        "lambda",
        "CreateFunction",
        FunctionName=name,
        Code=_code(properties),
        Tags=tag_map(properties.get("Tags")) or None,
        Architectures=properties.get("Architectures"),
        PackageType=properties.get("PackageType"),
        **_settings(properties),
    )
    _reserve(aws, name, {}, properties)
    return Made(name, {"Arn": function["FunctionArn"]})


def _reserve(aws: Aws, name: str, before: Document, now: Document) -> None:
    wanted = now.get("ReservedConcurrentExecutions")
    if wanted is not None:
        call(aws, "lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=wanted)
    elif before.get("ReservedConcurrentExecutions") is not None:
        call(aws, "lambda", "DeleteFunctionConcurrency", FunctionName=name)


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    name = made.id
    if any(before.get(key) != now.get(key) for key in ("Code", "Architectures")):
        call(
            aws, "lambda", "UpdateFunctionCode", FunctionName=name, Architectures=now.get("Architectures"), **_code(now)
        )
    if any(before.get(key) != now.get(key) for key in _CONFIGURATION):
        call(aws, "lambda", "UpdateFunctionConfiguration", FunctionName=name, **_settings(dict(_CONFIGURATION) | now))
    _reserve(aws, name, before, now)
    held, wanted = tag_map(before.get("Tags")), tag_map(now.get("Tags"))
    if gone := sorted(held.keys() - wanted.keys()):
        call(aws, "lambda", "UntagResource", Resource=made.attributes["Arn"], TagKeys=gone)
    if wanted and wanted != held:
        call(aws, "lambda", "TagResource", Resource=made.attributes["Arn"], Tags=wanted)
    return made


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "lambda", "DeleteFunction", FunctionName=made.id)


# permissions


def _permit(aws: Aws, name: str, properties: Document) -> Made:
    statement = name[-100:].lstrip("-")
    call(aws, "lambda", "AddPermission", StatementId=statement, **properties)
    return Made(statement, {"Id": statement})


def _forbid(aws: Aws, made: Made, properties: Document) -> None:
    call(aws, "lambda", "RemovePermission", FunctionName=properties["FunctionName"], StatementId=made.id)


# events that nobody waits for


def _take_events(aws: Aws, name: str, properties: Document) -> Made:
    call(aws, "lambda", "PutFunctionEventInvokeConfig", **properties)
    return Made(name)


def _change_events(aws: Aws, made: Made, _: Document, now: Document) -> Made:
    call(aws, "lambda", "PutFunctionEventInvokeConfig", **now)
    return made


def _forget_events(aws: Aws, _: Made, properties: Document) -> None:
    call(
        aws,
        "lambda",
        "DeleteFunctionEventInvokeConfig",
        FunctionName=properties["FunctionName"],
        Qualifier=properties.get("Qualifier"),
    )


TYPES = (
    ResourceType(
        "AWS::Lambda::Function",
        frozenset(
            {
                *_CONFIGURATION,
                "Architectures",
                "Code",
                "FunctionName",
                "PackageType",
                "ReservedConcurrentExecutions",
                "Tags",
            }
        ),
        _create,
        _delete,
        _update,
        name="FunctionName",
    ),
    ResourceType(
        "AWS::Lambda::Permission",
        frozenset(
            {
                "Action",
                "EventSourceToken",
                "FunctionName",
                "Principal",
                "PrincipalOrgID",
                "SourceAccount",
                "SourceArn",
            }
        ),
        _permit,
        _forbid,
    ),
    ResourceType(
        "AWS::Lambda::EventInvokeConfig",
        frozenset(
            {"DestinationConfig", "FunctionName", "MaximumEventAgeInSeconds", "MaximumRetryAttempts", "Qualifier"}
        ),
        _take_events,
        _forget_events,
        _change_events,
    ),
)
