"""What promotion sees when it looks: the ledger's state, the registry, the pipeline's executions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.documents import Document
from model_deploy.promotion.state import State

#: (stage, action) in templates/project/delivery.yml: the second approval, the update of production's stack, and what
#: watches production meanwhile.
APPROVE, DEPLOY, WATCH = ("ApproveDeployment", "Approve"), ("DeployProd", "Deploy"), ("DeployProd", "Watch")

ACTIVE = ("InProgress", "Stopping")


@dataclass(frozen=True)
class Version:
    """A version as the registry has it; `detail` (status, by, note, modified) where the ledger has something else."""

    arn: str
    status: str
    detail: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Action:
    """The latest run of an action. `artifacts`: name → s3:// URI."""

    status: str
    summary: str = ""
    by: str = ""
    artifacts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Execution:
    """arn       the value of its variable ModelPackageArn
    updated   when it last changed, in seconds since 1970
    actions   (stage, action) → its latest run, for those that have begun
    approval  the token of the approval that it waits for, or ""
    """

    id: str
    status: str
    arn: str
    updated: float = 0.0
    actions: Mapping[tuple[str, str], Action] = field(default_factory=dict)
    approval: str = ""

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    @property
    def past_approval(self) -> bool:
        return self._succeeded(APPROVE) or any(stage == DEPLOY[0] for stage, _ in self.actions)

    @property
    def deployed(self) -> bool:
        """Production's stack was brought to its version. What runs there is for TestProd to say."""
        return self._succeeded(DEPLOY)

    @property
    def turned_back(self) -> bool:
        """The stack was brought to its version, but the watch saw it fail: SageMaker has taken endpoints back by
        itself, and the other modes have kept it.
        """
        return self.deployed and WATCH in self.actions and self.actions[WATCH].status == "Failed"

    def _succeeded(self, action: tuple[str, str]) -> bool:
        return action in self.actions and self.actions[action].status == "Succeeded"


@dataclass(frozen=True)
class World:
    """executions  active ones, the open deployment's, and ended ones that the ledger does not know; oldest first
    approved    versions that a person approved again just now, at this second (seconds since 1970)
    marks       version → (stage, status) of its life cycle in the registry, once that was read
    """

    state: State
    versions: Mapping[int, Version]
    executions: tuple[Execution, ...]
    approved: Mapping[int, float] = field(default_factory=dict)
    marks: Mapping[int, tuple[str, str]] = field(default_factory=dict)

    def status(self, version: int) -> str:
        return self.versions[version].status if version in self.versions else "Deleted"
