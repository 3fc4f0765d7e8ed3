"""Look, decide, act, look again, until there is nothing to do.

One effect between two looks: whatever ends this loop half-way (a kill, a lost answer, throttling), the next look finds
the world as it is and goes on from there.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from model_deploy.promotion.decisions import Answer, Append, Effect, Mark, Start, Stop, Tell, changed, decide, marked
from model_deploy.promotion.ledger import ConflictError
from model_deploy.promotion.services import Services
from model_deploy.promotion.state import State
from model_deploy.promotion.world import World

#: More looks than any situation needs; each takes a few calls, and the function has a minute.
LOOKS = 60

log = logging.getLogger(__name__)


def reconcile(services: Services, approved: Mapping[int, float] | None = None) -> State:
    """Bring deployments in line with the registry and the ledger; the ledger's state after that.

    approved  versions that were approved at this second (since 1970), as an event says

    Raises RuntimeError when it does not settle, ClientError as AWS does: the event then comes again.
    """
    for _ in range(LOOKS):
        try:
            world = look(services, approved or {})
            effect = decide(world) or marked(_with_marks(services, world))
            if effect is None:
                return world.state
            log.info("%s", effect)
            act(services, world.state, effect)
        except ConflictError as error:
            log.info("another writer was faster: %s", error)
    raise RuntimeError(f"promotion did not settle after {LOOKS} looks")


def look(services: Services, approved: Mapping[int, float]) -> World:
    """The world, in which every execution that was started by the ledger's word is one that the ledger tells of.

    Raises ConflictError when a record came while the rest was read: an execution might seem to be nobody's.
    """
    state = services.ledger.read()
    versions = services.registry.versions()
    wanted = state.open.execution if state.open else ""
    executions = services.pipeline.executions(state.executions, wanted)
    world = World(state, versions, executions, approved)
    news = {one: services.registry.detailed(versions[one]) for one in changed(world) if one in versions}
    if services.ledger.moved(state):
        raise ConflictError("a record came meanwhile")
    return replace(world, versions={**versions, **news})


def act(services: Services, state: State, effect: Effect) -> None:
    """Do what was decided. Raises ConflictError when another writer's record came first."""
    match effect:
        case Append(kind, members):
            services.ledger.append(state, kind, members)
        case Start(deployment):
            execution = services.pipeline.start(deployment.arn, deployment.token)
            services.ledger.append(state, "started", {"execution": execution})
        case Stop(execution, reason):
            services.pipeline.stop(execution, reason)
        case Answer(token, approve, summary):
            services.pipeline.answer(token, approve, summary)
        case Mark(arn, stage, status):
            services.registry.mark(arn, stage, status)
        case Tell(message):
            services.topic.tell(message.subject, message.text)
            services.ledger.append(state, "told", {"message": message.sequence})


def _with_marks(services: Services, world: World) -> World:
    there = [version for version in world.state.marks if version in world.versions]
    return replace(world, marks={one: services.registry.life_cycle(world.versions[one].arn) for one in there})
