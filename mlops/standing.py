"""What answers in each stage, mode by mode, held against what its stack means, and what a person does next.

A stack says which version it was brought to. SageMaker may have taken an endpoint back since then, by an alarm, without
telling the stack: so each endpoint is asked which model it serves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rich.table import Table

from mlops import output, stacks
from mlops.projects import STAGES, Project
from model_deploy.promotion.state import APPROVED, DECLINED, FAILED, RETURN, Live, State
from model_deploy.proof.live import OUTPUTS, reason


@dataclass(frozen=True)
class Mode:
    """live    ARN of the version that answers, "" when that cannot be told
    status  the endpoint's, "" for batch
    why     what SageMaker says of an update that it took back: the alarm that fired
    """

    name: str
    live: str
    status: str = ""
    why: str = ""


@dataclass(frozen=True)
class Standing:
    """A stage. `status` is the stack's, `meant` the ARN of the version that it was brought to."""

    stage: str
    stack: str
    status: str
    meant: str
    modes: tuple[Mode, ...]

    @property
    def settled(self) -> bool:
        """Whether nobody is changing it, and no change broke off half-way."""
        return not self.status.endswith("_IN_PROGRESS") and self.status not in stacks.STUCK

    @property
    def whole(self) -> bool:
        return self.settled and all(mode.live == self.meant for mode in self.modes)

    def answers(self, arn: str) -> list[str]:
        """The modes in which a version answers."""
        return [mode.name for mode in self.modes if mode.live == arn]


def of(project: Project) -> list[Standing]:
    """The stages whose stack is there."""
    found = []
    for stage in STAGES:
        if stack := stacks.find(project.stage_stack(stage)):
            meant = stacks.parameters(stack).get("ModelPackageName", "")
            found.append(Standing(stage, stack["StackName"], stack["StackStatus"], meant, tuple(_modes(stack))))
    return found


def _modes(stack: dict[str, Any]) -> Iterator[Mode]:
    outputs = stacks.outputs(stack)
    for mode, prefix in OUTPUTS.items():
        if endpoint := outputs.get(f"{prefix}EndpointName"):
            yield _endpoint(mode, endpoint)
        elif model := outputs.get(f"{prefix}ModelName"):
            yield Mode(mode, _version(model))


def _endpoint(mode: str, name: str) -> Mode:
    client = boto3.client("sagemaker")
    try:
        found = client.describe_endpoint(EndpointName=name)
    except ClientError as error:
        if "Could not find" not in error.response["Error"].get("Message", ""):
            raise
        return Mode(mode, "", "missing")
    configuration = found.get("EndpointConfigName")
    if not configuration:  # it never came up
        return Mode(mode, "", found["EndpointStatus"], reason(found))
    variant = client.describe_endpoint_config(EndpointConfigName=configuration)["ProductionVariants"][0]
    return Mode(mode, _version(variant["ModelName"]), found["EndpointStatus"], reason(found))


def _version(model: str) -> str:
    found = boto3.client("sagemaker").describe_model(ModelName=model)
    containers = found.get("Containers") or [found.get("PrimaryContainer", {})]
    return str(containers[-1].get("ModelPackageName", ""))


def table(name: str, found: list[Standing]) -> Table:
    made = output.table("Model", "Stage", "Mode", "Answers", "Stack means", "Status")
    for one in found:
        for mode in one.modes or (Mode("", one.meant),):
            status = output.status(mode.status or one.status)
            made.add_row(name, one.stage, mode.name, number(mode.live) or "unknown", number(one.meant), status)
    return made


def number(arn: str) -> str:
    """The version's number at the end of its ARN."""
    return arn.rpartition("/")[2]


def sentences(name: str, found: list[Standing], state: State) -> Iterator[str]:
    """What is not as it should be, and what a person does next."""
    for one in found:
        if one.status in stacks.STUCK:
            yield stacks.way_out(one.stack)
        elif one.settled and not one.whole:
            yield _split(one)
    live, opened = state.live, state.open
    if opened and opened.reason == RETURN:
        yield f"Production returns to version {opened.version} by itself: mlops deployments {name} shows it."
    elif live and not live.proved:
        yield (
            f"Version {live.version} was brought to production and is not proved there: {_back(name, live, state)}; "
            f"mlops approve {name}:{live.version} tries it again."
        )
    yield from _failed(name, state)
    if state.hold:
        yield f"A rollback holds version {state.hold} until the next approval or promotion."


def _back(name: str, live: Live, state: State) -> str:
    if not state.before(live.version):
        return "no version before it was proved there, so none can come back; mend what failed, or approve a newer one"
    asked = f"mlops rollback {name} --stage prod, or mlops reject {name}:{live.version} --note TEXT"
    return f"{asked}, deploys the version before"


#: What became of a version that is not live, by the outcome of its last deployment.
_ENDS = {FAILED: "failed on its way to production", DECLINED: "was not let into production"}


def _failed(name: str, state: State) -> Iterator[str]:
    """The newest version that was tried, when it is not live and nothing else is under way."""
    ahead = [version for version in state.attempts if state.live is None or version > state.live.version]
    if state.open or state.hold or not ahead:
        return
    version = max(ahead)
    if (said := _ENDS.get(state.attempts[version].outcome)) and state.versions[version].status == APPROVED:
        yield (
            f"Version {version} {said}: mlops approve {name}:{version} tries it again, "
            f"mlops reject {name}:{version} --note TEXT gives it up."
        )


def _split(one: Standing) -> str:
    answering: dict[str, list[str]] = {}
    for mode in one.modes:
        answering.setdefault(mode.live, []).append(mode.name)
    parts = [f"{', '.join(modes)} by version {number(arn) or 'unknown'}" for arn, modes in answering.items()]
    said = f"{one.stage} was brought to version {number(one.meant)}, but answers otherwise: {'; '.join(parts)}."
    whys = (f"Of {mode.name}: {mode.why}" for mode in one.modes if mode.why and mode.live != one.meant)
    return " ".join([said, *whys])


def words(version: dict[str, Any]) -> str:
    """Where a version of `mlops models` answers: `staging prod`, with the modes where it is in some: `prod (batch)`."""
    parts = {stage: f"{stage} ({', '.join(modes)})" for stage, modes in version["Modes"].items()}
    return " ".join((parts | {stage: stage for stage in version["Stages"]}).values())
