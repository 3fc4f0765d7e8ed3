"""The template configuration against the template: every parameter given, within its bounds; the conventional tags."""

import re
from collections.abc import Iterator
from typing import Any

from contract.documents import Document
from model_deploy.verify.findings import Finding

TAGS = ("sagemaker:project-name", "sagemaker:project-id", "sagemaker:deployment-stage")
RULE = "configuration"


def check(template: Document, configuration: Document) -> Iterator[Finding]:
    declared, given = template.get("Parameters", {}), configuration.get("Parameters", {})
    for name in sorted(set(given) - set(declared)):
        yield Finding(name, RULE, "the template has no such parameter")
    for name, parameter in declared.items():
        if name in given:
            yield from (Finding(name, RULE, fault) for fault in _value(given[name], parameter))
        elif "Default" not in parameter:
            yield Finding(name, RULE, "the parameter has no value")
    for key in sorted(set(configuration) - {"Parameters", "Tags", "StackPolicy"}):
        yield Finding(key, RULE, "CodePipeline's template configuration knows no such section")
    if "Tags" in configuration:
        yield from (
            Finding("Tags", RULE, f"the tag {tag} is missing") for tag in TAGS if tag not in configuration["Tags"]
        )


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
