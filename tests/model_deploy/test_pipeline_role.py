"""What the role of the build's jobs may do, with Clarify's checks and without: as IAM decides it."""

import json
from functools import cache
from typing import Any

import pytest

from model_build import config
from model_build.authoring.pipeline import BuildPipeline
from model_build.pipeline import get_pipeline
from model_deploy import render
from model_deploy.verify.resolve import Resource, resolve
from tests.model_build.conftest import SMALL, TARGET
from tests.model_deploy.conftest import ACCOUNT, PARAMETERS, REGION
from tests.model_deploy.policies import allows

SAGEMAKER = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}"
CREATE = "sagemaker:CreateProcessingJob"
EXECUTION = "abcdefghij12"
CONFIG, ENDPOINT = f"{SAGEMAKER}:endpoint-config/sm-clarify-config-1694657821-5fe3", f"{SAGEMAKER}:endpoint/"
MODEL = f"{SAGEMAKER}:model/pipelines-{EXECUTION}-Model-0123456789"

#: With Clarify's checks as without them.
EITHER = pytest.mark.parametrize("checks", ["true", "false"])


@cache
def role(checks: str) -> Resource:
    stack = resolve(render.project_template(), {**PARAMETERS, "ClarifyChecks": checks})
    return stack.resources["PipelineExecutionRole"]


def job(step: str) -> str:
    return f"{SAGEMAKER}:processing-job/pipelines-{EXECUTION}-{step}-0123456789"


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> BuildPipeline:
    """One with all three checks."""
    folder = tmp_path_factory.mktemp("pipelines") / "credit"
    folder.mkdir()
    text = SMALL + 'drop = ["sex"]\nfacets = ["sex"]\n[analysis]\nengine = "clarify"\n'
    (folder / config.FILE).write_text(text, encoding="utf-8")
    return get_pipeline(pipeline_name="credit", folder=folder, target=TARGET)


def isolation(step: dict[str, Any]) -> str:
    return str(step["Arguments"].get("NetworkConfig", {}).get("EnableNetworkIsolation", False)).lower()


def test_every_processing_job_of_the_definition_may_run(pipeline: BuildPipeline) -> None:
    steps = json.loads(pipeline.definition())["Steps"]
    jobs = {step["Name"]: isolation(step) for step in steps if step["Type"] in ("Processing", "ClarifyCheck")}
    assert {name for name, isolated in jobs.items() if isolated == "false"} == {"ModelBias", "Explainability"}
    for name, isolated in jobs.items():
        assert allows(role("true"), CREATE, job(name), sagemaker__NetworkIsolation=isolated), name
        assert allows(role("false"), CREATE, job(name), sagemaker__NetworkIsolation=isolated) is (isolated == "true")


@EITHER
@pytest.mark.parametrize("step", ["Evaluate", "DataBias", "Analyze", "x-ModelBias", "Explain"])
def test_no_other_job_may_have_a_network(checks: str, step: str) -> None:
    assert allows(role(checks), CREATE, job(step), sagemaker__NetworkIsolation="true")
    assert not allows(role(checks), CREATE, job(step), sagemaker__NetworkIsolation="false")
    assert not allows(role(checks), CREATE, job(step)), "a request that says nothing asks for none"


@EITHER
@pytest.mark.parametrize(
    "kind", ["CreateTrainingJob:training-job", "CreateHyperParameterTuningJob:hyper-parameter-tuning-job"]
)
def test_no_training_has_one_whatever_its_name(checks: str, kind: str) -> None:
    action, _, resource = kind.partition(":")
    arn = f"{SAGEMAKER}:{resource}/pipelines-{EXECUTION}-ModelBias-0123456789"
    assert allows(role(checks), f"sagemaker:{action}", arn, sagemaker__NetworkIsolation="true")
    assert not allows(role(checks), f"sagemaker:{action}", arn, sagemaker__NetworkIsolation="false")


#: What a check asks of the endpoint that it starts, and of its configuration.
ASKED = [
    *((action, f"{ENDPOINT}credit-clarify-1694657821-5fe3") for action in (
        "AddTags", "CreateEndpoint", "DeleteEndpoint", "DescribeEndpoint", "InvokeEndpoint",
    )),
    *((action, CONFIG) for action in ("AddTags", "CreateEndpoint", "DeleteEndpointConfig", "DescribeEndpointConfig")),
]  # fmt: skip


def test_clarify_serves_a_model_of_a_pipeline_for_a_while() -> None:
    assert allows(role("true"), "sagemaker:CreateEndpointConfig", CONFIG, sagemaker__ModelArn=MODEL)
    for action, arn in ASKED:
        assert allows(role("true"), f"sagemaker:{action}", arn), action


def test_without_checks_the_jobs_have_nothing_to_do_with_endpoints() -> None:
    assert not allows(role("false"), "sagemaker:CreateEndpointConfig", CONFIG, sagemaker__ModelArn=MODEL)
    for action, arn in ASKED:
        assert not allows(role("false"), f"sagemaker:{action}", arn), action


@pytest.mark.parametrize("name", ["credit-prod", "credit-staging", "churn-clarify-1694657821-5fe3", "sm-clarify-x"])
def test_nor_with_the_endpoints_of_others(name: str) -> None:
    for action in ("CreateEndpoint", "DeleteEndpoint", "InvokeEndpoint", "UpdateEndpoint"):
        assert not allows(role("true"), f"sagemaker:{action}", ENDPOINT + name), action


def test_nor_with_a_model_that_no_pipeline_made() -> None:
    for model in (f"{SAGEMAKER}:model/credit-prod-7", f"arn:aws:sagemaker:{REGION}:444455556666:model/pipelines-1"):
        assert not allows(role("true"), "sagemaker:CreateEndpointConfig", CONFIG, sagemaker__ModelArn=model)
    assert not allows(role("true"), "sagemaker:CreateEndpointConfig", CONFIG), "a request that names no model"
    production = f"{SAGEMAKER}:endpoint-config/credit-prod-7"
    assert not allows(role("true"), "sagemaker:CreateEndpointConfig", production, sagemaker__ModelArn=MODEL)


def test_the_endpoint_bears_the_name_that_is_allowed(pipeline: BuildPipeline) -> None:
    pipeline.definition()
    folders = pipeline.context.assets.folders.values()
    told = [json.loads(files["analysis_config.json"]) for files in folders if "analysis_config.json" in files]
    prefixes = [one["predictor"]["endpoint_name_prefix"] for one in told if "predictor" in one]
    assert len(prefixes) == 2
    for prefix in prefixes:
        assert allows(role("true"), "sagemaker:CreateEndpoint", f"{ENDPOINT}{prefix}-1694657821-5fe3")
