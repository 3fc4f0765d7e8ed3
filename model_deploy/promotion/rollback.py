"""What a person asks promotion for, beside approving and rejecting."""

from typing import Literal

from contract.errors import InputError
from model_deploy.promotion.decisions import changed
from model_deploy.promotion.ledger import ConflictError
from model_deploy.promotion.reconcile import look, reconcile
from model_deploy.promotion.services import Services
from model_deploy.promotion.state import APPROVED, State
from model_deploy.promotion.world import World

Stage = Literal["staging", "prod"]

TRIES = 20


def rollback(services: Services, stage: Stage, to: int | None, who: str, note: str) -> State:
    """Ask for `to`, deploy it, and hold it there until the next approval or promotion.

    stage  prod: through staging and its tests, and into production without a second approval; staging: up to the
           approval, where it waits
    to     None: for prod the version proved there before the live one, for staging the live version

    Answers the ledger's state: `open` is the deployment under way. Raises InputError when there is no such version,
    it is not approved, or is live already.
    """
    for _ in range(TRIES):
        reconcile(services)
        try:
            world = look(services, {})
            if changed(world):
                continue  # approvals that came first do not end this hold
            version, pending = target(world, stage, to), world.state.rollback
            if not pending or (pending.stage, pending.version) != (stage, version):
                members = {"stage": stage, "version": version, "who": who, "note": note}
                services.ledger.append(world.state, "rollback", members)
        except ConflictError:
            continue
        return reconcile(services)
    raise InputError("The ledger changed too often while the rollback was asked for; ask again.")


def target(world: World, stage: Stage, to: int | None) -> int:
    """The version to go back to. Raises InputError, which says why there is none."""
    live = world.state.live.version if world.state.live else None
    if to is None and stage == "staging":
        to = live
    elif to is None:
        before = [one for one in world.state.proved if live and one < live and world.status(one) == APPROVED]
        to = max(before, default=None)
    if to is None:
        raise InputError(f"No version was live before in {stage}: there is nothing to roll back to.")
    if to not in world.versions:
        raise InputError(f"There is no version {to}; mlops models lists what there is.")
    if world.status(to) != APPROVED:
        raise InputError(f"Version {to} is {world.status(to)}: approve it first, or choose another with --to.")
    if stage == "prod" and to == live and world.state.live and world.state.live.proved:
        raise InputError(f"Version {to} is live in production already.")
    return to
