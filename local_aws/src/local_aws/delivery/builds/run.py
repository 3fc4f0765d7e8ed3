"""One build from its sources to its staged artifacts; nothing of it is visible before the commit that follows."""

import datetime
import json
import logging
import shutil
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_aws.delivery.builds import boot, composition, environment, events, outputs, sources
from local_aws.delivery.builds.artifacts import ArtifactError
from local_aws.delivery.builds.buildspec import PHASES, Buildspec, BuildspecError, read
from local_aws.delivery.builds.cache import Cache
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.processes import messages
from local_aws.processes.boot.program import Program
from local_aws.processes.hosts import Hosts
from local_aws.processes.images import Image
from local_aws.processes.watch import End, Watch
from local_aws.services import logs

if TYPE_CHECKING:
    from local_aws.delivery.builds.builds import Live

log = logging.getLogger("local_aws.builds")

Document = dict[str, Any]

AGENT = Path(boot.__file__).with_name("agent.py")

#: The host that builds are forked from; their own commands replace it.
HOST = Image("local_aws-builds", preload=("json", "shlex", "shutil", "subprocess"))


class FailedError(Exception):
    """A phase ends badly: the status of phase and build, AWS's status code, and what happened."""

    def __init__(self, code: str, message: str, status: str = "FAILED") -> None:
        super().__init__(message)
        self.code, self.status = code, status


class Run:
    """A build in a clean folder. Its document changes as it goes on, and `live` shows that."""

    def __init__(self, aws: Aws, build: Document, live: "Live", grace: Callable[[], float]) -> None:
        self.build = build
        self.uploads: list[outputs.Upload] = []
        self._aws = aws
        self._live = live
        self._grace = grace
        self._folder = folder_of(aws, build["id"])
        self._mark = f"\x1e{uuid.uuid4().hex}"

    def to_end(self) -> None:
        """Whatever happens, the document says how it ended; the folder is gone."""
        status = "SUCCEEDED"
        try:
            status = self._to_end()
        except Exception as error:  # noqa: BLE001  the context says what it was
            status = self._failed(error)
        self._enter("FINALIZING")
        shutil.rmtree(self._folder, ignore_errors=True)
        self._enter("COMPLETED")
        self.build |= {"buildStatus": status, "buildComplete": True, "endTime": self._aws.clock.now()}

    def _failed(self, error: Exception) -> str:
        """The status of a build that an error ends; its artifacts are no more."""
        if isinstance(error, FailedError):
            status, code = error.status, error.code
        elif isinstance(error, AwsError | OSError):
            status, code = "FAILED", "CLIENT_ERROR"
        else:
            log.error("A build failed inside local_aws.", exc_info=error)
            status, code = "FAULT", "INTERNAL_SERVICE_ERROR"
        self._leave(status, code, str(error))
        for upload in self.uploads:
            upload.staged.discard()
        self.uploads = []
        return status

    def _to_end(self) -> str:
        self._enter("PROVISIONING")
        deadline = self._aws.clock.now() + limit(self._aws, self.build["timeoutInMinutes"])
        self._say("Waiting for agent ping")
        shutil.rmtree(self._folder, ignore_errors=True)  # of a server that was killed
        (self._folder / "tmp").mkdir(parents=True)
        self._enter("DOWNLOAD_SOURCE")
        found, spec = self._download()
        source = next(iter(found.values()))
        cache = Cache(self._aws, self.build, source)
        for said in cache.restore(spec.cached):
            self._say(said)
        failed = self._commands(spec, found, deadline)
        if all(phase["phaseType"] != "POST_BUILD" for phase in self.build["phases"]):
            return "FAILED"
        self._enter("UPLOAD_ARTIFACTS")
        cache.save(spec.cached)
        try:
            for upload in outputs.collect(self._aws, self.build, spec, source, self._folder / "tmp"):
                self.uploads.append(upload)
        except ArtifactError as error:
            raise FailedError("CLIENT_ERROR", str(error)) from None
        self._say("Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED")
        return "FAILED" if failed else "SUCCEEDED"

    def _download(self) -> tuple[Mapping[str, Path], Buildspec]:
        try:
            found = sources.fetch(self._aws, self.build, self._folder)
            text = sources.buildspec(self._aws, self.build, next(iter(found.values())))
            spec = read(text)
        except sources.SourceError as error:
            raise FailedError(error.code, str(error)) from None
        except BuildspecError as error:
            raise FailedError("YAML_FILE_ERROR", str(error)) from None
        except ArtifactError as error:
            raise FailedError("CLIENT_ERROR", str(error)) from None
        self._say("Phase complete: DOWNLOAD_SOURCE State: SUCCEEDED")
        return found, spec

    # commands

    def _commands(self, spec: Buildspec, found: Mapping[str, Path], deadline: float) -> bool:
        """The phases of the buildspec; whether one of them failed."""
        kept = self._folder / "state"
        kept.mkdir()
        (kept / "plan.json").write_text(json.dumps(self._plan(spec, found, kept)))
        program = Program(
            arguments=("python3", str(AGENT), str(kept / "plan.json")),
            environment={},
            root=self._folder,
            shown=None,
            folder=self._folder,
        )
        process = self._aws.part(Hosts).of(HOST).start(program)
        watch = Watch([process], self._lines, self._aws.clock, self._live.stop, deadline, self._grace)
        self._check(watch.until_end())
        exported = json.loads((kept / "exported.json").read_text())
        self.build["exportedEnvironmentVariables"] = [{"name": name, "value": exported[name]} for name in exported]
        return any(phase.get("phaseStatus") == "FAILED" for phase in self.build["phases"])

    def _plan(self, spec: Buildspec, found: Mapping[str, Path], kept: Path) -> Document:
        return {
            "Mark": self._mark,
            "Shell": spec.shell,
            "Folder": str(next(iter(found.values()))),
            "State": str(kept),
            "Environment": environment.of_build(self._aws, self.build, spec.variables, found, self._folder / "tmp"),
            "Runtimes": dict(spec.runtimes),
            "Exported": spec.exported,
            "Phases": [
                {
                    "Name": name.upper(),
                    "Commands": spec.phases[name].commands,
                    "Finally": spec.phases[name].finally_,
                    "OnFailure": spec.phases[name].on_failure,
                }
                for name in PHASES
            ],
        }

    def _check(self, end: End) -> None:
        if end.overtime:
            minutes = self.build["timeoutInMinutes"]
            raise FailedError("BUILD_TIMED_OUT", f"Build has timed out after {minutes} minutes.", "TIMED_OUT")
        if end.stopped:
            raise FailedError("", "The build was stopped.", "STOPPED")
        if end.codes[0] != 0:
            said = f"it ended with {end.codes[0]}" if end.codes[0] is not None else "its host was killed"
            raise FailedError("INTERNAL_SERVICE_ERROR", f"The agent of the build is gone: {said}.", "FAULT")

    # what is seen

    def _lines(self, _: int, lines: list[str]) -> None:
        said: list[str] = []
        for line in lines:
            text, marked, message = line.partition(self._mark)
            if text or not marked:
                said.append(text)
            if marked:
                said += self._told(messages.read(message))
        self._log(said)

    def _told(self, message: Document) -> list[str]:
        """What the agent tells of itself; the lines of the log that follow from it."""
        if "Enter" in message:
            self._enter(message["Enter"])
        elif "Leave" in message:
            status = "FAILED" if message["Failed"] else "SUCCEEDED"
            composition.leave(self.build["phases"], self._aws.clock.now(), status, message["Code"], message["Message"])
        return [self._stamped(line) for line in message["Say"].splitlines()] if "Say" in message else []

    def _enter(self, phase: str) -> None:
        composition.enter(self.build["phases"], phase, self._aws.clock.now())
        self.build["currentPhase"] = phase
        # Copies: whoever describes the build meanwhile must not see them change.
        self._live.seen = {"currentPhase": phase, "phases": [dict(one) for one in self.build["phases"]]}
        events.tell_phase(self._aws, self.build, self.build["phases"][-2])

    def _leave(self, status: str, code: str, message: str) -> None:
        composition.leave(self.build["phases"], self._aws.clock.now(), status, code, message)
        self._say(f"Phase complete: {self.build['currentPhase']} State: {status}")
        self._say(f"Phase context status code: {code} Message: {message}")

    def _say(self, text: str) -> None:
        self._log([self._stamped(line) for line in text.split("\n")])

    def _stamped(self, text: str) -> str:
        now = datetime.datetime.fromtimestamp(self._aws.clock.now(), datetime.UTC)
        return f"[Container] {now:%Y/%m/%d %H:%M:%S.%f} {text}"

    def _log(self, lines: list[str]) -> None:
        place = self.build["logs"]
        if "groupName" in place and (filled := [line for line in lines if line]):
            logs.append(self._aws, place["groupName"], place["streamName"], filled)


def limit(aws: Aws, minutes: int) -> float:
    """Seconds of the clock until a timeout: commands need the machine's own time, so a fast clock gives them more."""
    return 60.0 * minutes * max(1.0, aws.clock.rate)


def folder_of(aws: Aws, identity: str) -> Path:
    """Where a build lives while it runs; short, as sockets below TMPDIR may have no more than about 100 characters."""
    return aws.home / "builds" / identity.partition(":")[2][:13]
