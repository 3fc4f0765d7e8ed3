"""A deployment's commands as a person types them, on the project's own stack with builds that only pretend.

What the real builds do is tests/end_to_end's.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest

from mlops import destruction, objects, projects, repository, rules, stacks
from tests.here import Here
from tests.mlops import deployable


@pytest.fixture(scope="module")
def project(machine: Path) -> Here:
    """Three versions in the registry, none approved; nothing deployed."""
    deployable.write(machine.parent)
    deployable.register(boto3.client("sagemaker"), "credit", 3)
    return Here(machine.parent)


def standing(commands: Here) -> dict[int, list[str]]:
    return {one["ModelPackageVersion"]: one["Stages"] for one in commands.json("models", "credit") if one["Stages"]}


def test_before_anything_is_deployed(project: Here) -> None:
    for command in (["deployments", "credit"], ["promote", "credit"], ["rollback", "credit", "--stage", "prod"]):
        done = project(*command)
        assert done.returncode == 2, done.stderr
        assert "mlops approve" in done.stderr
    assert project.json("deployments") == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["approve", "credit:9"], "has no version 9; it has 1, 2, 3"),
        (["approve", "credit:x"], "names no version"),
        (["approve", "churn"], "No version of 'churn' is registered"),
        (["approve", "My_Model"], "cannot be deployed"),
        (["reject", "credit"], "Which version"),
        (["reject", "credit:1"], "--note"),
        (["rollback", "credit", "--stage", "live"], "is no stage"),
        (["destroy", "churn", "--yes"], "'churn' is no pipeline here"),
        (["bootstrap", "churn"], "model_deploy/stages/churn is missing"),
        (["invoke", "nowhere", "Makefile"], "no endpoint 'nowhere'"),
        (["invoke", "nowhere", "nothing.csv"], "no file nothing.csv"),
        (["batch", "credit", "Makefile", "--output", "out"], "not deployed to prod"),
    ],
)
def test_what_cannot_be_is_one_sentence(project: Here, command: list[str], said: str) -> None:
    done = project(*command)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_versions_of_a_group_that_the_environment_names_do_not_make_a_name_a_pipeline(project: Here) -> None:
    done = Here(project.folder, {"SOURCE_MODEL_PACKAGE_GROUP_NAME": "credit"})("destroy", "crediit", "--yes")
    assert done.returncode == 2
    assert "'crediit' is no pipeline here" in done.stderr


def test_a_life_from_approval_to_rollback(project: Here) -> None:
    (project.folder / "model_deploy/ignored").write_text("not published")
    (project.folder / "customers.csv").write_bytes(bytes(repository.FILE_BYTES + 1))
    approved = project("approve", "credit:1", "--note", "good")
    assert approved.returncode == 0, approved.stdout + approved.stderr
    assert "mlops promote credit" in approved.stdout
    assert standing(project) == {1: ["staging"]}
    (waiting,) = [one for one in project.json("deployments", "credit") if one["Status"] == "InProgress"]
    assert waiting["WaitsForApproval"]
    assert waiting["ModelPackageArn"].endswith("/credit/1")
    assert [stage["StageName"] for stage in waiting["StageStates"]][-1] == "ApproveDeployment"
    again = project("approve", "credit:1", "--note", "another")
    assert again.returncode == 0, "once more: the same deployment still waits"
    assert "approved already and under way; this note was not taken" in again.stdout
    sagemaker = boto3.client("sagemaker")
    assert (
        sagemaker.describe_model_package(ModelPackageName=waiting["ModelPackageArn"])["ApprovalDescription"] == "good"
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks, "STUCK", ("CREATE_COMPLETE",))
        for command in (["approve", "credit:2"], ["promote", "credit"], ["rollback", "credit", "--stage", "staging"]):
            stuck = project(*command)
            assert stuck.returncode == 1
            assert "continue-update-rollback --stack-name sagemaker-credit-" in stuck.stderr
        assert "continue-update-rollback" in project("deployments", "credit").stdout

    went = project("promote", "credit", "--note", "go")
    assert went.returncode == 0
    assert "TestProd Test: Succeeded" in went.stdout, "a line for each action"
    promoted = project.json("deployments", "credit")[0]
    assert promoted["Status"] == "Succeeded"
    (approval,) = [one for one in promoted["StageStates"] if one["StageName"] == "ApproveDeployment"]
    assert approval["ActionStates"][0]["UpdatedBy"].startswith("arn:aws:")
    history = project("models", "credit", "--version", "1").stdout
    assert "by arn:aws:" in history.replace("\n", ""), history
    assert standing(project) == {1: ["staging", "prod"]}
    again = project("promote", "credit")
    assert again.returncode == 2
    assert "waits for an approval" in again.stderr
    live = project("approve", "credit:1")
    assert live.returncode == 0
    assert "Version 1 is live already" in live.stdout

    (project.folder / "model_deploy/edited").write_text("a commit comes with the approval")
    assert project.json("approve", "credit:2")["Deployment"]["WaitsForApproval"]
    assert "a commit: promotion deploys it" in " ".join(project("deployments", "credit").stdout.split())
    assert project("promote", "credit").returncode == 0
    back = project("approve", "credit:1")
    assert back.returncode == 0
    assert "older than version 2" in back.stdout
    assert standing(project) == {2: ["staging", "prod"]}

    rolled = project.json("rollback", "credit", "--stage", "prod", "--note", "complaints")
    assert (rolled["Status"], rolled["HeldVersion"]) == ("Succeeded", 1)
    assert standing(project) == {1: ["staging", "prod"]}


def test_then_a_version_that_fails_its_proof(project: Here) -> None:
    (project.folder / "model_deploy/bad").write_text("staging:3")
    failed = project("approve", "credit")
    assert failed.returncode == 1, failed.stdout
    assert "TestStaging" in failed.stdout
    assert "record 7 is answered otherwise" in failed.stdout
    assert "[Container]" not in failed.stdout
    newest = project.json("deployments", "credit")[0]
    assert newest["Status"] == "Failed"
    assert newest["FailureReason"].startswith("TestStaging: ")
    assert "prod" in standing(project)[1]
    assert "Version 3 failed on its way to production: mlops approve credit:3 tries it again" in failed.stdout


@pytest.mark.long
def test_an_older_version_comes_after_a_newer_one_that_waits(project: Here) -> None:
    (project.folder / "model_deploy/bad").write_text("")
    assert project.json("approve", "credit:3", "--note", "mended")["Deployment"]["WaitsForApproval"]
    (project.folder / "model_deploy/edited").write_text("a commit ends what waits, and begins it anew")
    after = project("approve", "credit:2")
    assert after.returncode == 0, after.stdout + after.stderr
    first = "Version 3, newer, is under way: version 2 is deployed only if that fails or is declined."
    assert after.stdout.count(first) == 1
    assert after.stdout.index(first) < after.stdout.index("Approved version 2")
    assert "staging follows" not in after.stdout
    newest, *others = [one for one in project.json("deployments", "credit") if one["ModelPackageArn"] != "newest"]
    assert newest["ModelPackageArn"].endswith("/credit/3")
    assert newest["WaitsForApproval"]
    assert [one["ModelPackageArn"][-2:] for one in others[:1]] == ["/3"]
    listed = " ".join(project("deployments", "credit").stdout.split())
    assert "not let into production by user/local" in listed
    assert project("reject", "credit:2", "--note", "not needed").returncode == 0


def test_and_a_rejection_of_what_stands(project: Here) -> None:
    rejected = project.json("reject", "credit:3", "--note", "wrong answers")
    assert rejected["ModelApprovalStatus"] == "Rejected"
    package = boto3.client("sagemaker").describe_model_package(ModelPackageName=rejected["ModelPackageArn"])
    assert (package["ModelApprovalStatus"], package["ApprovalDescription"]) == ("Rejected", "wrong answers")


def test_bootstrap_twice_is_as_once(project: Here) -> None:
    first = project.json("bootstrap", "credit")
    second = project.json("bootstrap", "credit")
    assert (second["Changed"], second["CommitId"]) == (False, None)
    assert first["RepositoryName"] == second["RepositoryName"]
    commit = boto3.client("codecommit")
    tree = {
        blob["afterBlob"]["path"]
        for blob in commit.get_differences(repositoryName=second["RepositoryName"], afterCommitSpecifier="main")[
            "differences"
        ]
    }
    assert {"Makefile", "model_deploy/program.py", "model_deploy/promotion/handler.py"} <= tree
    assert not {"model_deploy/ignored", "customers.csv"} & tree
    rules.disable(projects.find("credit"))  # as a destroy that breaks off does
    again = project("bootstrap", "credit").stdout
    assert "as it was" in again
    assert "before the pipeline code is pushed" in again
    assert "switched on again" in again
    assert rules.enable(projects.find("credit")) == [], "none is off any more"


@pytest.mark.long
def test_the_build_runs_anew_on_a_schedule_and_on_arrival(project: Here) -> None:
    assert project.json("bootstrap", "credit", "--schedule", "rate(7 days)", "--on-arrival")["Changed"]
    events = boto3.client("events")

    def anew() -> dict[str, str]:
        rules = [one for one in events.list_rules(NamePrefix="credit-")["Rules"] if "-modelbuild-" in one["Name"]]
        found = {one["Name"].rpartition("-")[2]: one.get("ScheduleExpression", "") for one in rules}
        return {name: found[name] for name in ("scheduled", "arrived") if name in found}

    assert anew() == {"scheduled": "rate(7 days)", "arrived": ""}
    refused = project("bootstrap", "credit", "--schedule", "rate(7 day)")
    assert (refused.returncode, "rate takes day for 1" in refused.stderr) == (2, True)
    assert project.json("bootstrap", "credit", "--schedule", "none", "--no-arrival")["Changed"]
    assert anew() == {}


def running(builds: Any) -> list[Any]:
    ids = builds.list_builds()["ids"]
    found = builds.batch_get_builds(ids=ids[:100])["builds"] if ids else []
    return [one for one in found if one["buildStatus"] == "IN_PROGRESS"]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_destroy_leaves_nothing(project: Here) -> None:
    """In the middle of a deployment too, nothing is left but the registry and the key that waits for its deletion."""
    (project.folder / "model_deploy/slow").write_text("")
    assert project("approve", "credit:2", "--no-wait").returncode == 0
    builds = boto3.client("codebuild")
    until(lambda: bool(running(builds)))
    newest = project.json("deployments", "credit")[0]
    asked = {"pipelineName": newest["PipelineName"], "pipelineExecutionId": newest["PipelineExecutionId"]}
    boto3.client("codepipeline").stop_pipeline_execution(**asked, abandon=True, reason="a holiday")
    assert project.json("deployments", "credit")[0]["StatusSummary"] == "a holiday"
    refused = project("destroy", "credit")
    assert refused.returncode == 1, "nobody said yes"
    assert "stack sagemaker-credit-" in refused.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(objects, "empty", lambda _: 0)
        patch.setattr(destruction, "ROUNDS", 1)
        stuck = project("destroy", "credit", "--yes")
    assert stuck.returncode == 1, stuck.stdout + stuck.stderr
    assert "DELETE_FAILED" in stuck.stderr
    assert "until then its rules are off" in stuck.stderr
    removed = project.json("destroy", "credit", "--yes")
    assert removed["Left"] == []
    until(lambda: not running(builds))
    assert any(one.startswith("stack ") for one in removed["Removed"])
    assert any("3 versions of credit" in sentence for sentence in removed["Remains"])
    assert any("key" in sentence for sentence in removed["Remains"])

    def of(service: str, operation: str, member: str) -> list[Any]:
        return list(getattr(boto3.client(service), operation)()[member] or [])

    assert of("cloudformation", "describe_stacks", "Stacks") == []
    assert of("codepipeline", "list_pipelines", "pipelines") == []
    assert of("codecommit", "list_repositories", "repositories") == []
    assert of("codebuild", "list_projects", "projects") == []
    assert of("lambda", "list_functions", "Functions") == []
    assert of("events", "list_rules", "Rules") == []
    assert of("sns", "list_topics", "Topics") == []
    assert of("cloudwatch", "describe_alarms", "MetricAlarms") == []
    assert [one["Name"] for one in of("s3", "list_buckets", "Buckets") if "project" in one["Name"]] == []
    assert [
        one["logGroupName"] for one in of("logs", "describe_log_groups", "logGroups") if "credit" in one["logGroupName"]
    ] == []
    assert "Nothing of credit's deployment was there" in project("destroy", "credit", "--yes").stdout
    assert project.json("destroy", "credit", "--yes")["Removed"] == []


def test_two_destroy_at_once_while_something_still_writes(project: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    assert project("bootstrap", "credit").returncode == 0
    found, remove = projects.find("credit"), stacks.remove

    def written_to(name: str, say: Callable[[str], None]) -> bool:
        if name == found.stack and not late:
            late.append(name)
            boto3.client("s3").put_object(Bucket=found.bucket, Key="late", Body=b"")
        return remove(name, say)

    late: list[str] = []
    monkeypatch.setattr(stacks, "remove", written_to)
    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(lambda _: destruction.destroy(found, lambda _: None), range(2)))
    assert late
    assert ends == [[], []]
