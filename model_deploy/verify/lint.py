"""cfn-lint with every level on, and the project's rules for what it cannot know."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cfnlint.api import ManualArgs, lint

from contract.documents import Document
from model_deploy import template
from model_deploy.verify.findings import Finding
from model_deploy.verify.identity import REGION

RULES = str(Path(__file__).parent / "rules")


def check(document: Document) -> Iterator[Finding]:
    """The findings of cfn-lint in a template; its place is the path below the template's section."""
    yield from _findings(template.dumps(document))


@lru_cache(maxsize=4)  # stages with the same modes have the same template, and a look takes seconds
def _findings(text: str) -> tuple[Finding, ...]:
    arguments = ManualArgs(include_checks=["I"], append_rules=[RULES], regions=[REGION])
    return tuple(
        Finding(
            ".".join(str(part) for part in match.path[1:]) if match.path and match.path[1:] else "Template",
            str(match.rule.id),
            str(match.message).rstrip("."),
        )
        for match in lint(text, config=arguments)
    )
