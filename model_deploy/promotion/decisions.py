"""What to do next, given what is seen. Pure, and one effect at a time: after each, promotion looks again.

An event only says "look". What it claims may be old, doubled or out of order; what is decided rests on the ledger,
the registry and the pipeline as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from contract.documents import Document
from model_deploy.promotion.plans import Plan, plan
from model_deploy.promotion.state import (
    APPROVED,
    COMMIT,
    DECLINED,
    FAILED,
    REJECTED,
    RETURN,
    ROLLBACK,
    STAGING,
    SUCCEEDED,
    SUPERSEDED,
    Deployment,
    Message,
)
from model_deploy.promotion.world import APPROVE, Execution, World

#: An event is dated when it was sent, some seconds after the change that it tells of.
SKEW = 5.0


@dataclass(frozen=True)
class Append:
    """A record for the ledger."""

    kind: str
    members: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Start:
    deployment: Deployment


@dataclass(frozen=True)
class Stop:
    """Let the action that runs end, and start no other."""

    execution: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """To the approval that an execution waits for, by its token: an answer that comes too late does nothing."""

    token: str
    approved: bool
    summary: str


@dataclass(frozen=True)
class Mark:
    """The stage and status of a version's life cycle."""

    arn: str
    stage: str
    status: str


@dataclass(frozen=True)
class Tell:
    message: Message


Effect = Append | Start | Stop | Answer | Mark | Tell


def decide(world: World) -> Effect | None:
    """The next effect, or None when there is nothing to do until something changes."""
    steps: tuple[Callable[[World], Effect | None], ...] = (_statuses, _strangers, _under_way, _next, _messages)
    for step in steps:
        if (effect := step(world)) is not None:
            return effect
    return None


def changed(world: World) -> set[int]:
    """Versions whose approval status the ledger does not have as it is, or that were approved anew."""
    recorded = {version: seen.status for version, seen in world.state.versions.items()}
    there = {version for version, one in world.versions.items() if one.status in (APPROVED, "Rejected")}
    different = {version for version in there | set(recorded) if recorded.get(version) != world.status(version)}
    return different | {version for version in world.approved if _anew(world, version)}


def _statuses(world: World) -> Effect | None:
    """The ledger records every change of an approval status that it sees."""
    rows = {}
    for version in sorted(changed(world)):
        one = world.versions.get(version)
        rows[str(version)] = {"arn": one.arn, "status": one.status, **one.detail} if one else {"status": "Deleted"}
    return Append("status", {"versions": rows}) if rows else None


def _anew(world: World, version: int) -> bool:
    """A person approved it again: after its last attempt had ended, or to end a hold. Late doubles are older."""
    state, at = world.state, world.approved.get(version, 0.0)
    last, seen = state.attempts.get(version), state.versions.get(version)
    if seen is None or world.status(version) != APPROVED or at <= seen.modified + SKEW:
        return False
    tried = last is not None and last.sequence > seen.sequence and at > last.finished
    return tried or state.hold != 0


def _strangers(world: World) -> Effect | None:
    """Executions that the ledger does not know, or that a person runs on with."""
    state = world.state
    unknown = [one for one in world.executions if one.id not in state.executions]
    for one in unknown:
        if _ours(world, one):
            return Append("started", {"execution": one.id})
    unnamed = [one.id for one in unknown if not one.arn.startswith("arn:")]
    if noticed := unnamed + [one.id for one in unknown if not one.active and one.id not in unnamed]:
        return Append("noticed", {"executions": noticed, "commit": bool(unnamed)})
    for one in world.executions:
        if not one.active or (state.open and one.id == state.open.execution):
            continue
        if (version := _retried(world, one)) is not None:
            return Append("resumed", {"version": version})
        if (effect := _end(one, "Deployments are started by mlops approve and rollback")) is not None:
            return effect
    return None


def _ours(world: World, execution: Execution) -> bool:
    """Started for the open deployment, but the answer was lost, or the function ended before it recorded it."""
    waiting = world.state.open
    if waiting is None or waiting.execution or execution.status in ("Stopping", "Stopped"):
        return False
    return execution.arn == waiting.arn


def _retried(world: World, execution: Execution) -> int | None:
    """The version of a failed deployment that a person runs on with, unless it is behind what is live."""
    state = world.state
    if state.open is not None:
        return None
    for version, last in state.attempts.items():
        behind = state.live is not None and version < state.live.version and not last.mandated
        if last.execution == execution.id and not behind:
            return version
    return None


def _end(execution: Execution, why: str) -> Effect | None:
    """Reject what waits: unlike a stop, that cannot hit an execution that somebody just approved."""
    if execution.approval:
        return Answer(execution.approval, False, why)
    return Stop(execution.id, why) if execution.status == "InProgress" else None


def _under_way(world: World) -> Effect | None:
    """Bring the open deployment to its end."""
    deployment = world.state.open
    if deployment is None:
        return None
    execution = next((one for one in world.executions if one.id == deployment.execution), None)
    unwanted = _unwanted(world, deployment)
    if execution is None:
        if unwanted is None:
            return Start(deployment) if not deployment.execution else None
        return _settled(*unwanted) if not deployment.execution else None
    if not execution.active:
        return _settled(*_outcome(world, deployment, execution), execution)
    if unwanted is None:
        return _answered(world, deployment, execution)
    outcome, why = unwanted
    if execution.past_approval and outcome != REJECTED:
        return None  # what is half in production goes on to its proof
    if (effect := _end(execution, why)) is not None and deployment.ending != outcome:
        return Append("ending", {"outcome": outcome, "why": why})
    return effect


def _answered(world: World, deployment: Deployment, execution: Execution) -> Effect | None:
    if not execution.approval:
        return None
    if execution.status == "Stopping":  # the stop would wait for the answer
        return Answer(execution.approval, False, "The execution was stopped")
    if not deployment.mandated:
        return None
    asked = world.state.rollback
    who = f"asked for by {asked.who}: {asked.note}" if asked and deployment.reason == ROLLBACK else "of what is live"
    return Answer(execution.approval, True, f"{deployment.reason.capitalize()} to version {deployment.version}, {who}")


def _unwanted(world: World, open_: Deployment) -> tuple[str, str] | None:
    """(outcome, why) when the open deployment must not reach production any more."""
    if (status := world.status(open_.version)) != APPROVED:
        return REJECTED, f"Version {open_.version} is {status}"
    live = world.state.live
    if open_.reason == RETURN and live and not live.turned_back and world.status(live.version) == APPROVED:
        return SUPERSEDED, f"Version {live.version} is approved again"
    other = plan(world)
    if other is None or ((other.version, other.request) == (open_.version, open_.request) and other.reason != COMMIT):
        return None
    return (SUPERSEDED, f"Superseded: {other.why}") if _overtakes(other, open_) else None


def _overtakes(other: Plan, open_: Deployment) -> bool:
    if other.reason in (ROLLBACK, STAGING):
        return other.request != open_.request
    return other.reason == RETURN or other.version > open_.version or other.reason == COMMIT


def _outcome(world: World, deployment: Deployment, execution: Execution) -> tuple[str, str]:
    if (status := world.status(deployment.version)) != APPROVED:
        return REJECTED, f"Version {deployment.version} is {status}"
    if execution.status == "Succeeded":
        return SUCCEEDED, "Staging and production were proved"
    failed = {name: one for name, one in execution.actions.items() if one.status in ("Failed", "Abandoned")}
    for name, action in failed.items():
        if name != APPROVE:
            return FAILED, f"{name[0]} failed: {action.summary or 'see the log of its action'}"
    if deployment.ending:
        return deployment.ending, "Promotion ended the execution"
    if failed:
        return DECLINED, f"The approval was not given: {failed[APPROVE].summary or 'no answer in time, or declined'}"
    return FAILED, f"The execution is {execution.status}"


def _settled(outcome: str, why: str, execution: Execution | None = None) -> Append:
    members: Document = {"outcome": outcome, "why": why, "deployed": False, "finished": 0.0}
    if execution is not None:
        approval = execution.actions.get(APPROVE)
        members |= {
            "deployed": execution.deployed,
            "turned_back": execution.turned_back,
            "finished": execution.updated,
            "promoted": {"by": approval.by, "summary": approval.summary} if approval else {},
            "proof": {name: uri for one in execution.actions.values() for name, uri in one.artifacts.items()},
        }
    return Append("ended", members)


def _next(world: World) -> Effect | None:
    if world.state.open is not None or (found := plan(world)) is None:
        return None
    members = {"version": found.version, "arn": world.versions[found.version].arn, "reason": found.reason}
    return Append("opened", {**members, "request": found.request, "why": found.why})


def _messages(world: World) -> Effect | None:
    return Tell(world.state.untold[0]) if world.state.untold else None


def marked(world: World) -> Effect | None:
    """What the life cycles of the registry lack; `world.marks` has been read."""
    for version, (stage, status) in world.state.marks.items():
        if version in world.versions and world.marks.get(version) != (stage, status):
            return Mark(world.versions[version].arn, stage, status)
    return None
