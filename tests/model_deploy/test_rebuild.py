"""What starts a build without a commit: the build's own CodePipeline, which looks data, registry and champion up."""

from typing import Any

import pytest

from model_deploy import render
from model_deploy.verify.resolve import Stack, resolve
from tests.model_deploy.conftest import ACCOUNT, PARAMETERS, REGION
from tests.model_deploy.policies import allows

BUILD = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:credit-p-demo-modelbuild"
TRIGGERS = {"BuildScheduled": {"BuildSchedule": "rate(7 days)"}, "BuildDataArrived": {"BuildOnArrival": "true"}}


def made(**given: str) -> Stack:
    return resolve(render.project_template(), PARAMETERS | given)


@pytest.mark.parametrize("rule", TRIGGERS)
def test_a_trigger_starts_the_build_and_its_role_can_do_nothing_else(rule: str) -> None:
    stack = made(**TRIGGERS[rule])
    (target,) = stack.resources[rule].properties["Targets"]
    role = stack.resources["RebuildRole"]
    assert (target["Arn"], target["RoleArn"]) == (BUILD, role.arn)
    assert stack.resources["BuildPipeline"].arn == BUILD
    assert allows(role, "codepipeline:StartPipelineExecution", BUILD)
    statements: list[Any] = role.properties["Policies"][0]["PolicyDocument"]["Statement"]
    assert [one["Action"] for one in statements] == ["codepipeline:StartPipelineExecution"]
    assert not allows(role, "codepipeline:StartPipelineExecution", BUILD.replace("modelbuild", "modeldeploy"))
    assert not allows(role, "sagemaker:StartPipelineExecution", f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/credit")


def test_without_triggers_there_is_nobody_who_may() -> None:
    assert not {"RebuildRole", *TRIGGERS} & set(made().resources)
