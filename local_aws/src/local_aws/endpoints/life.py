"""The thread of one endpoint: it makes fleets follow the endpoint's document, and the document follow the fleets.

It only looks at the document, so it goes on after a kill as after a commit.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from local_aws.cloudwatch import alarms, metrics
from local_aws.cloudwatch.monitor import Monitor
from local_aws.endpoints import deployment, document, measures, shifting, targets
from local_aws.endpoints.document import ENDPOINT, Document
from local_aws.endpoints.fleet import Fleet, Route
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.serving import ServingError

log = logging.getLogger("local_aws.endpoints")

#: Seconds of the machine's time between two looks at the clock and the alarms while a deployment is watched.
LOOK = 0.05

#: Seconds before another attempt after an error that nobody foresaw, for example a full disk.
AGAIN = 1.0


class InterruptedLife(Exception):  # noqa: N818  no error: the endpoint is deleted or the server ends
    """What the thread does is not wanted any more."""


class Life:
    """route  where requests go; None as long as there is nowhere to go."""

    def __init__(self, aws: Aws, name: str, barrier: Callable[[], None], gone: Callable[[str], None]) -> None:
        self.aws = aws
        self.name = name
        self.route: Route | None = None
        self.fleet: Fleet | None = None
        self.green: Fleet | None = None
        self._barrier = barrier
        self._gone = gone
        self._wake = threading.Event()
        self._interrupted = False
        self._ending = False
        self._thread = threading.Thread(target=self._work, name=f"endpoint-{name}"[:60], daemon=True)

    # from other threads

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """The document has changed."""
        self._wake.set()

    def interrupt(self) -> None:
        """The endpoint is deleted: what goes on now is in vain."""
        self._interrupted = True
        self.route = None
        for fleet in self.fleets:
            fleet.cancel()
        self._wake.set()

    def end(self) -> None:
        """The server ends; documents and processes stay as they are, the processes are ended by `Serving`."""
        self._ending = True
        self.interrupt()

    def join(self) -> None:
        """After `end`."""
        self._thread.join(10)

    @property
    def fleets(self) -> list[Fleet]:
        return [fleet for fleet in (self.fleet, self.green) if fleet]

    # the thread

    def _work(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                if not self._follow():
                    break
                if not self._interrupted:
                    self._wake.wait()
            except InterruptedLife:
                pass
            except (ServingError, AwsError) as error:
                log.warning("The endpoint %s cannot go on now: %s", self.name, error)
                self._wake.wait(AGAIN)
            except Exception:
                log.exception("The endpoint %s cannot go on now.", self.name)
                self._wake.wait(AGAIN)
        if not self._ending:
            self._gone(self.name)

    def _follow(self) -> bool:
        """One look at the document, and what it asks for; False when the endpoint is gone."""
        held = self.aws.store.get(ENDPOINT.kind, self.name)
        if held is None or held["EndpointStatus"] == "Deleting":
            self._delete(held)
            return False
        status = held["EndpointStatus"]
        if status == "Creating":
            self._create(held)
        elif status != "Failed":
            self._serve(held)
            if held.get("Deployment"):
                self._deploy(held)
            elif held.get("Wanted"):
                self._scale(held)
        return True

    def new_fleet(self, target: Document) -> Fleet:
        fleet = Fleet(self.aws, self.name, target)
        for group in fleet.groups.values():
            group.barrier = self._barrier
        return fleet

    def _create(self, held: Document) -> None:
        target = held["Deployment"]["Target"]
        self.fleet = self.fleet or self.new_fleet(target)  # it is there when its commit failed for want of room
        try:
            self._resize(self.fleet, target["Variants"])
        except (ServingError, AwsError) as error:
            self._fail(error)
            return
        self.route = Route([(self.fleet, 100.0)])
        self._change({"EndpointStatus": "InService", "Live": target, "Deployment": None})

    def _resize(self, fleet: Fleet, variants: Document) -> None:
        try:
            fleet.adjust(variants)
        except (ServingError, AwsError):
            if self._interrupted or self._ending:
                raise InterruptedLife from None
            raise

    def _serve(self, held: Document) -> None:
        """The live fleet is there; after a restart it comes back, and requests wait for it.

        Raises AwsError or ServingError as long as it cannot come back, for example for want of its image: what was in
        service stays so, and another attempt follows.
        """
        if self.fleet is None:
            self.fleet = self.new_fleet(held["Live"])
            self.route = Route([(self.fleet, 100.0)])
        if self.fleet.starting:
            self._resize(self.fleet, held["Live"]["Variants"])

    def _fail(self, error: Exception) -> None:
        self.route = None
        fleet, self.fleet = self.fleet, None
        self.retire(fleet)
        self._change({"EndpointStatus": "Failed", "FailureReason": str(error)[:1024]})

    def retire(self, fleet: Fleet | None) -> None:
        """Nobody is sent there any more: drain it, end it, and record what it was still observed to do."""
        if fleet:
            fleet.stop()
            metrics.record(self.aws, measures.drain(fleet.groups.values()))

    def _scale(self, held: Document) -> None:
        """UpdateEndpointWeightsAndCapacities: what cannot be had leaves the endpoint as it was."""
        fleet, wanted, live = self.fleet, held["Wanted"], held["Live"]
        if fleet is None:
            raise InterruptedLife
        changes: Document = {"EndpointStatus": "InService", "Wanted": None, "FailureReason": None}
        try:
            fleet.weigh({name: variant["Weight"] for name, variant in wanted.items()})
            self._resize(fleet, wanted)
        except (ServingError, AwsError) as error:
            fleet.weigh({name: variant["Weight"] for name, variant in live["Variants"].items()})
            self._resize(fleet, live["Variants"])
            self._change(changes | {"FailureReason": str(error)[:1024]})
            return
        self._change(changes | {"Live": live | {"Variants": wanted}})

    def _delete(self, held: Document | None) -> None:
        self.route = None
        for fleet in self.fleets:
            self.retire(fleet)
        self.fleet = self.green = None
        if held:
            with self.aws.store.transaction():
                self.aws.store.delete(ENDPOINT.kind, self.name)

    def _deploy(self, held: Document) -> None:
        going = held["Deployment"]
        deployment.run(going, going["Config"], targets.smallest(going["Target"]), _Update(self, going))

    def _change(self, changes: Document, *, deployment: bool = False) -> Document:
        """The document with `changes`, durably. Raises InterruptedLife when the endpoint is being deleted."""
        with self.aws.store.transaction():
            held = self.aws.store.get(ENDPOINT.kind, self.name)
            if held is None or held["EndpointStatus"] == "Deleting" or self._ending:
                raise InterruptedLife
            held |= changes
            document.save(self.aws, held, deployment=deployment)
        return held

    def pause(self, seconds: float) -> None:
        """Wait so long, in seconds of the machine. Raises InterruptedLife."""
        self._wake.wait(seconds)
        self._wake.clear()
        if self._interrupted or self._ending:
            raise InterruptedLife


class _Update(deployment.World):
    """The world of a deployment that goes on at this endpoint."""

    def __init__(self, life: Life, going: Document) -> None:
        self._life = life
        self._aws = life.aws
        self._going = going

    def now(self) -> float:
        return self._aws.clock.now()

    def note(self, **changes: Any) -> Document:
        self._going = self._going | changes
        status = "RollingBack" if self._going["Reason"] else "Updating"
        self._life._change({"Deployment": self._going, "EndpointStatus": status}, deployment=True)
        return self._going

    def launch(self) -> None:
        life, target = self._life, self._going["Target"]
        life.green = life.green or life.new_fleet(target)
        try:
            life._resize(life.green, target["Variants"])
        except AwsError as error:
            raise ServingError(error.message) from error

    def route(self, share: float) -> None:
        life = self._life
        if life.fleet:
            shares = [(life.fleet, 100.0 - share)] + ([(life.green, share)] if life.green else [])
            life.route = Route(shares)

    def bake(self, until: float) -> str:
        while not (reason := self._alarm()):
            if self.now() >= until:
                self._aws.part(Monitor).evaluate()  # of the minutes that ended while this was waited for
                return self._alarm()
            self._life.pause(LOOK)
        return reason

    def _alarm(self) -> str:
        for name in shifting.alarms_of(self._going["Config"]):
            try:
                state = alarms.find(self._aws, name)["StateValue"]
            except AwsError:
                return f"The alarm {name}, which watches the deployment, does not exist."
            if state == "ALARM":
                return f"The alarm {name} is in the state ALARM."
        return ""

    def finish(self) -> None:
        life, target = self._life, self._going["Target"]
        changes = {"EndpointStatus": "InService", "Live": target, "Deployment": None, "FailureReason": None}
        life._change(changes)
        old, life.fleet, life.green = life.fleet, life.green, None
        if life.fleet:
            life.route = Route([(life.fleet, 100.0)])
        life.retire(old)

    def give_up(self, reason: str) -> None:
        life = self._life
        green, life.green = life.green, None
        life.retire(green)
        said = f"The update was rolled back: {reason}"[:1024]
        life._change({"EndpointStatus": "InService", "Deployment": None, "FailureReason": said})
