"""What the fake keeps of packages and executions, and the names that all of it shares."""

from dataclasses import dataclass, field

from botocore.exceptions import ClientError

ACTIONS = {"ApproveDeployment": "Approve", "DeployProd": "Deploy"}
STAGES = ("Source", "Build", "DeployStaging", "TestStaging", "ApproveDeployment", "DeployProd", "TestProd")
ARN = "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/"
ENDED = ("Succeeded", "Failed", "Stopped")
GROUP, BUCKET, PREFIX, PIPELINE = "credit", "bucket", "ledger/credit/", "credit-modeldeploy"

#: Operations that change something: the points at which a fault strikes.
EFFECTS = (
    "put_object",
    "start_pipeline_execution",
    "stop_pipeline_execution",
    "put_approval_result",
    "put_job_success_result",
    "update_model_package",
    "publish",
)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")


@dataclass
class Package:
    status: str = "PendingManualApproval"
    modified: float = 0.0
    by: str = ""
    life: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """An execution; `stage` is the one it is in or has left, `actions` stage → status; of DeployProd's three actions
    that of Deploy, while `admitted` and `watched` are "" before these begin.
    """

    id: str
    arn: str
    started: float
    status: str = "InProgress"
    stage: int = -1
    actions: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    waited: int = 0
    updated: float = 0.0
    unlisted: int = 0
    admitted: str = ""
    watched: str = ""

    @property
    def version(self) -> int:
        return int(self.arn.rsplit("/", 1)[1]) if self.arn.startswith("arn:") else 0

    @property
    def running(self) -> str:
        """The stage whose action runs, or ""."""
        name = STAGES[self.stage] if self.stage >= 0 else ""
        return name if self.actions.get(name) == "InProgress" else ""
