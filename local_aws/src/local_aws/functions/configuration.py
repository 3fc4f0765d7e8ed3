"""A function's configuration: AWS's defaults, and what of it this machine can do."""

import re
from collections.abc import Mapping
from typing import Any

from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_PYTHON = re.compile(r"python3\.\d+")

#: Variables that belong to Lambda. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY(_ID)?|SECRET_ACCESS_KEY"
    r"|SESSION_TOKEN|LAMBDA_.*)|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)

_DEFAULTS: Mapping[str, Any] = {
    "Description": "",
    "Timeout": 3,
    "MemorySize": 128,
    "PackageType": "Zip",
    "Architectures": ["x86_64"],
    "EphemeralStorage": {"Size": 512},
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
}

#: Members that are kept and described: nothing is traced, encrypted or kept in a network here.
_KEPT = (
    "Architectures",
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "KMSKeyArn",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)

#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: seconds and MB.
_RANGES = (("Timeout", 1, 900), ("MemorySize", 128, 10_240))

_ELSEWHERE = ("Code", "FunctionName", "RevisionId", "Tags")


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def created(request: Document) -> Document:
    """The configuration of a new function. Raises AwsError."""
    name = request["FunctionName"]
    if not _NAME.fullmatch(name):
        raise invalid(f"{name} is no name of a function: letters, digits, - and _, at most 64.")
    given = dict(_DEFAULTS) | _given(request)
    for member in ("Runtime", "Handler"):
        if not given.get(member):
            raise invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
    return checked(name, given)


def changed(name: str, before: Document, request: Document) -> Document:
    """The configuration with the members that the request has. Raises AwsError."""
    return checked(name, before | _given(request))


def _given(request: Document) -> Document:
    for member, value in request.items():
        if member not in (*_KEPT, *_ELSEWHERE) and value:
            raise NotSupported(f"the member {member} of Lambda's functions")
    return {member: request[member] for member in _KEPT if request.get(member) is not None}


def checked(name: str, settings: Document) -> Document:
    """The same settings. Raises AwsError: InvalidParameterValueException, or NotImplemented for what is not here."""
    if settings["PackageType"] != "Zip":
        raise NotSupported("Lambda functions out of images")
    if not _PYTHON.fullmatch(settings["Runtime"]):
        raise NotSupported(f"the Lambda runtime {settings['Runtime']}; python3.x is here, as this machine's own Python")
    if settings["SnapStart"].get("ApplyOn", "None") != "None":
        raise NotSupported("SnapStart of Lambda")
    for member, least, most in _RANGES:
        if not least <= settings[member] <= most:
            raise invalid(f"{member} of {settings[member]} is not between {least} and {most}.")
    variables = settings.get("Environment", {}).get("Variables") or {}
    if reserved := [variable for variable in variables if _RESERVED.fullmatch(variable)]:
        raise invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have"
            f" provided contains reserved keys that are currently not supported for modification. Reserved keys used"
            f" in this request: {', '.join(reserved)}"
        )
    if settings.get("LoggingConfig", {}).get("LogFormat", "Text") != "Text":
        raise NotSupported("the log format JSON of Lambda")
    target = (settings.get("DeadLetterConfig") or {}).get("TargetArn")
    if target and target.split(":")[2] not in ("sqs", "sns"):
        raise invalid(f"The provided target {target} is neither a queue nor a topic.")
    group = settings.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
    return settings | {"LoggingConfig": {"LogFormat": "Text", "LogGroup": group}}
