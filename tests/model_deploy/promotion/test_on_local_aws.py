"""The same client calls on the fake of the fault run and on the local server, and promotion itself on the latter."""

import io
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_aws import launch
from model_deploy.promotion import handler, rollback
from model_deploy.promotion.services import OVERTAKEN, Services, connect
from tests.model_deploy.promotion.cloud import Cloud
from tests.model_deploy.promotion.fake_clients import Client
from tests.model_deploy.promotion.fake_records import ARN

GROUP, BUCKET, PIPELINE, LIMIT = "credit", "promotion-ledger", "credit-modeldeploy", 60.0
ROLE = "arn:aws:iam::123456789012:role/delivery"
LOOK = {"source": "aws.codepipeline", "detail": {}}
#: Every stage after the source is an approval here: the test says what becomes of it.
STAGES = ("ApproveDeployment", "DeployProd", "TestProd")


@dataclass
class Session:
    """What `connect` needs of a boto3 session."""

    client: Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Any]]:
    home = tmp_path_factory.mktemp("promotion") / "home"
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    try:
        endpoint = launch.up(home).Endpoint
        yield lambda service: boto3.client(service, endpoint_url=endpoint, config=once, **keys)
    finally:
        launch.down(home)


@pytest.fixture(scope="module")
def project(client: Callable[[str], Any]) -> dict[str, str]:
    """Bucket, group, repository, topic and pipeline; the environment of the function."""
    client("s3").create_bucket(Bucket=BUCKET)
    client("s3").put_object(Bucket=BUCKET, Key="model.tar.gz", Body=tarred())
    client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)
    code = client("codecommit")
    code.create_repository(repositoryName="deploy")
    code.create_commit(repositoryName="deploy", branchName="main", putFiles=[{"filePath": "a", "fileContent": b"1"}])
    client("codepipeline").create_pipeline(pipeline=declared())
    return {
        "SAGEMAKER_PROJECT_NAME": "credit",
        "SOURCE_MODEL_PACKAGE_GROUP_NAME": GROUP,
        "ARTIFACT_BUCKET": BUCKET,
        "LEDGER_PREFIX": "ledger/credit/",
        "DEPLOY_PIPELINE_NAME": PIPELINE,
        "NOTIFICATION_TOPIC_ARN": client("sns").create_topic(Name="credit")["TopicArn"],
    }


def tarred() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("model"))
    return content.getvalue()


def declared() -> dict[str, Any]:
    def stage(name: str, action: str, category: str, provider: str, **more: Any) -> dict[str, Any]:
        kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
        return {"name": name, "actions": [{"name": action, "actionTypeId": kind, **more}]}

    source = {"RepositoryName": "deploy", "BranchName": "main", "PollForSourceChanges": "false"}
    first = stage(
        "Source", "Source", "Source", "CodeCommit", configuration=source, outputArtifacts=[{"name": "Source"}]
    )
    names = {"ApproveDeployment": "Approve", "DeployProd": "Deploy", "TestProd": "Test"}
    return {
        "name": PIPELINE,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": BUCKET},
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "variables": [{"name": "ModelPackageArn", "defaultValue": "newest"}],
        "stages": [first, *[stage(one, names[one], "Approval", "Manual") for one in STAGES]],
    }


def until(found: Callable[[], Any]) -> Any:
    limit = time.monotonic() + LIMIT
    while not (value := found()):
        assert time.monotonic() < limit
        time.sleep(0.02)
    return value


def pending(pipelines: Any, stage: str) -> tuple[str, str, str] | None:
    """(execution, action, token) of what waits in a stage."""
    for one in pipelines.get_pipeline_state(name=PIPELINE)["stageStates"]:
        latest = one.get("actionStates", [{}])[0].get("latestExecution", {})
        if one["stageName"] == stage and latest.get("status") == "InProgress" and "token" in latest:
            return one["latestExecution"]["pipelineExecutionId"], one["actionStates"][0]["actionName"], latest["token"]
    return None


def answer(pipelines: Any, stage: str, status: str = "Approved") -> str:
    """Let what waits in a stage go on; the execution."""
    execution, action, token = until(lambda: pending(pipelines, stage))
    result = {"summary": "by a test", "status": status}
    pipelines.put_approval_result(pipelineName=PIPELINE, stageName=stage, actionName=action, result=result, token=token)
    return str(execution)


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    return str(error.value.response["Error"]["Code"])


@pytest.fixture(params=["fake", "local_aws"])
def aws(request: pytest.FixtureRequest) -> tuple[Callable[[str], Any], Callable[[], None]]:
    """(clients by name, what lets time pass)."""
    if request.param == "fake":
        cloud = Cloud()
        return lambda _: Client(cloud), cloud.tick
    request.getfixturevalue("project")
    return request.getfixturevalue("client"), lambda: None


def test_the_fake_behaves_as_the_server_does(aws: tuple[Callable[[str], Any], Callable[[], None]]) -> None:
    clients, pass_time = aws
    pipelines, s3 = clients("codepipeline"), clients("s3")
    given = {"name": PIPELINE, "variables": [{"name": "ModelPackageArn", "value": f"{ARN}7"}]}
    first = pipelines.start_pipeline_execution(**given, clientRequestToken="one")["pipelineExecutionId"]
    assert pipelines.start_pipeline_execution(**given, clientRequestToken="one")["pipelineExecutionId"] == first

    def state() -> tuple[str, str] | None:
        pass_time()
        for one in pipelines.get_pipeline_state(name=PIPELINE)["stageStates"]:
            latest = one.get("actionStates", [{}])[0].get("latestExecution", {})
            mine = one.get("latestExecution", {}).get("pipelineExecutionId")
            if one["stageName"] == "ApproveDeployment" and "token" in latest and latest["status"] == "InProgress":
                if mine == first:
                    return mine, latest["token"]
                reject(latest["token"])  # what the pipeline's creation started
        return None

    def reject(token: str) -> None:
        where = {"pipelineName": PIPELINE, "stageName": "ApproveDeployment", "actionName": "Approve"}
        pipelines.put_approval_result(**where, result={"summary": "no", "status": "Rejected"}, token=token)

    execution, token = until(state)
    asked = {"pipelineName": PIPELINE, "pipelineExecutionId": execution}
    assert pipelines.get_pipeline_execution(**asked)["pipelineExecution"]["variables"][0]["resolvedValue"] == f"{ARN}7"
    stop = {**asked, "abandon": False, "reason": "no"}
    pipelines.stop_pipeline_execution(**stop)
    assert pipelines.get_pipeline_execution(**asked)["pipelineExecution"]["status"] == "Stopping"
    assert code_of(lambda: pipelines.stop_pipeline_execution(**stop)) == "DuplicatedStopRequestException"
    reject(token)
    assert code_of(lambda: reject(token)) in OVERTAKEN
    until(lambda: pipelines.get_pipeline_execution(**asked)["pipelineExecution"]["status"] != "Stopping")
    assert pipelines.get_pipeline_execution(**asked)["pipelineExecution"]["status"] == "Stopped"
    assert code_of(lambda: pipelines.stop_pipeline_execution(**stop)) == "PipelineExecutionNotStoppableException"

    written = {"Bucket": BUCKET, "Key": "contract/records/1", "Body": b"{}", "IfNoneMatch": "*"}
    s3.put_object(**written)
    assert code_of(lambda: s3.put_object(**written)) == "PreconditionFailed"
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="contract/", StartAfter="contract/records/0")
    assert [one["Key"] for one in listed["Contents"]] == ["contract/records/1"]
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="contract/", StartAfter="contract/records/1")


@pytest.fixture
def services(client: Callable[[str], Any], project: dict[str, str]) -> Services:
    return connect(project, Session(client))


def register(client: Callable[[str], Any]) -> str:
    container = {
        "Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/xgboost:1",
        "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
    }
    specification = {"Containers": [container], "SupportedContentTypes": ["a/b"], "SupportedResponseMIMETypes": ["a/b"]}
    made = client("sagemaker").create_model_package(
        ModelPackageGroupName=GROUP,
        InferenceSpecification=specification,
        ModelApprovalStatus="PendingManualApproval",
    )
    return str(made["ModelPackageArn"])


def test_promotion_follows_approvals_on_the_server(services: Services, client: Callable[[str], Any]) -> None:
    pipelines, sagemaker = client("codepipeline"), client("sagemaker")

    def decide(arn: str, status: str) -> None:
        sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status)
        handler.act_on(LOOK, services)

    def through(*stages: str) -> None:
        for stage in stages:
            execution = answer(pipelines, stage)
        asked = {"pipelineName": PIPELINE, "pipelineExecutionId": execution}
        if stages[-1] == "TestProd":
            until(lambda: pipelines.get_pipeline_execution(**asked)["pipelineExecution"]["status"] == "Succeeded")
        handler.act_on(LOOK, services)

    handler.act_on(LOOK, services)  # ends what the pipeline's creation started
    first, second, third = (register(client) for _ in range(3))
    decide(first, "Approved")
    through(*STAGES)
    state = services.ledger.read()
    assert state.live is not None
    assert (state.live.version, state.live.proved, state.open) == (1, True, None)
    life = sagemaker.describe_model_package(ModelPackageName=first)["ModelLifeCycle"]
    assert (life["Stage"], life["StageStatus"]) == ("Production", "Live")

    decide(second, "Approved")
    waiting, _, _ = until(lambda: pending(pipelines, "ApproveDeployment"))
    decide(third, "Approved")
    ended = {"pipelineName": PIPELINE, "pipelineExecutionId": waiting}
    until(lambda: pipelines.get_pipeline_execution(**ended)["pipelineExecution"]["status"] == "Failed")
    handler.act_on(LOOK, services)
    through(*STAGES)
    assert services.ledger.read().live == type(state.live)(3, True)

    rollback.rollback(services, "prod", 1, "ann", "it misbehaves")
    # The mandate answers as soon as it waits, perhaps within the call above.
    until(lambda: handler.act_on(LOOK, services) and pending(pipelines, "DeployProd"))
    through("DeployProd", "TestProd")
    state = services.ledger.read()
    assert (state.live and state.live.version, state.hold) == (1, 1)
    outcomes = [one["outcome"] for one in services.ledger.records() if one["kind"] == "ended"]
    assert outcomes == ["succeeded", "superseded", "succeeded", "succeeded"]
