"""AWS as far as promotion sees it: an in-process fake of five services at the level of boto3's clients.

Time is virtual and moves by ticks; in a tick every action that runs ends, and every execution that may enters its next
stage. CodePipeline as its user guide describes it: QUEUED (one execution in a stage, the others wait before it),
"stop and wait" (the action that runs ends first; an approval has to be answered), approvals by token, one execution
for one clientRequestToken. What breaks an invariant while it happens is kept in `broken`.
"""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.model_deploy.promotion.fake_clients import Client
from tests.model_deploy.promotion.fake_records import (
    ACTIONS,
    ARN,
    ENDED,
    GROUP,
    PIPELINE,
    STAGES,
    Package,
    Run,
    refused,
)


class Cloud:
    """failing  (stage, version) → how often its action fails. Alarms without data stop nothing: TestProd fails
    silent   the version that SageMaker takes back without a word
    stuck    the version that leaves its stack in UPDATE_ROLLBACK_FAILED
    lag      how often an execution is left out of the list at first
    dated    by how many seconds the time of an event is later than the change that it tells of
    """

    def __init__(
        self,
        failing: dict[tuple[str, int], int] | None = None,
        silent: int = 0,
        stuck: int = 0,
        lag: int = 0,
        dated: int = 2,
    ) -> None:
        self.dated = dated
        self.now = 1_000_000.0
        self.failing, self.silent, self.stuck_by, self.lag = dict(failing or {}), silent, stuck, lag
        self.packages: dict[int, Package] = {}
        self.objects: dict[str, bytes] = {}
        self.runs: list[Run] = []
        self.tokens: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self.sent: list[str] = []
        self.stack, self.endpoint, self.stuck = 0, 0, False
        self.staged: set[str] = set()
        self.tested: set[str] = set()
        self.calls = 0
        self.effects: list[str] = []
        self.strike: Callable[[int, str, Callable[[], Any]], Any] = lambda _, __, do: do()
        self.watch: Callable[[str, Any], None] = lambda _, __: None

    def client(self) -> Any:
        return Client(self)

    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    # the pipeline moves

    def tick(self) -> None:
        self.now += 60
        for run in [one for one in self.runs if one.status not in ENDED]:
            if stage := run.running:
                self._finish(run, stage)
            if run.status not in ENDED and not run.running:
                self._enter(run)

    def _finish(self, run: Run, stage: str) -> None:
        if stage == "ApproveDeployment" or run.admitted == "InProgress":
            return
        good = self._act(run, stage)
        self._set(run, stage, "Succeeded" if good else "Failed")
        if stage == "DeployProd":  # the watch beside the deployment ends with it
            wrong = self.failing.get(("Watch", run.version)) or self.endpoint != self.stack
            run.watched = "Failed" if wrong else "Succeeded"
            good = good and run.watched == "Succeeded"
        if run.status == "Stopping":
            self.end(run, "Stopped")
        elif not good:
            self.end(run, "Failed")

    def _act(self, run: Run, stage: str) -> bool:
        left = self.failing.get((stage, run.version), 0)
        if left:
            self.failing[stage, run.version] = left - 1
        if stage == "Build":
            return bool(run.version) and not left
        if stage == "TestStaging" and not left:
            self.staged.add(run.id)
        if stage == "DeployProd":
            return not left and self._deploy(run.version)
        if stage == "TestProd":
            good = not left and self.endpoint == self.stack == run.version
            self.tested |= {run.id} if good else set()
            return good
        return not left

    def _deploy(self, version: int) -> bool:
        if self.stuck:
            return False
        if self.stuck_by == version:
            self.stuck, self.stuck_by = True, 0
            return False
        self.stack = version
        if self.silent == version:
            self.silent = 0
            return True
        self.watch("live", (self.endpoint, version))
        self.endpoint = version
        return True

    def _enter(self, run: Run) -> None:
        following = run.stage + 1
        if following == len(STAGES):
            return self.end(run, "Succeeded")
        if any(other.stage == following and other.running for other in self.runs):
            return None
        run.stage, stage = following, STAGES[following]
        self._set(run, stage, "InProgress")
        if stage == "DeployProd":
            return self._ask(run)
        self.watch("action", (run, stage))
        if stage == "ApproveDeployment":
            self._tell("CodePipeline Action Execution State Change", run, "STARTED")
        return None

    def _ask(self, run: Run) -> None:
        """Admit runs before the two others: the function gets a job."""
        run.admitted = "InProgress"
        self.events.append({"CodePipeline.job": {"id": run.id}})

    def _set(self, run: Run, stage: str, status: str, summary: str = "") -> None:
        run.actions[stage], run.updated = status, self.now
        run.summaries[stage] = summary or f"{stage} {status}"

    def end(self, run: Run, status: str) -> None:
        run.status, run.updated = status, self.now
        self.watch("ended", run)
        self._tell("CodePipeline Pipeline Execution State Change", run, status.upper())

    def _tell(self, kind: str, run: Run, state: str) -> None:
        detail = {"pipeline": PIPELINE, "execution-id": run.id, "state": state}
        self.event("aws.codepipeline", kind, detail)

    def event(self, source: str, kind: str, detail: dict[str, Any]) -> None:
        time = datetime.fromtimestamp(self.now + self.dated, UTC).isoformat(timespec="seconds")
        self.events.append({"source": source, "detail-type": kind, "time": time, "detail": detail})

    def begin(self, arn: str) -> Run:
        run = Run(f"00000000-0000-0000-0000-{len(self.runs):012d}", arn, self.now, updated=self.now, unlisted=self.lag)
        self.runs.append(run)
        self.watch("started", run)
        self._tell("CodePipeline Pipeline Execution State Change", run, "STARTED")
        return run

    def waiting(self) -> Run | None:
        return next((run for run in self.runs if run.running == "ApproveDeployment" and run.status not in ENDED), None)

    def package_event(self, version: int, updated: list[str]) -> None:
        status = self.packages[version].status
        detail = {"ModelPackageGroupName": GROUP, "ModelPackageVersion": version, "ModelApprovalStatus": status}
        if status != "PendingManualApproval":  # the rule's pattern
            source, kind = "aws.sagemaker", "SageMaker Model Package State Change"
            self.event(source, kind, {**detail, "UpdatedModelPackageFields": updated})

    # SageMaker

    def list_model_packages(self, **_: Any) -> dict[str, Any]:
        rows = [
            {"ModelPackageVersion": version, "ModelPackageArn": f"{ARN}{version}", "ModelApprovalStatus": one.status}
            for version, one in self.packages.items()
        ]
        return {"ModelPackageSummaryList": rows}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        one = self.packages[int(ModelPackageName.rsplit("/", 1)[1])]
        modified = datetime.fromtimestamp(one.modified, UTC)
        by = {"LastModifiedBy": {"IamIdentity": {"Arn": one.by}}}
        life = {"ModelLifeCycle": one.life} if one.life else {}
        return {"ModelApprovalStatus": one.status, "CreationTime": modified, "LastModifiedTime": modified, **by, **life}

    def update_model_package(self, ModelPackageArn: str, ModelLifeCycle: dict[str, str]) -> dict[str, Any]:  # noqa: N803
        version = int(ModelPackageArn.rsplit("/", 1)[1])
        one = self.packages[version]
        one.life, one.modified = ModelLifeCycle, self.now
        self.watch("marked", (version, ModelLifeCycle))
        self.package_event(version, ["ModelLifeCycle"])
        return {}

    # S3

    def put_object(self, Key: str, Body: bytes, **given: Any) -> dict[str, Any]:  # noqa: N803
        there = self.objects.get(Key)
        if given.get("IfNoneMatch") == "*" and there is not None:
            raise refused("PreconditionFailed")
        if "IfMatch" in given and (there is None or given["IfMatch"] != self._etag(there)):
            raise refused("PreconditionFailed" if there is not None else "NoSuchKey")
        if "/records/" in Key:
            self.watch("overwritten" if there is not None else "record", json.loads(Body))
        self.objects[Key] = Body
        return {"ETag": self._etag(Body)}

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if Key not in self.objects:
            raise refused("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Key]), "ETag": self._etag(self.objects[Key])}

    def list_objects_v2(self, Prefix: str, StartAfter: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > StartAfter)
        return {"Contents": [{"Key": key} for key in keys]} if keys else {}

    @staticmethod
    def _etag(body: bytes) -> str:
        return f'"{hash(body)}"'

    # CodePipeline

    def start_pipeline_execution(
        self,
        name: str,
        variables: list[dict[str, str]],
        clientRequestToken: str = "",  # noqa: N803
    ) -> dict[str, Any]:
        if not clientRequestToken or clientRequestToken not in self.tokens:
            self.tokens[clientRequestToken] = self.begin(variables[0]["value"]).id
            self.watch("begun", None)
        return {"pipelineExecutionId": self.tokens[clientRequestToken]}

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        def at(seconds: float) -> datetime:
            return datetime.fromtimestamp(seconds, UTC)

        listed = [run for run in reversed(self.runs) if run.unlisted == 0]
        for run in self.runs:
            run.unlisted = max(0, run.unlisted - 1)
        rows = [
            {
                "pipelineExecutionId": run.id,
                "status": run.status,
                "startTime": at(run.started),
                "lastUpdateTime": at(run.updated),
            }
            for run in listed
        ]
        return {"pipelineExecutionSummaries": rows}

    def get_pipeline_execution(self, pipelineExecutionId: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        run = self._run(pipelineExecutionId)
        variables = [{"name": "ModelPackageArn", "resolvedValue": run.arn}]
        return {"pipelineExecution": {"status": run.status, "variables": variables}}

    def list_action_executions(self, filter: dict[str, str], **_: Any) -> dict[str, Any]:
        run = self._run(filter["pipelineExecutionId"])
        rows = [
            {
                "stageName": stage,
                "actionName": name,
                "status": {"Admit": run.admitted, "Watch": run.watched}.get(name, status),
                "startTime": run.started + STAGES.index(stage),
                "output": {"executionResult": {"externalExecutionSummary": run.summaries[stage]}},
            }
            for stage, status in run.actions.items()
            for name in self._begun(run, stage)
        ]
        return {"actionExecutionDetails": rows}

    @staticmethod
    def _begun(run: Run, stage: str) -> tuple[str, ...]:
        if stage == "DeployProd":
            return ("Admit", "Deploy", "Watch") if run.watched else ("Admit",)
        return (ACTIONS.get(stage, "Run"),)

    def put_job_success_result(self, jobId: str) -> None:  # noqa: N803
        run = self._run(jobId)
        if run.admitted != "InProgress":
            raise refused("InvalidJobStateException")
        run.admitted = "Succeeded"
        if run.status == "Stopping":
            self._set(run, "DeployProd", "Stopped")
            return self.end(run, "Stopped")
        run.watched = "InProgress"
        return self.watch("action", (run, "DeployProd"))

    def get_pipeline_state(self, **_: Any) -> dict[str, Any]:
        run = self.waiting()
        latest = {"status": "InProgress", "token": f"{run.id}-{run.waited}"} if run else {"status": "Succeeded"}
        state: dict[str, Any] = {"stageName": "ApproveDeployment"}
        if run:
            actions = [{"actionName": "Approve", "latestExecution": latest}]
            state |= {"latestExecution": {"pipelineExecutionId": run.id}, "actionStates": actions}
        return {"stageStates": [state]}

    def put_approval_result(self, result: dict[str, str], token: str, **_: Any) -> dict[str, Any]:
        run = next((one for one in self.runs if token == f"{one.id}-{one.waited}"), None)
        if run is None:
            raise refused("InvalidApprovalTokenException")
        if run.running != "ApproveDeployment" or run.status in ENDED:
            raise refused("ApprovalAlreadyCompletedException")
        run.waited += 1
        approved = result["status"] == "Approved"
        self._set(run, "ApproveDeployment", "Succeeded" if approved else "Failed", result["summary"])
        if not approved or run.status == "Stopping":
            self.end(run, "Stopped" if run.status == "Stopping" else "Failed")
        return {}

    def stop_pipeline_execution(self, pipelineExecutionId: str, abandon: bool, **_: Any) -> dict[str, Any]:  # noqa: N803
        run = self._run(pipelineExecutionId)
        if run.status in ENDED:
            raise refused("PipelineExecutionNotStoppableException")
        if run.status == "Stopping" and not abandon:
            raise refused("DuplicatedStopRequestException")
        if abandon and run.running.startswith("Deploy"):
            self.watch("abandoned", run)
        self.watch("stopping", run)
        run.status = "Stopping"
        self._tell("CodePipeline Pipeline Execution State Change", run, "STOPPING")
        if abandon or not run.running:
            self.end(run, "Stopped")
        return {}

    def _run(self, id: str) -> Run:
        return next(run for run in self.runs if run.id == id)

    # SNS

    def publish(self, Subject: str, Message: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.sent.append(f"{Subject}. {Message}")
        return {}
