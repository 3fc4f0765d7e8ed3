"""Templates: text in YAML or JSON becomes a document with its intrinsics spelt out.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import json
from functools import lru_cache
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws, Request
from local_aws.s3 import objects

Document = dict[str, Any]

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Mappings",
        "Conditions",
        "Resources",
        "Outputs",
    }
)
_ATTRIBUTES = frozenset(
    {"Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"}
)
_REFUSED = ("Rules", "Transform", "Hooks", "Globals")
_POLICIES = ("Delete", "Retain", "RetainExceptOnCreate")

#: Bytes in a request, and in S3.
_MOST_INLINE, _MOST_IN_S3 = 51_200, 1_048_576


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def text_of(aws: Aws, request: Request) -> str:
    """The text of a request's TemplateBody or of the object that its TemplateURL names.

    Raises AwsError "ValidationError" when there is not exactly one, or it is too long.
    """
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if (body is None) == (url is None):
        raise invalid("Either Template URL or Template Body must be specified.")
    if body is not None:
        return _short(str(body), _MOST_INLINE)
    path = str(url).removeprefix("s3://").removeprefix(aws.endpoint + "/").removeprefix("https://")
    host, _, rest = path.partition("/")
    if ".s3" in host:
        bucket, key = host.partition(".s3")[0], rest
    elif host.startswith("s3."):
        bucket, _, key = rest.partition("/")
    else:
        bucket, key = host, rest
    return _short(objects.read(aws, bucket, key).blob.read_text(encoding="utf-8"), _MOST_IN_S3)


def _short(text: str, most: int) -> str:
    if len(text.encode()) > most:
        raise invalid(f"The template is longer than {most} bytes.")
    return text


@lru_cache(64)
def parse(text: str) -> Document:
    """The template; treat it as frozen. Raises AwsError "ValidationError", NotImplemented for what is not done here."""
    document = _read(text)
    if refused := [name for name in _REFUSED if name in document]:
        raise NotSupported(f"the section {refused[0]} of templates")
    if unknown := sorted(map(str, document.keys() - _SECTIONS)):
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    for name in _SECTIONS - {"AWSTemplateFormatVersion", "Description"}:
        if not isinstance(document.get(name, {}), dict):
            raise invalid(f"Template format error: {name} is not an object.")
    if not document.get("Resources"):
        raise invalid("Template format error: At least one Resources member must be defined.")
    for logical, raw in document["Resources"].items():
        _check_resource(logical, raw)
    return document


def _check_resource(logical: str, raw: Any) -> None:
    if not (logical.isascii() and logical.isalnum()):
        raise invalid(f"Template format error: Resource name {logical} is non alphanumeric.")
    if not isinstance(raw, dict) or not isinstance(raw.get("Type"), str):
        raise invalid(
            f"Template format error: [/Resources/{logical}] Every Resources object must contain a Type member."
        )
    if unknown := sorted(raw.keys() - _ATTRIBUTES):
        raise NotSupported(f"the attribute {unknown[0]} of resources ({logical})")
    if not isinstance(raw.get("Properties", {}), dict):
        raise invalid(f"Template format error: the Properties of {logical} are not an object.")
    for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
        policy = raw.get(attribute, "Delete")
        if policy == "Snapshot" or not isinstance(policy, str):
            raise NotSupported(f"{attribute} {policy} ({logical})")
        if policy not in _POLICIES or (attribute == "UpdateReplacePolicy" and policy == "RetainExceptOnCreate"):
            raise invalid(f"Template error: Unrecognized {attribute} {policy} for resource {logical}")


def _read(text: str) -> Document:
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise invalid(f"Template format error: JSON not well-formed. ({error})") from None
    else:
        found = _yaml(text)
    if not isinstance(found, dict):
        raise invalid("Template format error: unsupported structure.")
    return found


def _yaml(text: str) -> Any:
    try:
        from local_aws.cloudformation import yaml_reader
    except ModuleNotFoundError:
        raise NotSupported("templates in YAML without PyYAML: install local-aws[cloudformation]") from None
    return yaml_reader.read(text)
