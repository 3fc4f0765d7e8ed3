"""Which version should be deployed next. Pure.

The first rule that has an answer wins: a rollback that was asked for, the return from a live version that was rejected
or that its watch turned back, a commit that nothing has deployed yet, the newest approved version.
"""

from dataclasses import dataclass

from model_deploy.promotion.state import APPROVAL, APPROVED, COMMIT, RETURN, ROLLBACK, STAGING, SUCCEEDED
from model_deploy.promotion.world import World


@dataclass(frozen=True)
class Plan:
    """`request` is the number of the rollback's record, or 0."""

    version: int
    reason: str
    why: str
    request: int = 0


def plan(world: World) -> Plan | None:
    """The next deployment, as if none were under way."""
    for rule in (_rollback, _return, _commit, _newest):
        if (found := rule(world)) is not None:
            return found
    return None


def _rollback(world: World) -> Plan | None:
    asked = world.state.rollback
    if asked is None or world.status(asked.version) != APPROVED:
        return None
    why = f"Rollback to version {asked.version} by {asked.who}: {asked.note}"
    return Plan(asked.version, STAGING if asked.stage == "staging" else ROLLBACK, why, asked.sequence)


def _return(world: World) -> Plan | None:
    """The live version is rejected or turned back: the newest approved one before it that was proved in production."""
    state, live = world.state, world.state.live
    if live is None:
        return None
    if world.status(live.version) == "Rejected":
        since, why = state.versions[live.version].sequence, f"Version {live.version} was rejected"
    elif live.turned_back:
        since, why = state.attempts[live.version].sequence, f"Version {live.version} failed its watch in production"
    else:
        return None

    def good(version: int) -> bool:
        last = state.attempts.get(version)
        return last is None or last.outcome == SUCCEEDED or last.sequence < since

    before = [one for one in state.proved if one < live.version and world.status(one) == APPROVED and good(one)]
    return Plan(max(before), RETURN, why) if before else None


def _commit(world: World) -> Plan | None:
    """New templates or stages: the held version, or the newest approved one that is not behind the live one."""
    state = world.state
    if not state.commit:
        return None
    least = state.live.version if state.live else 0
    versions = [state.hold] if state.hold else [one for one in world.versions if one >= least]
    approved = [one for one in versions if world.status(one) == APPROVED]
    return Plan(max(approved), COMMIT, "The deployment's repository changed") if approved else None


def _newest(world: World) -> Plan | None:
    """The newest approved version ahead of the live one, if it was not tried since its last approval."""
    if world.state.hold:
        return None
    ahead = [one for one in world.versions if _ahead(world, one) and _untried(world, one)]
    return Plan(max(ahead), APPROVAL, f"Version {max(ahead)} was approved") if ahead else None


def _ahead(world: World, version: int) -> bool:
    live = world.state.live
    if live is None or version > live.version:
        return True
    return version == live.version and not live.proved


def _untried(world: World, version: int) -> bool:
    seen, last = world.state.versions.get(version), world.state.attempts.get(version)
    if seen is None or world.status(version) != APPROVED:
        return False
    return last is None or seen.sequence > last.sequence
