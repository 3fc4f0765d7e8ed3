"""Every template is good; and with each fault of the catalogue planted in it, the rule that is meant finds it."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from contract.errors import InputError
from model_deploy import render, stages, template
from model_deploy.verify import PROJECT as PROJECT_CHECKS
from model_deploy.verify import STAGE, Finding, lint, resolved, verify, verify_project
from tests.model_deploy.conftest import PARAMETERS, PROJECT, package
from tests.model_deploy.faults import (
    Fault,
    asynchronous,
    batch_transform,
    planted,
    project,
    real_time,
    roles,
    serverless,
)

CATALOGUE: dict[str, dict[str, Fault]] = {
    "real_time.yml": real_time.FAULTS,
    "serverless.yml": serverless.FAULTS,
    "asynchronous.yml": asynchronous.FAULTS,
    "batch_transform.yml": batch_transform.FAULTS,
    "project": project.FAULTS,
    "roles.yml": roles.FAULTS,
}
PLANTED = [(name, fault) for name, faults in CATALOGUE.items() for fault in faults]
OF_PROJECT = {"project", "roles.yml"}


@cache
def document(name: str) -> dict[str, Any]:
    return render.project_template() if name == "project" else template.read(name)


@cache
def parameters(name: str) -> dict[str, str]:
    given = PARAMETERS
    if name not in OF_PROJECT:
        given = render.render(package(), stages.load(stages.project("credit"), "prod"), PROJECT).configuration[
            "Parameters"
        ]
    return {key: given[key] for key in document(name)["Parameters"] if key in given}


def findings(name: str, broken: dict[str, Any], rule: str) -> Iterator[Finding]:
    """By the look that the rule belongs to: as written (cfn-lint's numbers), or resolved."""
    if rule[0] in "EWI" and rule[1:].isdigit():
        return lint.check(broken)
    return resolved(broken, parameters(name), PROJECT_CHECKS if name in OF_PROJECT else STAGE)


@pytest.mark.parametrize("stage", stages.NAMES)
def test_the_templates_of_a_stage_are_good(stage: str) -> None:
    rendered = render.render(package(), stages.load(stages.project("credit"), stage), PROJECT)
    assert verify(rendered.template, rendered.configuration) == []


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_template_is_good_alone(name: str) -> None:
    if name in OF_PROJECT:
        assert verify_project(document(name), parameters(name)) == []
    else:
        assert verify(document(name), {"Parameters": parameters(name)}) == []


def test_there_are_faults_enough() -> None:
    assert len(PLANTED) >= 60


@pytest.mark.parametrize(("name", "fault"), PLANTED)
def test_a_planted_fault_is_found(name: str, fault: str) -> None:
    place, value, rule = CATALOGUE[name][fault]
    broken = planted(document(name), place, value)
    assert broken != document(name)
    others = set()
    for finding in findings(name, broken, rule):
        if finding.rule == rule:
            return
        others.add(str(finding))
    pytest.fail("\n".join(sorted(others)) or "nothing was found")


def test_a_template_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="stands there twice"):
        template.loads("Resources:\n  A: {Type: X}\n  A: {Type: Y}\n", "twice.yml")
    with pytest.raises(InputError, match="no Resources"):
        template.loads("Parameters: {}\n", "empty.yml")
