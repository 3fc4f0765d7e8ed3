"""The template configuration against the template: every parameter given, within its bounds; the conventional tags."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from contract.documents import Document
from contract.errors import InputError
from model_deploy import filters, naming, schedules
from model_deploy.verify.findings import Finding

TAGS = ("sagemaker:project-name", "sagemaker:project-id", "sagemaker:deployment-stage")
RULE = "configuration"


def _ids(text: str) -> None:
    """Of subnets or security groups, separated by commas. Raises ValueError."""
    found = text.split(",")
    if "" in found or len(set(found)) < len(found):
        raise ValueError("an id is empty, or stands there twice")


#: Parameter → what raises ValueError or InputError, with AWS's reason, for a value that no pattern tells from a good
#: one. An empty value means: none.
READ: Mapping[str, Callable[[str], object]] = {
    "BatchInputFilter": filters.parse,
    "BatchOutputFilter": filters.parse,
    "BatchSchedule": schedules.expression,
    "BatchTimezone": schedules.zone,
    "BuildSchedule": schedules.expression,
    "DataBucketName": naming.bucket,
    "ModelBucketName": naming.bucket,
    "RealTimeOffHoursEnd": schedules.expression,
    "RealTimeOffHoursStart": schedules.expression,
    "RealTimeOffHoursTimezone": schedules.zone,
    "SecurityGroupIds": _ids,
    "SubnetIds": _ids,
}


def check(template: Document, configuration: Document) -> Iterator[Finding]:
    declared, given = template.get("Parameters", {}), configuration.get("Parameters", {})
    for name in sorted(set(given) - set(declared)):
        yield Finding(name, RULE, "the template has no such parameter")
    for name, parameter in declared.items():
        if name in given:
            yield from (Finding(name, RULE, fault) for fault in _value(given[name], parameter))
        elif "Default" not in parameter:
            yield Finding(name, RULE, "the parameter has no value")
    yield from _read(given)
    for key in sorted(set(configuration) - {"Parameters", "Tags", "StackPolicy"}):
        yield Finding(key, RULE, "CodePipeline's template configuration knows no such section")
    if "Tags" in configuration:
        yield from (
            Finding("Tags", RULE, f"the tag {tag} is missing") for tag in TAGS if tag not in configuration["Tags"]
        )
        try:
            naming.tags({key: value for key, value in configuration["Tags"].items() if key not in TAGS})
        except (TypeError, ValueError) as error:
            yield Finding("Tags", RULE, str(error))


def _read(given: Mapping[str, Any]) -> Iterator[Finding]:
    for name, read in READ.items():
        try:
            if isinstance(value := given.get(name), str) and value:
                read(value)
        except (InputError, ValueError) as error:
            yield Finding(name, RULE, f"{value!r}: {error}")
    key, package = (str(given.get(name, "")).split(":") for name in ("KmsKeyArn", "ModelPackageName"))
    if len(key) > 3 and len(package) > 3 and key[3] != package[3]:
        yield Finding("KmsKeyArn", RULE, f"the key is in {key[3]}, and a stage in {package[3]} cannot use it")


def _value(value: Any, declared: Document) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{value!r} must be text"
        return
    if "AllowedValues" in declared and value not in map(str, declared["AllowedValues"]):
        yield f"{value!r} is none of {', '.join(map(str, declared['AllowedValues']))}"
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], value):
        yield f"{value!r} does not match {declared['AllowedPattern']}"
    if declared["Type"] == "Number":
        try:
            number = float(value)
        except ValueError:
            yield f"{value!r} is no number"
            return
        if number < float(declared.get("MinValue", "-inf")) or number > float(declared.get("MaxValue", "inf")):
            yield f"{value} lies outside {declared.get('MinValue', '')} to {declared.get('MaxValue', '')}"
