"""A blue/green deployment as a machine over its document: it goes on wherever the document stands.

The document's members: Step (the number in the plan), Since (when that step's traffic was turned on, None before),
Begun (when the first was), Share (percent of the traffic), Reason (why it rolls back, "" as long as it does not).
"""

from typing import Any, Protocol

from local_aws.endpoints import shifting
from local_aws.serving import ServingError

Document = dict[str, Any]


class World(Protocol):
    """What a deployment works on."""

    def now(self) -> float:
        """Seconds by the server's clock."""

    def note(self, **changes: Any) -> Document:
        """Change the deployment's document durably; what it is then."""

    def launch(self) -> None:
        """Bring the new fleet up, answering its pings. Raises ServingError."""

    def route(self, share: float) -> None:
        """From now on the new fleet has this percentage of the traffic."""

    def bake(self, until: float) -> str:
        """Wait and watch; why the deployment must be rolled back, or "" when the time is over."""

    def finish(self) -> None:
        """The new fleet is the fleet: durable first, then the old one is drained and ended."""

    def give_up(self, reason: str) -> None:
        """The old fleet is the fleet: the new one is drained and ended."""


def run(document: Document, config: Document, instances: int, world: World) -> None:
    """To its end, good or bad.

    config     the DeploymentConfig;  instances  of the new fleet's smallest variant
    """
    if document["Reason"]:
        _back(document["Reason"], world)
        return
    try:
        world.launch()
    except ServingError as error:
        _back(str(error), world)
        return
    if document["Begun"] is None:
        document = world.note(Begun=world.now())
    end = document["Begun"] + shifting.longest(config)
    steps = shifting.plan(config, instances)
    for number, step in enumerate(steps[document["Step"] :], start=document["Step"]):
        if document["Since"] is None or document["Step"] != number:
            document = world.note(Step=number, Since=world.now(), Share=step.share)
        world.route(step.share)
        until = document["Since"] + step.wait
        reason = world.bake(min(until, end))
        if not reason and until > end:
            reason = "The deployment took longer than MaximumExecutionTimeoutInSeconds."
        if reason:
            _back(reason, world)
            return
    world.finish()


def _back(reason: str, world: World) -> None:
    world.route(0.0)
    world.note(Reason=reason, Share=0.0)
    world.give_up(reason)
