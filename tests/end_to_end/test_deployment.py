"""The whole life, as its users live it: run, approve, promote, answer in four modes, roll back, destroy."""

import gzip
import io
import json
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import xgboost as xgb
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.conftest import ROOT, Commands
from tests.end_to_end.test_kills import of_this_home

Document = dict[str, Any]

#: What the deployment's builds need of the tree.
TREE = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "requirements-deploy.lock",
    "buildspec.yml",
    "contract",
    "model_deploy",
    "model_build",
    "local_aws/pyproject.toml",
)

MODES = ["real_time", "serverless", "asynchronous", "batch"]


@dataclass(frozen=True)
class Machine:
    """One machine, its commands and real boto3 clients of it."""

    commands: Commands
    address: str

    def client(self, service: str, **config: Any) -> Any:
        return boto3.client(
            service, endpoint_url=self.address, region_name="us-east-1",
            aws_access_key_id="local", aws_secret_access_key="local", config=Config(**config),
        )  # fmt: skip

    def clock(self, rate: float) -> None:
        body = json.dumps({"Rate": rate}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.address}/_local/clock", body)) as answer:
            assert json.load(answer)["Rate"] == rate

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command says; it must end with `code`."""
        done = self.commands(*arguments)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def stages(self, version: int | None = None) -> dict[str, str]:
        """Stage → status in the newest deployment, of a version when one is named."""
        end = f"/{version}" if version else ""
        listed = self.commands.json("deployments", "credit")
        newest = next(one for one in listed if one["ModelPackageArn"].endswith(end))
        return {one["StageName"]: one["Status"] for one in newest["StageStates"] if one.get("Status")}

    def modes(self, version: int) -> dict[str, list[str]]:
        """Stage → the modes in which a version answers."""
        listed = self.commands.json("models", "credit")
        (found,) = [one["Modes"] for one in listed if one["ModelPackageVersion"] == version]
        return dict(found)

    def package(self, version: int) -> Document:
        sagemaker = self.client("sagemaker")
        found = sagemaker.list_model_packages(ModelPackageGroupName="credit")["ModelPackageSummaryList"]
        (arn,) = [one["ModelPackageArn"] for one in found if one["ModelPackageVersion"] == version]
        answer: Document = sagemaker.describe_model_package(ModelPackageName=arn)
        return answer

    def build_log(self, project: str) -> list[str]:
        """The lines of the newest build of a project of the deployment."""
        logs = self.client("logs")
        (group,) = [
            one["logGroupName"]
            for one in logs.describe_log_groups(logGroupNamePrefix="/aws/codebuild/credit-")["logGroups"]
            if one["logGroupName"].endswith(f"-{project}")
        ]
        streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)
        name = streams["logStreams"][0]["logStreamName"]
        return [one["message"] for one in logs.get_log_events(logGroupName=group, logStreamName=name)["events"]]

    def object(self, url: str) -> bytes:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def put(self, url: str, body: bytes) -> None:
        bucket, _, key = url.removeprefix("s3://").partition("/")
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    def golden(self, version: int = 1) -> list[Document]:
        url = self.package(version)["CustomerMetadataProperties"]["golden-records"]
        return [json.loads(line) for line in self.object(url).splitlines()]

    def register_copy(self, name: str) -> tuple[int, str]:
        """Register version 1 anew, with a copy of its artefact; the version and the copy's address."""
        first = self.package(1)
        container = first["InferenceSpecification"]["Containers"][0]
        url = container["ModelDataUrl"].rpartition("/")[0] + f"-{name}/model.tar.gz"
        self.put(url, self.object(container["ModelDataUrl"]))
        specification = first["InferenceSpecification"] | {
            "Containers": [
                {key: value for key, value in container.items() if key in ("Image", "Environment")}
                | {"ModelDataUrl": url}
            ]
        }
        arn = self.client("sagemaker").create_model_package(
            ModelPackageGroupName="credit",
            InferenceSpecification=specification,
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties=first["CustomerMetadataProperties"],
        )["ModelPackageArn"]
        return int(arn.rpartition("/")[2]), url


def plant(folder: Path) -> None:
    """A tree of its own: TREE as it stands here, and no other pipeline."""
    shutil.rmtree(folder / "model_build")
    for name in TREE:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy)


@pytest.fixture(scope="module")
def machine(new_commands: Callable[[], Commands]) -> Machine:
    """A machine where version 1 of `credit` is registered, in a tree of its own."""
    commands = new_commands()
    plant(commands.folder)
    prod = commands.folder / "model_deploy/stages/credit/prod.toml"
    text = prod.read_text()
    # The asynchronous endpoint has no canary's watch to wait for, and real seconds pass where the clock is not fast.
    end = text.index("[asynchronous.autoscaling]")
    prod.write_text(text[:end] + text[end:].replace("wait_seconds = 300", "wait_seconds = 60"))
    report = commands.json("run", "credit")
    assert report["PipelineExecutionStatus"] == "Succeeded"
    return Machine(commands, commands.json("local", "env")["AWS_ENDPOINT_URL"])


def test_an_approved_version_stops_at_the_second_approval(machine: Machine) -> None:
    said = machine.run("approve", "credit", "--note", "the figures are good")
    assert "mlops promote credit" in said
    assert machine.stages() == {
        "Source": "Succeeded",
        "Build": "Succeeded",
        "DeployStaging": "Succeeded",
        "TestStaging": "Succeeded",
        "ApproveDeployment": "InProgress",
    }
    names = {one["EndpointName"] for one in machine.client("sagemaker").list_endpoints()["Endpoints"]}
    assert names == {"credit-staging", "credit-staging-serverless", "credit-staging-async"}


def test_promoted_it_answers_in_four_modes_as_at_training_time(machine: Machine) -> None:
    machine.run("promote", "credit")
    assert set(machine.stages().values()) == {"Succeeded"}
    records = machine.golden()[:20]
    lines = "".join(json.dumps(one["record"]) + "\n" for one in records)
    (machine.commands.folder / "records.jsonl").write_text(lines)
    for name in ("credit-prod", "credit-prod-serverless", "credit-prod-async"):
        said = machine.commands(
            "invoke", name, "records.jsonl", "--content-type", "application/jsonlines", "--accept", "application/json"
        )
        assert said.returncode == 0, said.stderr
        answers = json.loads(said.stdout)["predictions"]
        assert [(one["decision"], one["score"], one["model_version"]) for one in answers] == [
            (one["decision"], one["score"], 1) for one in records
        ], name
    csv = "".join(",".join(str(value or "") for value in one["record"].values()) + "\n" for one in records)
    (machine.commands.folder / "records.csv").write_text(csv)
    machine.run("batch", "credit", "records.csv", "--output", "scored", "--stage", "prod")
    (scored,) = (machine.commands.folder / "scored").glob("**/*.out")
    rows = [line.split(",") for line in scored.read_text().splitlines()]
    width = len(records[0]["record"])  # the input stands in front of the answer, the stamps of the capture behind it
    assert [(row[width], float(row[width + 1]), row[width + 2]) for row in rows] == [
        (one["decision"], one["score"], "1") for one in records
    ]


def test_the_aws_command_line_invokes_it_too(machine: Machine) -> None:
    (one, *_) = machine.golden()
    output = machine.commands.folder / "answer.json"
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("aws")), "sagemaker-runtime", "invoke-endpoint",
            "--endpoint-name", "credit-prod", "--content-type", "application/json",
            "--body", json.dumps(one["record"]), str(output),
        ],
        env=machine.commands.environment(**machine.commands.json("local", "env")),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(output.read_text())["predictions"]
    assert (answer["decision"], answer["score"]) == (one["decision"], one["score"])


def changed(artefact: bytes, trees: int) -> bytes:
    """A model.tar.gz with another value in one leaf of each of so many trees: the one most rows end in."""
    packed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(artefact)) as old,
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as new,
    ):
        for member in old.getmembers():
            file = old.extractfile(member)
            content = file.read() if file else b""
            if member.name.rpartition("/")[2] == "xgboost-model":
                content = _other_leaves(content, trees)
                member.size = len(content)
            new.addfile(member, io.BytesIO(content) if file else None)
    return packed.getvalue()


def _other_leaves(model: bytes, trees: int) -> bytes:
    booster = xgb.Booster()
    booster.load_model(bytearray(model))
    document = json.loads(booster.save_raw("json").decode())
    for tree in document["learner"]["gradient_booster"]["model"]["trees"][:trees]:
        leaves = [node for node, left in enumerate(tree["left_children"]) if left == -1]
        heaviest = max(leaves, key=lambda node: tree["sum_hessian"][node])
        tree["base_weights"][heaviest] += 0.5
        tree["split_conditions"][heaviest] += 0.5
    other = xgb.Booster()
    other.load_model(bytearray(json.dumps(document).encode()))
    raw: bytes = other.save_raw("ubj")
    return bytes(raw)


@pytest.mark.long
def test_one_value_changed_in_a_tree_fails_staging_in_every_mode(machine: Machine) -> None:
    version, url = machine.register_copy("corrupted")
    machine.put(url, changed(machine.object(url), trees=1))
    machine.run("approve", f"credit:{version}", code=1)
    checks = [line.split() for line in machine.build_log("test")]
    for mode in ("real_time", "serverless", "asynchronous", "batch"):
        failed = {words[2] for words in checks if words[:2] == ["FAILED", mode]}
        assert {"artefact", "golden"} <= failed, checks
    assert machine.stages()["TestStaging"] == "Failed"


@dataclass
class Client:
    """Sends golden records to an endpoint at a steady rate, its retries off, and notes who answered, in order."""

    machine: Machine
    endpoint: str
    versions: list[int] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def answered(self) -> Counter[int]:
        return Counter(self.versions)

    def beside(self, version: int) -> int:
        """Answers from the version's first to its last."""
        places = [place for place, answered in enumerate(self.versions) if answered == version]
        return places[-1] - places[0] + 1

    def __enter__(self) -> "Client":
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _send(self) -> None:
        runtime = self.machine.client("sagemaker-runtime", retries={"total_max_attempts": 1})
        body = json.dumps(self.machine.golden()[0]["record"])
        while not self._end.wait(0.02):
            try:
                answer = runtime.invoke_endpoint(EndpointName=self.endpoint, ContentType="application/json", Body=body)
                self.versions.append(json.load(answer["Body"])["predictions"][0]["model_version"])
            except ClientError as error:
                self.failed.append(str(error))


@pytest.fixture
def fast(machine: Machine) -> Iterator[None]:
    machine.clock(60)
    yield
    machine.clock(1)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_version_that_answers_wrongly_in_production_rolls_back_by_itself(machine: Machine, fast: None) -> None:
    """Its artefact is changed after staging proved it: only the canary and its watch can see that."""
    version, url = machine.register_copy("tampered")
    machine.run("approve", f"credit:{version}")
    before = machine.client("sagemaker").describe_endpoint(EndpointName="credit-prod")["EndpointConfigName"]
    machine.put(url, changed(machine.object(url), trees=50))
    with Client(machine, "credit-prod") as client:
        said = machine.run("promote", "credit", code=1)
    found = machine.client("sagemaker").describe_endpoint(EndpointName="credit-prod")
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", before), said
    assert client.failed == []
    # CanarySize and two points of what was asked meanwhile; the watch asks, too, so that two more may be chance.
    assert 0 < client.answered[version] <= 0.12 * client.beside(version) + 2, client.versions
    assert machine.stages(version)["DeployProd"] == "Failed"
    assert "Production returns to version 1" in said, "the other modes have kept the bad version"
    deadline = time.monotonic() + 300
    while machine.modes(1).get("prod", []) != MODES and time.monotonic() < deadline:
        time.sleep(2)
    assert machine.modes(1)["prod"] == MODES
    assert machine.modes(version) == {}


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_good_deployment_fails_not_one_request(machine: Machine, fast: None) -> None:
    version, _ = machine.register_copy("good")
    machine.run("approve", f"credit:{version}")
    with Client(machine, "credit-prod") as client:
        machine.run("promote", "credit")
    assert client.failed == []
    assert client.answered[version] > 0
    assert client.answered[1] > 0
    stages = {one["ModelPackageVersion"]: one["Stages"] for one in machine.commands.json("models", "credit")}
    assert stages[version] == ["staging", "prod"]
    assert stages[1] == []


@pytest.mark.long
@pytest.mark.timeout(600)
def test_rejecting_the_live_version_brings_the_one_before_back(machine: Machine, fast: None) -> None:
    live = max(one["ModelPackageVersion"] for one in machine.commands.json("models", "credit") if one["Stages"])
    machine.run("reject", f"credit:{live}", "--note", "complaints")
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        stages = {one["ModelPackageVersion"]: one["Stages"] for one in machine.commands.json("models", "credit")}
        if stages[1] == ["staging", "prod"]:
            break
        time.sleep(1)
    assert stages[1] == ["staging", "prod"]
    (answer,) = json.loads(machine.run("invoke", "credit-prod", "records.jsonl", "--content-type",
        "application/jsonlines", "--accept", "application/json"))["predictions"][:1]  # fmt: skip
    assert answer["model_version"] == 1


def test_destroy_leaves_nothing(machine: Machine) -> None:
    machine.run("destroy", "credit", "--yes")
    sagemaker, stacks = machine.client("sagemaker"), machine.client("cloudformation")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    living = [one for one in stacks.list_stacks()["StackSummaries"] if one["StackStatus"] != "DELETE_COMPLETE"]
    assert living == []
    assert machine.client("codepipeline").list_pipelines()["pipelines"] == []
    assert [one["Name"] for one in machine.client("s3").list_buckets()["Buckets"] if "project" in one["Name"]] == []
    assert machine.commands("local", "down").returncode == 0
    assert of_this_home(machine.commands.home) == []
