"""Plays a scenario: people act, time passes, events arrive - once, twice, late or backwards - and one fault strikes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from contract.errors import InputError
from model_deploy.promotion import handler, rollback
from model_deploy.promotion.ledger import Ledger
from model_deploy.promotion.services import Pipeline, Registry, Services, Topic
from tests.model_deploy.promotion.cloud import Cloud
from tests.model_deploy.promotion.fake_records import BUCKET, ENDED, GROUP, PIPELINE, PREFIX, STAGES, Package, refused
from tests.model_deploy.promotion.judge import Judge

#: How events arrive: (ticks of delay, ticks until a second delivery or 0, backwards).
ARRIVALS: Mapping[str, tuple[int, int, bool]] = {
    "prompt": (0, 0, False),
    "doubled": (0, 4, False),
    "late": (2, 0, False),
    "backwards": (1, 3, True),
}
#: What may happen at a call that changes something.
FAULTS = ("killed before", "killed after", "sent twice", "throttled", "raced")

Step = Callable[["Play"], None]


class KilledError(Exception):
    """The function's process is gone."""


@dataclass(frozen=True)
class Scenario:
    """live       the version that production must run in the end, under every fault
    cloud      faults of the deployments themselves
    meanwhile  what a person does at the moment of a race
    waiting    the version that waits for an approval in the end, or 0
    """

    steps: tuple[Step, ...]
    live: int
    cloud: Mapping[str, Any] = field(default_factory=dict)
    meanwhile: Step = lambda _: None
    waiting: int = 0


class Play:
    def __init__(self, scenario: Scenario, arrival: str = "prompt", fault: tuple[str, int] | None = None) -> None:
        self.scenario, self.fault = scenario, fault
        self.delay, self.again, self.backwards = ARRIVALS[arrival]
        self.cloud = Cloud(**scenario.cloud)
        self.judge = Judge(self.cloud)
        self.services = self._services()
        self.cloud.strike = self._strike
        self.queue: list[tuple[int, int, dict[str, Any]]] = []  # (due, attempts so far, event)
        self.history: list[dict[str, Any]] = []
        self.clock, self.racing, self.eager = 0, False, False

    def _services(self) -> Services:
        client = self.cloud.client()
        ledger = Ledger(client, BUCKET, PREFIX, now=lambda: self.cloud.now)
        return Services(Registry(client, GROUP), Pipeline(client, PIPELINE), ledger, Topic(client, "arn:topic"))

    def run(self) -> list[str]:
        """What was broken."""
        for step in self.scenario.steps:
            step(self)
            self.deliver()
        self.settle()
        self.judge.at_rest(self.scenario.live, self.scenario.waiting)
        return self.judge.broken

    # time and events

    def tick(self) -> None:
        self.clock += 1
        self.cloud.tick()
        self.deliver()
        if self.eager:
            self.promote()

    def settle(self) -> None:
        for _ in range(120):
            moving = any(one.status not in ENDED and one.running != "ApproveDeployment" for one in self.cloud.runs)
            if self.judge.broken or (not moving and not self.queue and not self.cloud.events):
                return
            self.tick()
        self.judge.must(False, "it never comes to rest")

    def deliver(self) -> None:
        while True:
            for event in self.cloud.events:
                delay = 0 if handler.JOB in event else self.delay  # a job comes straight from the pipeline
                self.queue.append((self.clock + delay, 0, event))
                if self.again:
                    self.queue.append((self.clock + self.delay + self.again, 0, event))
            self.history += self.cloud.events
            self.cloud.events.clear()
            due = [entry for entry in self.queue if entry[0] <= self.clock]
            if not due or self.judge.broken:
                return
            entry = due[-1] if self.backwards else due[0]
            self.queue.remove(entry)
            self._invoke(*entry)

    def _invoke(self, due: int, attempts: int, event: dict[str, Any]) -> None:
        rejected = {version for version, one in self.cloud.packages.items() if one.status == "Rejected"}
        try:
            if handler.act_on(event, self.services)["looked"]:
                self.judge.looked(rejected)
                updated = event.get("detail", {}).get("UpdatedModelPackageFields", ["ModelApprovalStatus"])
                self.judge.must("ModelApprovalStatus" in updated, "a change of metadata was acted upon")
        except (KilledError, ClientError, RuntimeError):
            self.judge.must(attempts < 2, "an event was given up")
            self.queue.append((due + 1, attempts + 1, event))

    def _strike(self, call: int, operation: str, do: Callable[[], Any]) -> Any:
        if self.racing or self.fault is None or call != self.fault[1]:
            return do()
        match self.fault[0]:
            case "killed before":
                raise KilledError
            case "throttled":
                raise refused("ThrottlingException")
            case "killed after":
                do()
                raise KilledError
            case "sent twice":  # the answer was lost, and boto3 sends the request again
                do()
                return do()
            case _:
                self._race()
                return do()

    def _race(self) -> None:
        """Another instance looks and acts between this one's look and its act."""
        self.racing = True
        self.scenario.meanwhile(self)
        rejected = {version for version, one in self.cloud.packages.items() if one.status == "Rejected"}
        handler.act_on({"source": "aws.codepipeline"}, self._services())
        self.judge.looked(rejected)
        self.racing = False

    # people

    def status(self, version: int, status: str) -> None:
        package = self.cloud.packages.setdefault(version, Package())
        self.cloud.now += 1
        package.status, package.modified, package.by = status, self.cloud.now, "arn:aws:iam::111122223333:user/ann"
        self.cloud.package_event(version, ["ModelApprovalStatus"])

    def promote(self, answer: str = "Approved") -> None:
        if (run := self.cloud.waiting()) is not None:
            token = f"{run.id}-{run.waited}"
            self.cloud.put_approval_result({"status": answer, "summary": "looks good"}, token)

    def retry(self) -> None:
        """RetryStageExecution of the newest execution that failed."""
        run = next(one for one in reversed(self.cloud.runs) if one.status == "Failed")
        self.judge.person(run.version)
        run.status = "InProgress"
        self.cloud._set(run, STAGES[run.stage], "InProgress")
        self.cloud._tell("CodePipeline Pipeline Execution State Change", run, "RESUMED")

    def rollback(self, stage: Any, to: int | None) -> None:
        """As the command line does it: after a fault the person types it again."""
        if to:
            self.judge.rolled.add(to)
            self.judge.person(to)
        for _ in range(3):
            try:
                rollback.rollback(self.services, stage, to, "ann", "it misbehaves")
            except (KilledError, ClientError):
                continue
            except InputError:
                return
            return
