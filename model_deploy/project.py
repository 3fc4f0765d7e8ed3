"""The project that a deployment belongs to, and the names that follow from it. AWS's build/deploy template set them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.errors import InputError
from model_deploy.config import StageName

#: Field → environment variable of the CodeBuild projects.
ENVIRONMENT = {
    "name": "SAGEMAKER_PROJECT_NAME",
    "id": "SAGEMAKER_PROJECT_ID",
    "region": "AWS_REGION",
    "execution_role": "MODEL_EXECUTION_ROLE_ARN",
    "group": "SOURCE_MODEL_PACKAGE_GROUP_NAME",
    "bucket": "ARTIFACT_BUCKET",
}

_ROLE = re.compile(r"(arn:aws[a-z-]*:iam::)(\d{12})(:role/.+)")


@dataclass(frozen=True)
class Project:
    """`accounts` names the account of a stage that lives in another one than `execution_role`."""

    name: str
    id: str
    region: str
    execution_role: str
    group: str
    bucket: str
    topic: str = ""
    accounts: Mapping[StageName, str] = field(default_factory=dict)

    def stack(self, stage: StageName) -> str:
        return f"sagemaker-{self.name}-{self.id}-deploy-{stage}"

    def endpoint(self, stage: StageName, suffix: str) -> str:
        return f"{self.name}-{stage}{suffix}"

    def role(self, stage: StageName) -> str:
        """The containers' role in the account of the stage. Raises InputError when `execution_role` is no role."""
        if not (found := _ROLE.fullmatch(self.execution_role)):
            raise InputError(f"MODEL_EXECUTION_ROLE_ARN: {self.execution_role!r} is no ARN of a role.")
        before, account, after = found.groups()
        return f"{before}{self.accounts.get(stage, account)}{after}"

    def tags(self, stage: StageName) -> dict[str, str]:
        return {
            "sagemaker:project-name": self.name,
            "sagemaker:project-id": self.id,
            "sagemaker:deployment-stage": stage,
        }


def from_environment(environment: Mapping[str, str] = os.environ) -> Project:
    """The project of this build. Raises InputError, which names what is missing."""
    if missing := [name for name in ENVIRONMENT.values() if not environment.get(name)]:
        raise InputError(f"The environment lacks {', '.join(missing)}, which the project's stack sets for its builds.")
    stages: tuple[StageName, ...] = ("staging", "prod")
    given = {stage: environment.get(f"{stage.upper()}_ACCOUNT_ID", "") for stage in stages}
    return Project(
        **{key: environment[name] for key, name in ENVIRONMENT.items()},
        topic=environment.get("NOTIFICATION_TOPIC_ARN", ""),
        accounts={stage: account for stage, account in given.items() if account},
    )
