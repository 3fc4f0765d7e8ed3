"""cfn-lint with every level on, and the project's rules for what it cannot know."""

from collections.abc import Iterator
from pathlib import Path

from cfnlint.api import ManualArgs, lint

from contract.documents import Document
from model_deploy import template
from model_deploy.verify.findings import Finding
from model_deploy.verify.identity import REGION

RULES = str(Path(__file__).parent / "rules")


def check(document: Document) -> Iterator[Finding]:
    """The findings of cfn-lint in a template; its place is the path below the template's section."""
    arguments = ManualArgs(include_checks=["I"], append_rules=[RULES], regions=[REGION])
    for match in lint(template.dumps(document), config=arguments):
        path = ".".join(str(part) for part in match.path[1:]) if match.path else ""
        yield Finding(path or "Template", str(match.rule.id), str(match.message).rstrip("."))
