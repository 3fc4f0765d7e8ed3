"""The EventBridge rules that set a project's pipelines and promotion going: off while it is destroyed, and on again."""

from collections.abc import Iterator

import boto3

from mlops.belongings import gone_is_fine
from mlops.projects import Project


def disable(project: Project) -> None:
    """Nothing starts any more."""
    for name in _names(project, "ENABLED"):
        with gone_is_fine():
            boto3.client("events").disable_rule(Name=name)


def enable(project: Project) -> list[str]:
    """Everything starts again; the names of the rules that were off."""
    found = list(_names(project, "DISABLED"))
    for name in found:
        boto3.client("events").enable_rule(Name=name)
    return found


def _names(project: Project, state: str) -> Iterator[str]:
    pages = boto3.client("events").get_paginator("list_rules").paginate(NamePrefix=f"{project.name}-{project.id}-")
    yield from (rule["Name"] for page in pages for rule in page["Rules"] if rule["State"] == state)
