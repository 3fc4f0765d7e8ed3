"""What the roles of the build and of its jobs may do, with Clarify's checks and without: as IAM decides it."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from moto import mock_aws

from model_build import commands, config
from model_build.assets import Assets
from model_build.authoring.pipeline import BuildPipeline
from model_build.built import Built
from model_build.pipeline import get_pipeline
from model_build.selection import queried
from model_deploy import render
from model_deploy.verify.policies import of
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
def role(checks: str, logical: str = "PipelineExecutionRole", subnets: str = "", **more: str) -> Resource:
    given = {**PARAMETERS, "ClarifyChecks": checks, "JobSubnetIds": subnets, **more}
    return resolve(render.project_template(), given).resources[logical]


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


@EITHER
@pytest.mark.parametrize("kind", ["ProcessingJob:Evaluate", "ProcessingJob:ModelBias", "TrainingJob:Train"])
def test_where_the_jobs_have_a_vpc_none_runs_outside(checks: str, kind: str) -> None:
    action, _, step = kind.partition(":")
    within, own = role(checks, subnets="subnet-0aaa,subnet-0bbb"), ["subnet-0aaa", "subnet-0bbb"]
    arn = job(step) if action == "ProcessingJob" else f"{SAGEMAKER}:training-job/pipelines-{EXECUTION}-{step}-0"

    def may(one: Resource, **network: str | list[str]) -> bool:
        isolated = "false" if (checks, step) == ("true", "ModelBias") else "true"
        return allows(one, f"sagemaker:Create{action}", arn, sagemaker__NetworkIsolation=isolated, **network)

    assert may(within, sagemaker__VpcSubnets=own)
    assert may(within, sagemaker__VpcSubnets=own[:1])
    assert not may(within)
    assert not may(within, sagemaker__VpcSubnets=["subnet-0ddd"])
    assert not may(within, sagemaker__VpcSubnets=[*own, "subnet-0ddd"])
    assert may(role(checks)), "without a VPC nothing is asked"
    assert allows(within, "ec2:CreateNetworkInterface", "*")
    assert not allows(role(checks), "ec2:CreateNetworkInterface", "*")


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


#: Operation → action, where their names differ; None where IAM is not asked, or where the SDK goes on without.
ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "sts:GetCallerIdentity": None,
    "iam:SimulatePrincipalPolicy": None,
    "iam:GetRole": None,
}


@mock_aws
def test_a_build_asks_for_nothing_that_its_role_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tries to make the pipeline, finds it there, and compares with a champion."""
    for name, value in {"ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b", "DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    (tmp_path / "credit").mkdir()
    bucket = PARAMETERS["ModelBucketName"]
    data = f'[pipeline]\ninput_data = "s3://{bucket}/credit/incoming/"\n'
    (tmp_path / "credit" / config.FILE).write_text(SMALL + data, encoding="utf-8")
    monkeypatch.setenv("MLOPS_PIPELINES", str(tmp_path))
    s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="credit/incoming/rows.csv", Body=b"a\n1\n")
    s3.put_object(Bucket=bucket, Key="credit/model.tar.gz", Body=b"")
    sagemaker.create_model_package_group(ModelPackageGroupName="credit-p-demo")
    container = {"Image": "x:1", "ModelDataUrl": f"s3://{bucket}/credit/model.tar.gz"}
    sagemaker.create_model_package(
        ModelPackageGroupName="credit-p-demo",
        ModelApprovalStatus="Approved",
        InferenceSpecification={"Containers": [container], "SupportedContentTypes": ["text/csv"]},
    )
    definition = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": []})
    sagemaker.create_pipeline(PipelineName="credit", RoleArn=role("false").arn, PipelineDefinition=definition)
    asked: set[str] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(self: Any, operation: str, parameters: Any) -> Any:
        asked.add(f"{self.meta.service_model.service_name}:{operation}")
        return call(self, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    told = {"default_bucket": bucket, "region": REGION, "model_package_group_name": "credit-p-demo"}
    commands.run_pipeline([
        "--module-name", "model_build.pipelines.credit.pipeline", "--kwargs", json.dumps(told),
        "--tags", '[{"Key": "a", "Value": "b"}]', "--role-arn", role("false").arn,
    ])  # fmt: skip
    assert {"sagemaker:DescribeModelPackage", "sagemaker:UpdatePipeline", "s3:HeadObject", "s3:PutObject"} <= asked
    wanted = {ACTIONS.get(operation, operation) for operation in asked} - {None}
    granted = {action for one in of(role("false", "ModelBuildRole")) if one.effect == "Allow" for action in one.actions}
    assert wanted <= granted


S3, BUILD, JOBS = "arn:aws:s3:::", "ModelBuildRole", "PipelineExecutionRole"
LAKE = {"ReadBucket": "lake", "ReadPrefix": "shop/"}
QUERY = {"QueryDatabase": "shop", "QueryWorkgroup": "builds"}


def reads(one: Resource, bucket: str, key: str) -> bool:
    listed = allows(one, "s3:ListBucket", S3 + bucket, s3__prefix=key)
    return allows(one, "s3:GetObject", f"{S3}{bucket}/{key}") and listed


@pytest.mark.parametrize("logical", [BUILD, JOBS])
def test_data_of_another_bucket_are_read_where_they_are_named_and_nowhere_else(logical: str) -> None:
    one = role("false", logical, **LAKE)
    assert reads(one, "lake", "shop/")
    assert reads(one, "lake", "shop/day=2026-01-31/rows.csv")
    assert not reads(one, "lake", "shops/rows.csv")
    assert not reads(one, "lakes", "shop/rows.csv")
    assert not allows(one, "s3:ListBucket", f"{S3}lake"), "the whole bucket"
    assert not allows(one, "s3:PutObject", f"{S3}lake/shop/rows.csv")
    assert not reads(role("false", logical), "lake", "shop/rows.csv")


def test_jobs_read_what_a_query_found_and_not_its_tables() -> None:
    assert reads(role("false", BUILD, **LAKE, **QUERY), "lake", "shop/rows.parquet")
    assert not reads(role("false", JOBS, **LAKE, **QUERY), "lake", "shop/rows.parquet")


def test_a_build_without_a_query_has_nothing_to_do_with_athena() -> None:
    found = {action.partition(":")[0] for one in of(role("false", BUILD, **LAKE)) for action in one.actions}
    assert not found & {"athena", "glue"}


@pytest.mark.long
@mock_aws
def test_a_query_asks_for_nothing_that_its_role_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call of the client, on the resource that it names; Athena itself asks Glue as who called it."""
    bucket, asked = PARAMETERS["DataBucketName"], set[tuple[str, str]]()
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name=REGION)
    session.client("s3").create_bucket(Bucket=bucket)
    session.client("athena").create_work_group(Name="builds", Configuration={})
    workgroup = f"arn:aws:athena:{REGION}:{ACCOUNT}:workgroup/builds"
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def recorded(self: Any, operation: str, parameters: Any) -> Any:
        service = self.meta.service_model.service_name
        keys = [parameters.get("Key"), *(row["Key"] for row in parameters.get("Delete", {}).get("Objects", []))]
        named = [f"{S3}{parameters['Bucket']}/{key}" for key in keys if key] if service == "s3" else [workgroup]
        action = {"s3:HeadObject": "s3:GetObject", "s3:DeleteObjects": "s3:DeleteObject"}.get(
            f"{service}:{operation}", f"{service}:{operation}"
        )
        asked.update((action, arn) for arn in named)
        answer = call(self, operation, parameters)
        if operation == "StartQueryExecution":  # what Athena itself would leave there
            place = parameters["ResultConfiguration"]["OutputLocation"].partition(f"{bucket}/")[2].rstrip("/")
            body = {"Bucket": bucket, "Key": f"{place}/{answer['QueryExecutionId']}.csv", "Body": b'"a"\n"1"\n'}
            call(self._s3, "PutObject", body)
        return answer

    monkeypatch.setattr(BaseClient, "_s3", session.client("s3"), raising=False)
    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    source = {"query": "SELECT 1", "database": "shop", "workgroup": "builds"}
    target = replace(TARGET, bucket=bucket)
    built = Built("credit", Path(), "{}", "", "credit", target, Assets(bucket, "credit"), "", None, {}, source)
    queried(built, session, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]
    assert {"athena:StartQueryExecution", "s3:GetObject", "s3:DeleteObject"} <= {action for action, _ in asked}
    one = role("false", BUILD, **LAKE, **QUERY)
    for action, arn in asked:
        assert allows(one, action, arn), (action, arn)
    glue = f"arn:aws:glue:{REGION}:{ACCOUNT}"
    for arn in (f"{glue}:catalog", f"{glue}:database/shop", f"{glue}:table/shop/sales"):
        assert allows(one, "glue:GetTable", arn), arn
    assert not allows(one, "glue:GetTable", f"{glue}:table/hr/people")
    assert not allows(one, "athena:StartQueryExecution", workgroup.replace("builds", "primary"))
