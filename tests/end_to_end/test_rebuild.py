"""Data that arrive, and a schedule, lead to a build that knows data, registry and champion of that moment."""

import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model_build.pipelines.credit import sample
from tests.conftest import ROOT, Commands
from tests.end_to_end.test_deployment import Machine, plant

WEEK = 7 * 86_400

#: The environment that the build makes is this one; what its buildspec runs then is the real thing.
MAKEFILE = f"""
setup:
\tmkdir -p .venv/bin
\tln -sf {shlex.quote(str(Path(sys.executable).with_name("run-pipeline")))} .venv/bin/run-pipeline
test:
\ttrue
"""


class Builds(Machine):
    """The build side of the project."""

    def executions(self) -> list[dict[str, Any]]:
        """Those of the build's CodePipeline, oldest first, without that of its making, when there was no commit yet."""
        pipelines = self.client("codepipeline")
        (name,) = [
            one["name"] for one in pipelines.list_pipelines()["pipelines"] if one["name"].endswith("-modelbuild")
        ]
        found = pipelines.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
        found = [one for one in found if one["trigger"]["triggerType"] != "CreatePipeline"]
        return sorted(found, key=lambda one: one["startTime"])

    def ended(self, count: int) -> dict[str, Any]:
        """The newest execution, once there are so many and all have ended; it must have ended well."""
        end = time.monotonic() + 400
        while time.monotonic() < end:
            found = self.executions()
            if len(found) >= count and not {one["status"] for one in found} & {"InProgress", "Stopping"}:
                assert (len(found), found[-1]["status"]) == (count, "Succeeded"), self.build_log("modelbuild")
                return found[-1]
            time.sleep(0.5)
        raise AssertionError(f"{count} executions of the build did not end: {self.executions()}")

    def built_with(self) -> dict[str, str]:
        """The parameters of the newest execution of the SageMaker pipeline, which must have ended well."""
        newest = self.commands.json("executions", "credit")[0]
        assert newest["PipelineExecutionStatus"] == "Succeeded"
        listed = self.client("sagemaker").list_pipeline_parameters_for_execution(
            PipelineExecutionArn=newest["PipelineExecutionArn"]
        )
        return {one["Name"]: one["Value"] for one in listed["PipelineParameters"]}


@pytest.mark.long
def test_data_that_arrive_and_a_schedule_build_against_the_champion(new_commands: Callable[[], Commands]) -> None:
    commands = new_commands()
    plant(commands.folder)
    made = commands.json("bootstrap", "credit")
    bucket = made["BucketName"]
    builds = Builds(commands, commands.json("local", "env")["AWS_ENDPOINT_URL"])
    s3, sagemaker, events = (builds.client(service) for service in ("s3", "sagemaker", "events"))
    for rule in events.list_rules(NamePrefix="credit-")["Rules"]:  # an approval would deploy, which takes its time
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        if any(":lambda:" in one["Arn"] for one in targets):
            events.disable_rule(Name=rule["Name"])

    def arrive(seed: int) -> None:
        rows = commands.folder / "rows.csv"
        sample.write(rows, 1500, seed)
        s3.upload_file(str(rows), bucket, f"credit/incoming/{seed}.csv")

    def approve(version: int) -> None:
        arn = builds.package(version)["ModelPackageArn"]
        sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")

    arrive(1)
    commit(builds, f"s3://{bucket}/credit/incoming/")
    builds.ended(1)
    first = builds.built_with()
    assert first["ChampionVersion"] == "none"
    assert first["RegisteredArtefact"] == "none"
    approve(1)

    assert commands.json("bootstrap", "credit", "--on-arrival", "--schedule", "rate(7 days)")["Changed"]
    arrive(2)
    newest = builds.ended(2)
    assert newest["trigger"]["triggerType"] == "CloudWatchEvent"
    assert newest["trigger"]["triggerDetail"].endswith("-modelbuild-arrived")
    second = builds.built_with()
    assert second["ChampionVersion"] == "1"
    assert second["RegisteredArtefact"] not in ("none", first["RegisteredArtefact"])
    assert second["InputDataFingerprint"] != first["InputDataFingerprint"], "there are more data than before"
    approve(2)

    builds.run("local", "clock", "--forward", str(WEEK))
    assert builds.ended(3)["trigger"]["triggerDetail"].endswith("-modelbuild-scheduled")
    third = builds.built_with()
    assert third["ChampionVersion"] == "2"
    assert third["InputDataFingerprint"] == second["InputDataFingerprint"]
    assert third["RegisteredArtefact"] != second["RegisteredArtefact"]


def commit(builds: Builds, data: str) -> None:
    """A build repository that reads its data from there; the commit starts a build by itself."""
    config = (ROOT / "model_build/pipelines/credit/config.toml").read_text()
    files = {
        "buildspec.yml": (ROOT / "buildspec.yml").read_text(),
        "Makefile": MAKEFILE,
        "model_build/pipelines/credit/config.toml": config.replace(
            "[pipeline]", f'[pipeline]\ninput_data = "{data}"', 1
        ),
    }
    repositories = builds.client("codecommit")
    (name,) = [
        one["repositoryName"]
        for one in repositories.list_repositories()["repositories"]
        if one["repositoryName"].endswith("-modelbuild")
    ]
    repositories.create_commit(
        repositoryName=name,
        branchName="main",
        putFiles=[{"filePath": path, "fileContent": text.encode()} for path, text in files.items()],
    )
