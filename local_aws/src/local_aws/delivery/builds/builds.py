"""What the machine knows of its builds: start, describe, stop, and whom to tell of an end."""

import queue
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from local_aws.delivery.builds import composition, events, projects
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.processes.watch import Stop

Document = dict[str, Any]

#: Documents of builds by their ids; what only this machine needs stands below "Local".
BUILDS = "codebuild:Build"

#: Called with the build as BatchGetBuilds shows it.
OnEnd = Callable[[Document], None]


@dataclass(frozen=True)
class Artifact:
    """A zip in S3: one that is there, or where one shall go. `version` "" is the latest."""

    bucket: str
    key: str
    version: str = ""


@dataclass(frozen=True)
class Handed:
    """What CodePipeline hands to a build of a project whose source and artifacts are CODEPIPELINE.

    sources    the action's input artifacts by name
    primary    the name of the one that is CODEBUILD_SRC_DIR; the others are CODEBUILD_SRC_DIR_<name>
    outputs    the action's output artifacts by name: where their zips go, in the commit that ends the build. A single
               one gets the buildspec's artifacts, several the secondary artifacts of their names
    initiator  "codepipeline/<pipeline>"
    revision   what CODEBUILD_RESOLVED_SOURCE_VERSION says
    """

    sources: Mapping[str, Artifact]
    primary: str
    outputs: Mapping[str, Artifact]
    initiator: str
    revision: str = ""


@dataclass
class Live:
    """A build that runs: how to stop it, and what describe shows of it before a commit holds it."""

    stop: Stop = field(default_factory=Stop)
    seen: Document = field(default_factory=dict)


class Builds:
    """Builds by their ids ("project:uuid"). Builders take them from `waiting`."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()
        self.waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.callbacks: list[OnEnd] = []

    def start(self, request: Document, handed: Handed | None = None) -> str:
        """The id of a new build; it runs once the open transaction commits.

        request  members of StartBuild: projectName, environmentVariablesOverride…
        Raises AwsError: ResourceNotFoundException, InvalidInputException, or NotImplemented for what is not here.
        """
        with self._aws.store.transaction():
            project = projects.find(self._aws, request["projectName"])
            self._check_limit(project)
            projects.count(self._aws, project)
            build = composition.compose(self._aws, project, request, str(uuid.uuid4()))
            build["Local"]["Request"] = request
            if handed:
                composition.hand_over(build, asdict(handed))
            elif "CODEPIPELINE" in (build["source"]["type"], build["artifacts"].get("Type")):
                name = request["projectName"]
                message = f"The project {name} takes its source from CodePipeline, which alone can start its builds."
                raise AwsError("InvalidInputException", message)
            self._aws.store.put(BUILDS, build["id"], build)
            events.tell(self._aws, build)
            events.tell_phase(self._aws, build, build["phases"][0])
            self._aws.store.after_commit(lambda: self.waiting.put(build["id"]))
        return str(build["id"])

    def _check_limit(self, project: Document) -> None:
        most, name = project.get("concurrentBuildLimit") or 0, project["name"]
        if most > 0 and len([one for one in self.open_builds() if one.startswith(f"{name}:")]) >= most:
            message = f"Cannot have more than {most} active builds for the project {name}"
            raise AwsError("AccountLimitExceededException", message)

    def describe(self, identity: str) -> Document | None:
        """The build as BatchGetBuilds shows it, None when there is none.

        "buildStatus" is IN_PROGRESS, SUCCEEDED, FAILED, STOPPED, TIMED_OUT or FAULT; "exportedEnvironmentVariables"
        holds name and value of each.
        """
        document = self._aws.store.get(BUILDS, identity)
        live = self._live.get(identity)
        return document | live.seen if document and live and not document["buildComplete"] else document

    def stop(self, identity: str) -> Document:
        """Ask a build to stop; it ends as STOPPED. One that has ended stays as it is.

        Raises AwsError "ResourceNotFoundException".
        """
        with self._aws.store.transaction():
            build = self._aws.store.get(BUILDS, identity)
            if build is None:
                raise AwsError("ResourceNotFoundException", f"Build {identity} does not exist")
            if not build["buildComplete"]:
                build["Local"]["Stopping"] = True
                self._aws.store.put(BUILDS, identity, build)
                self._aws.store.after_commit(lambda: self._interrupt(identity))
        return self.describe(identity) or build

    def on_end(self, callback: OnEnd) -> None:
        """`callback(build)` runs inside the transaction that ends a build."""
        self.callbacks.append(callback)

    # for the builders

    def open_builds(self) -> list[str]:
        """The builds that have not ended, oldest first."""
        return [identity for identity, build in self._aws.store.scan(BUILDS) if not build["buildComplete"]]

    def enter(self, identity: str) -> Live:
        """The build begins to run."""
        with self._lock:
            return self._live.setdefault(identity, Live())

    def leave(self, identity: str) -> None:
        with self._lock:
            self._live.pop(identity).stop.close()

    def interrupt_all(self) -> None:
        with self._lock:
            for live in self._live.values():
                live.stop.ask()

    def _interrupt(self, identity: str) -> None:
        with self._lock:
            if live := self._live.get(identity):
                live.stop.ask()
