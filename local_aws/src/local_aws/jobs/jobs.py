"""What the machine knows of its jobs: submit, describe, stop, forget."""

import queue
import shutil
import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from local_aws.errors import AwsError
from local_aws.jobs import events
from local_aws.jobs.kind import Document, Kind, Live, Observer, job_folder
from local_aws.jobs.processing import Processing
from local_aws.jobs.training import Training
from local_aws.jobs.transform.transform import Transform
from local_aws.jobs.tuning.tuning import Tuning
from local_aws.operations import Aws

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (Processing(), Training(), Transform(), Tuning())}

OnEnd = Callable[[str, Document], None]

#: Statuses of a job that has not ended.
OPEN = ("InProgress", "Stopping")


class Supervisor(Protocol):
    """Who keeps jobs of a supervised kind going, by starting others. Both are called inside a transaction."""

    def begin(self, document: Document) -> None:
        """The job has been created."""

    def halt(self, document: Document) -> None:
        """The job shall stop; its status is Stopping."""


class Jobs:
    """Jobs of every kind by kind ("Processing", "Training") and name. Workers take them from `waiting`.

    observers    hear of metrics as they appear on the logs
    supervisors  by kind
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._live: dict[tuple[str, str], Live] = {}
        self._lock = threading.Lock()
        self.waiting: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self.callbacks: list[OnEnd] = []
        self.observers: list[Observer] = []
        self.supervisors: dict[str, Supervisor] = {}

    def submit(self, kind: str, request: Document) -> str:
        """Create the job of a Create… request and queue it; its ARN. It runs once the open transaction commits.

        Raises AwsError: ResourceInUse when the name is taken, ValidationException or NotImplemented for the request.
        """
        what = KINDS[kind]
        name = request[what.name_member]
        arn = what.arn(self._aws, name)
        document = what.check(self._aws, request)
        for image in what.images_of(document):
            self._aws.images.find(image)
        with self._aws.store.transaction():
            if self._aws.store.get(what.store_kind, name):
                raise AwsError("ResourceInUse", what.exists.format(arn=arn))
            now = self._aws.clock.now()
            document |= {
                what.arn_member: arn,
                what.status_member: "InProgress",
                "CreationTime": now,
                "LastModifiedTime": now,
            }
            what.progress(document, "Starting", now)
            self._aws.store.put(what.store_kind, name, document)
            events.tell(self._aws, what, document)
            if what.supervised:
                self.supervisors[kind].begin(document)
            else:
                self._aws.store.after_commit(lambda: self.waiting.put((kind, name)))
        return arn

    def describe(self, kind: str, name: str) -> Document:
        """The job as Describe… shows it. Raises AwsError when there is none."""
        what = KINDS[kind]
        document = self._aws.store.get(what.store_kind, name)
        if document is None:
            raise what.not_found(name)
        live = self._live.get((kind, name))
        return document | live.seen if live and document[what.status_member] in OPEN else document

    def stop(self, kind: str, name: str) -> None:
        """Ask the job to stop; it ends as Stopped. Raises AwsError when there is none or it has ended."""
        what = KINDS[kind]
        with self._aws.store.transaction():
            document = self._aws.store.get(what.store_kind, name)
            if document is None:
                raise what.not_found(name)
            status = document[what.status_member]
            if status not in OPEN:
                raise AwsError(
                    "ValidationException",
                    f"The request was rejected because the {what.name.lower()} job is in status {status}.",
                )
            if status == "Stopping":
                return
            stopping = {what.status_member: "Stopping", "LastModifiedTime": self._aws.clock.now()}
            self._aws.store.put(what.store_kind, name, document | stopping)
            events.tell(self._aws, what, document | stopping)
            if what.supervised:
                self.supervisors[kind].halt(document | stopping)
            else:
                self._aws.store.after_commit(lambda: self._interrupt(kind, name))

    def on_end(self, callback: OnEnd) -> None:
        """`callback(kind, document)` runs inside the transaction that ends a job."""
        self.callbacks.append(callback)

    def end(self, kind: str, document: Document) -> None:
        """Save the document of a job that has ended, and tell everybody; inside a transaction."""
        what = KINDS[kind]
        self._aws.store.put(what.store_kind, str(document[what.name_member]), document)
        events.tell(self._aws, what, document)
        for callback in self.callbacks:
            callback(kind, document)

    def remove(self, kind: str, name: str) -> None:
        """Forget an ended job and its folder. Raises AwsError when there is none or it has not ended."""
        what = KINDS[kind]
        with self._aws.store.transaction():
            document = self.describe(kind, name)
            if document[what.status_member] in OPEN:
                raise AwsError("ResourceInUse", f"The {what.name.lower()} job {name} has not ended.")
            self._aws.store.delete(what.store_kind, name)
            folder = job_folder(self._aws, what, name)
            self._aws.store.after_commit(lambda: shutil.rmtree(folder, ignore_errors=True))

    # for the workers

    def open_jobs(self) -> list[tuple[str, str]]:
        """Kind and name of the jobs that have not ended, oldest first."""
        found = [
            (document["CreationTime"], kind.name, name)
            for kind in KINDS.values()
            if not kind.supervised
            for name, document in self._aws.store.scan(kind.store_kind)
            if document[kind.status_member] in OPEN
        ]
        return [(kind, name) for _, kind, name in sorted(found)]

    def enter(self, kind: str, name: str) -> Live:
        """The job begins to run."""
        with self._lock:
            return self._live.setdefault((kind, name), Live(observers=self.observers))

    def leave(self, kind: str, name: str) -> None:
        with self._lock:
            self._live.pop((kind, name)).stop.close()

    def interrupt_all(self) -> None:
        with self._lock:
            for live in self._live.values():
                live.stop.ask()

    def _interrupt(self, kind: str, name: str) -> None:
        with self._lock:
            if live := self._live.get((kind, name)):
                live.stop.ask()
