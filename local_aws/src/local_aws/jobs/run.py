"""One job from its inputs to its staged outputs; nothing of it is durable or visible before the commit that follows."""

import select
import shutil
from collections import Counter
from collections.abc import Callable

from local_aws.jobs import events, spot
from local_aws.jobs.failure import reason_of_error
from local_aws.jobs.folder import HostFolder
from local_aws.jobs.kind import Document, Live, Outcome, job_folder
from local_aws.jobs.outputs import Output
from local_aws.jobs.programs import ProgramKind
from local_aws.operations import Aws
from local_aws.processes.hosts import Host, Hosts
from local_aws.processes.images import Image
from local_aws.processes.watch import End, Watch
from local_aws.services import logs

#: Seconds between SIGTERM and SIGKILL when the server itself ends.
HURRY = 0.0


def run(kind: ProgramKind, aws: Aws, document: Document, live: Live, ending: Callable[[], bool]) -> Outcome:
    """`Kind.run` for programs."""
    return Run(aws, kind, document, live).to_end(lambda: HURRY if ending() else kind.grace)


class Run:
    """A job in a clean folder; its document changes as it goes on, and `live` shows that."""

    def __init__(self, aws: Aws, kind: ProgramKind, document: Document, live: Live) -> None:
        self.document = document
        self._aws = aws
        self._kind = kind
        self._live = live
        self._image: Image = aws.images.find(kind.image_of(document))
        self._name: str = document[kind.name_member]
        self._metrics = kind.metrics_of(self._image, document, aws.clock.now)
        self._interruption = spot.Interruption()
        self._last: list[str] = []
        self._streams: list[str] = []

    def to_end(self, grace: Callable[[], float]) -> Outcome:
        """Whatever happens, an outcome: errors become a FailureReason."""
        try:
            return self._to_end(grace)
        except Exception as error:  # noqa: BLE001  the reason says what it was
            return Outcome("Failed", reason_of_error(error, self._aws.home))

    def _to_end(self, grace: Callable[[], float]) -> Outcome:
        folders, end, started = self._attempt(grace)
        while end.interrupted and not (end.stopped or end.overtime):
            if not self._wait_for_capacity():
                overwait = not self._live.stop.asked
                return Outcome("Stopped", overwait=overwait, started=started, metrics=self._metrics.final())
            folders, end, started = self._attempt(grace)
        self._enter(self._kind.phases[2])
        outcome = self._outcome(folders, end)
        outcome.started = started
        outcome.uploads = self._collect(folders, outcome.status)
        outcome.metrics = self._metrics.final()
        return outcome

    def _attempt(self, grace: Callable[[], float]) -> tuple[list[HostFolder], End, float]:
        """The programs on fresh hosts until they end or the hosts are taken away; when they were started."""
        downloading, running, _ = self._kind.phases
        self._enter(downloading)
        host = self._aws.part(Hosts).of(self._image)
        folders = self._folders(host)
        programs = self._kind.prepare(self._aws, self.document, self._image, folders)
        started = self._enter(running)
        deadline = self._kind.deadline_of(self.document, started)
        self._interruption = self._kind.interruption_of(self._aws, self.document, started)
        with self._kind.kept(self._aws, self.document, folders):  # it looks first, so that nothing new is missed
            processes = host.start_all(programs)
            watch = Watch(processes, self._lines, self._aws.clock, self._live.stop, deadline, grace, self._due)
            return folders, watch.until_end(), started

    def _due(self, now: float) -> bool:
        return now >= self._interruption.at

    def _wait_for_capacity(self) -> bool:
        """Record the interruption and wait until there are hosts again; False when the job must end instead."""
        if line := self._kind.on_interruption(self.document):
            for stream in self._streams:
                logs.append(self._aws, self._kind.log_group, stream, [line])
        self._enter("Interrupted")
        until = self._enter("Starting") + self._interruption.away
        with self._aws.store.transaction():
            stored = self._aws.store.get(self._kind.store_kind, self._name) or self.document
            self.document[self._kind.status_member] = stored[self._kind.status_member]  # it may be Stopping
            self._aws.store.put(self._kind.store_kind, self._name, self.document)
            spot.spend(self._aws, self._interruption)
            events.tell(self._aws, self._kind, self.document)
        while (now := self._aws.clock.now()) < until:
            if self._live.stop.asked or now >= self._kind.latest_of(self.document):
                return False
            select.select([self._live.stop.descriptor], [], [], min(0.1, (until - now) / self._aws.clock.rate))
        return not self._live.stop.asked

    def _collect(self, folders: list[HostFolder], status: str) -> list[Output]:
        """All outputs, or none: what was staged before something went wrong does not stay."""
        staged: list[Output] = []
        try:
            for output in self._kind.collect(self._aws, self.document, folders, status):
                staged.append(output)
        except BaseException:
            for output in staged:
                output.staged.discard()
            raise
        self._warn_of_overwritten(staged)
        return staged

    def _warn_of_overwritten(self, staged: list[Output]) -> None:
        """On AWS the hosts overwrite each other in silence; here the log says it."""
        names = Counter(f"s3://{output.bucket}/{output.key}" for output in staged)
        for name in (name for name, count in names.items() if count > 1):
            line = f"local_aws: warning: {names[name]} hosts wrote {name}: one of them counts."
            logs.append(self._aws, self._kind.log_group, self._streams[0], [line])

    def _enter(self, phase: str) -> float:
        now = self._aws.clock.now()
        self._kind.progress(self.document, phase, now)
        self._live.seen = {key: value for key, value in self.document.items() if key != self._kind.status_member}
        return now

    def _folders(self, host: Host) -> list[HostFolder]:
        job = job_folder(self._aws, self._kind, self._name)
        shutil.rmtree(job, ignore_errors=True)
        names = tuple(self._kind.hosts_of(self.document))
        folders = [HostFolder(job / name, name, host.namespaces, names) for name in names]
        for folder in folders:
            folder.make(host.settings)
        self._last = [""] * len(folders)
        epoch = round(self._aws.clock.now())
        self._streams = [f"{self._name}/{folder.name}-{epoch}" for folder in folders]
        return folders

    def _outcome(self, folders: list[HostFolder], end: End) -> Outcome:
        reason, message = self._kind.explain(folders, end, self._last)
        if end.overtime and self._aws.clock.now() >= self._kind.latest_of(self.document):
            return Outcome("Stopped", "", message, overwait=True)
        if end.overtime:
            limit = f"{self._kind.limit_of(self.document):.0f}"
            return Outcome("Stopped", "", message or f"MaxRuntimeInSeconds of {limit} exceeded", overtime=True)
        if end.stopped:
            return Outcome("Stopped", "", message)
        return Outcome("Failed" if reason else "Completed", reason, message)

    def _lines(self, host: int, lines: list[str]) -> None:
        self._interruption.saw(lines, self._aws.clock.now())
        found = self._metrics.read(lines)
        for observe in self._live.observers if found else ():
            observe(self.document, found)
        for line in reversed(lines):
            if line.strip():
                self._last[host] = line
                break
        if filled := [line for line in lines if line]:  # an event of CloudWatch Logs is never empty
            logs.append(self._aws, self._kind.log_group, self._streams[host], filled)
