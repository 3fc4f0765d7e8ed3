"""Faults of the exhaustive run, on the real server: the project's own stack, events, CodePipeline and Lambda.

Builds only pretend (tests/mlops/deployable.py); everything between an approval and a deployed stack is the real thing.
After each fault the invariants are asked of what the services say, not of the ledger.
"""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.conftest import Commands
from tests.mlops import deployable

Document = dict[str, Any]
LIMIT = 120.0


@dataclass
class World:
    """What the services say of the deployments of `credit`."""

    commands: Commands
    address: str
    pipeline: str

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.address, region_name="us-east-1", aws_access_key_id="local",
            aws_secret_access_key="local", config=Config(retries={"total_max_attempts": 10, "mode": "standard"}),
        )  # fmt: skip

    def register(self) -> int:
        sagemaker = self.client("sagemaker")
        deployable.register(sagemaker, "credit", 1)
        newest = sagemaker.list_model_packages(ModelPackageGroupName="credit", SortBy="CreationTime")
        return max(one["ModelPackageVersion"] for one in newest["ModelPackageSummaryList"])

    def arn(self, version: int) -> str:
        return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/credit/{version}"

    def decide(self, version: int, status: str) -> None:
        self.client("sagemaker").update_model_package(ModelPackageArn=self.arn(version), ModelApprovalStatus=status)

    def executions(self) -> list[tuple[int, str]]:
        """(version, status) of every execution that names a version, oldest first."""
        client, found = self.client("codepipeline"), []
        for one in client.list_pipeline_executions(pipelineName=self.pipeline)["pipelineExecutionSummaries"]:
            asked = {"pipelineName": self.pipeline, "pipelineExecutionId": one["pipelineExecutionId"]}
            (variable,) = client.get_pipeline_execution(**asked)["pipelineExecution"]["variables"]
            if variable["resolvedValue"].startswith("arn:"):
                found.append((int(variable["resolvedValue"].rpartition("/")[2]), one["status"]))
        return found[::-1]

    def waiting(self) -> tuple[int, str] | None:
        """(version, token) of the execution that waits for its approval."""
        client = self.client("codepipeline")
        for stage in client.get_pipeline_state(name=self.pipeline)["stageStates"]:
            latest = stage.get("actionStates", [{}])[0].get("latestExecution", {})
            if stage["stageName"] == "ApproveDeployment" and latest.get("status") == "InProgress" and "token" in latest:
                asked = stage["latestExecution"]["pipelineExecutionId"]
                found = client.get_pipeline_execution(pipelineName=self.pipeline, pipelineExecutionId=asked)
                (variable,) = found["pipelineExecution"]["variables"]
                return int(variable["resolvedValue"].rpartition("/")[2]), latest["token"]
        return None

    def promote(self, version: int) -> None:
        self.until(lambda: (self.waiting() or (0,))[0] == version, f"version {version} waits")
        found = self.waiting()
        assert found is not None
        self.answer(found[1])

    def answer(self, token: str) -> None:
        self.client("codepipeline").put_approval_result(
            pipelineName=self.pipeline, stageName="ApproveDeployment", actionName="Approve",
            result={"summary": "by a test", "status": "Approved"}, token=token,
        )  # fmt: skip

    def actions(self, version: int) -> dict[tuple[str, str], str]:
        """(stage, action) → status in the newest execution of a version."""
        client = self.client("codepipeline")
        for one in client.list_pipeline_executions(pipelineName=self.pipeline)["pipelineExecutionSummaries"]:
            asked = {"pipelineExecutionId": one["pipelineExecutionId"]}
            (variable,) = client.get_pipeline_execution(pipelineName=self.pipeline, **asked)["pipelineExecution"][
                "variables"
            ]
            if variable["resolvedValue"] == self.arn(version):
                rows = client.list_action_executions(pipelineName=self.pipeline, filter=asked)["actionExecutionDetails"]
                return {(row["stageName"], row["actionName"]): row["status"] for row in rows}
        return {}

    def standing(self, stage: str) -> int | None:
        """The version that the stage's stack was deployed from."""
        stacks = self.client("cloudformation")
        name = f"sagemaker-{self.pipeline.removesuffix('-modeldeploy')}-deploy-{stage}"
        try:
            (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
        except ClientError:
            return None
        (parameter,) = stack["Parameters"]
        return int(parameter["ParameterValue"].rpartition("/")[2])

    def until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except (BotoCoreError, ClientError):
                pass  # the server is down in the faults that kill it
            time.sleep(0.2)
        raise AssertionError(f"not so within {LIMIT:.0f} s: {what}; {self.executions()}; waits: {self.waiting()}")

    def quiet(self) -> None:
        """Until nothing is under way but what waits for a person."""

        def still() -> bool:
            busy = [one for one in self.executions() if one[1] in ("InProgress", "Stopping")]
            waits = self.waiting()
            return busy == ([(waits[0], "InProgress")] if waits else [])

        self.until(still, "quiet")
        time.sleep(1)
        self.until(still, "quiet for a second")

    def invoke_promotion(self, event: Document) -> None:
        name = self.pipeline.removesuffix("-modeldeploy") + "-promotion"
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()

    def event(self, version: int, status: str) -> Document:
        """An approval event as SageMaker sends it."""
        return {
            "source": "aws.sagemaker",
            "time": "2026-01-01T00:00:00Z",
            "detail-type": "SageMaker Model Package State Change",
            "detail": {
                "ModelPackageGroupName": "credit",
                "ModelPackageVersion": version,
                "ModelPackageArn": self.arn(version),
                "ModelApprovalStatus": status,
                "UpdatedModelPackageFields": ["ModelApprovalStatus"],
            },
        }

    def kill(self) -> None:
        """The server, with SIGKILL, and up again."""
        os.kill(self.commands.json("local", "status")["Pid"], signal.SIGKILL)
        self.commands.json("local", "up")


@pytest.fixture(scope="module")
def world(new_commands: Callable[[], Commands]) -> World:
    """Version 1 is live in production."""
    commands = new_commands()
    shutil.rmtree(commands.folder / "model_build")
    deployable.write(commands.folder)
    address = commands.json("local", "env")["AWS_ENDPOINT_URL"]
    made = World(commands, address, "")
    assert made.register() == 1
    done = commands("bootstrap", "credit")
    assert done.returncode == 0, done.stdout + done.stderr
    names = [one["name"] for one in made.client("codepipeline").list_pipelines()["pipelines"]]
    (made.pipeline,) = [name for name in names if name.endswith("-modeldeploy")]
    made.decide(1, "Approved")
    made.promote(1)
    made.until(lambda: made.executions()[-1] == (1, "Succeeded"), "version 1 is live")
    return made


def test_1_an_event_that_comes_five_times_at_once_deploys_once(world: World) -> None:
    version = world.register()
    world.decide(version, "Approved")
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(world.invoke_promotion, [world.event(version, "Approved")] * 5))
    world.promote(version)
    world.until(lambda: (version, "Succeeded") in world.executions(), "deployed")
    world.invoke_promotion(world.event(version, "Approved"))  # late
    world.quiet()
    assert [one for one in world.executions() if one[0] == version] == [(version, "Succeeded")]
    assert world.standing("prod") == version


def test_2_an_old_approval_that_comes_after_newer_ones_deploys_nothing(world: World) -> None:
    before = world.executions()
    world.invoke_promotion(world.event(1, "Approved"))
    world.quiet()
    assert world.executions() == before


def test_3_a_change_of_the_metadata_of_the_live_version_deploys_nothing(world: World) -> None:
    before, live = world.executions(), world.standing("prod")
    assert live is not None
    world.client("sagemaker").update_model_package(
        ModelPackageArn=world.arn(live), CustomerMetadataProperties={"reviewed": "yes"}
    )
    world.quiet()
    assert world.executions() == before


def test_4_of_two_approvals_at_once_the_newer_one_goes_on(world: World) -> None:
    older, newer = world.register(), world.register()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda version: world.decide(version, "Approved"), (newer, older)))
    world.promote(newer)
    world.until(lambda: (newer, "Succeeded") in world.executions(), "the newer one is deployed")
    world.quiet()
    assert world.standing("prod") == newer
    assert (older, "Succeeded") not in world.executions()


@pytest.mark.long
def test_5_rejected_while_it_waits_it_is_never_deployed(world: World) -> None:
    live, version = world.standing("prod"), world.register()
    world.decide(version, "Approved")
    world.until(lambda: (world.waiting() or (0,))[0] == version, "it waits")
    world.decide(version, "Rejected")
    world.quiet()
    assert world.waiting() is None
    assert world.standing("prod") == live
    assert not [one for one in world.executions() if one == (version, "Succeeded")]


@pytest.mark.long
def test_6_killed_in_the_build_it_is_deployed_once(world: World) -> None:
    version = world.register()
    world.decide(version, "Approved")
    world.until(lambda: (version, "InProgress") in world.executions(), "under way")
    world.kill()
    world.promote(version)
    world.until(lambda: (version, "Succeeded") in world.executions(), "deployed")
    world.quiet()
    assert [one for one in world.executions() if one[0] == version] == [(version, "Succeeded")]


@pytest.mark.long
def test_7_killed_right_after_both_approvals_it_is_deployed_once(world: World) -> None:
    version = world.register()
    world.decide(version, "Approved")
    world.kill()
    world.promote(version)
    world.kill()
    world.until(lambda: (version, "Succeeded") in world.executions(), "deployed")
    world.quiet()
    assert [one for one in world.executions() if one[0] == version] == [(version, "Succeeded")]
    assert world.standing("prod") == version


@pytest.mark.long
def test_8_a_version_that_fails_its_proof_is_not_tried_again_without_a_person(world: World) -> None:
    live, version = world.standing("prod"), world.register()
    (world.commands.folder / "model_deploy/bad").write_text(f"staging:{version}")
    done = world.commands("approve", f"credit:{version}")
    assert done.returncode == 1, done.stdout + done.stderr
    world.invoke_promotion(world.event(version, "Approved"))
    world.quiet()
    assert [one for one in world.executions() if one[0] == version] == [(version, "Failed")]
    assert world.standing("prod") == live


@pytest.mark.long
def test_9_a_rejection_of_the_live_version_brings_the_one_before_back(world: World) -> None:
    good = [version for version, status in world.executions() if status == "Succeeded"]
    live = world.standing("prod")
    assert live == good[-1]
    world.decide(live, "Rejected")
    world.until(lambda: world.standing("prod") == good[-2], "the one before is back")
    world.quiet()
    assert world.executions()[-1] == (good[-2], "Succeeded")


@pytest.mark.long
def test_10_a_rollback_holds_until_the_next_approval(world: World) -> None:
    live = world.standing("prod")
    assert live is not None
    done = world.commands("rollback", "credit", "--stage", "prod", "--note", "complaints")
    assert done.returncode == 0, done.stdout + done.stderr
    world.quiet()
    held = world.standing("prod")
    assert held is not None
    assert held < live
    world.invoke_promotion(world.event(live, "Approved"))  # a late double of an approval before the rollback
    world.quiet()
    assert world.standing("prod") == held
    version = world.register()
    world.decide(version, "Approved")
    world.promote(version)
    world.until(lambda: world.standing("prod") == version, "the next approval ends the hold")


@pytest.mark.long
def test_11_rejected_in_the_moment_of_its_promotion_it_does_not_touch_production(world: World) -> None:
    live, version = world.standing("prod"), world.register()
    world.decide(version, "Approved")
    world.until(lambda: (world.waiting() or (0,))[0] == version, "it waits")
    found = world.waiting()
    assert found is not None
    world.decide(version, "Rejected")
    with suppress(ClientError):  # promotion was faster
        world.answer(found[1])
    world.quiet()
    assert world.actions(version).keys().isdisjoint({("DeployProd", "Deploy"), ("DeployProd", "Watch")})
    assert world.standing("prod") == live


@pytest.mark.long
def test_12_production_returns_when_its_watch_fails(world: World) -> None:
    live, version = world.standing("prod"), world.register()
    (world.commands.folder / "model_deploy/bad").write_text(f"prod:{version}")
    done = world.commands("approve", f"credit:{version}")
    assert done.returncode == 0, done.stdout + done.stderr
    done = world.commands("promote", "credit")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"Production returns to version {live} by itself" in done.stdout
    world.until(lambda: (live, "Succeeded") == world.executions()[-1], "the one before is deployed again")
    world.quiet()
    assert world.standing("prod") == live
    assert [one for one in world.executions() if one[0] == version] == [(version, "Failed")]
