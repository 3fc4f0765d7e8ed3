"""What all kinds of jobs have in common: a document, a run, and what comes out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.errors import AwsError
from local_aws.jobs.outputs import Output
from local_aws.operations import Aws
from local_aws.processes.watch import Stop

Document = dict[str, Any]


#: Called with a job's document and the metrics on lines of its log that have just arrived.
Observer = Callable[[Document, Iterable[tuple[str, float]]], None]


@dataclass
class Live:
    """A job that runs: how to stop it, what describe shows of it before a commit holds it, who follows its metrics."""

    stop: Stop = field(default_factory=Stop)
    seen: Document = field(default_factory=dict)
    observers: list[Observer] = field(default_factory=list)


@dataclass
class Outcome:
    """How a job ended. `status` is Completed, Failed or Stopped; times are seconds since 1970.

    overtime, overwait  whether MaxRuntimeInSeconds or MaxWaitTimeInSeconds ended it
    """

    status: str
    reason: str = ""
    message: str = ""
    overtime: bool = False
    overwait: bool = False
    started: float | None = None
    ended: float = 0.0
    uploads: list[Output] = field(default_factory=list)
    metrics: list[Document] = field(default_factory=list)


class Kind(ABC):
    """A kind of job: Processing, Training, Transform.

    name       "Processing": what the operations, members and log groups are called after
    exists     the message when the name is taken;  missing  when there is none of that name
    deletable  whether AWS has an operation that deletes an ended job
    supervised whether no worker runs it, but a supervisor (see `Jobs.supervisors`) that starts other jobs
    title      what events call it
    """

    name: str
    exists: str
    missing: str
    deletable: bool = True
    supervised: bool = False

    @property
    def title(self) -> str:
        return f"SageMaker {self.name} Job State Change"

    @property
    def store_kind(self) -> str:
        return f"sagemaker:{self.name}Job"

    @property
    def name_member(self) -> str:
        return f"{self.name}JobName"

    @property
    def arn_member(self) -> str:
        return f"{self.name}JobArn"

    @property
    def status_member(self) -> str:
        return f"{self.name}JobStatus"

    @property
    def log_group(self) -> str:
        return f"/aws/sagemaker/{self.name}Jobs"

    def arn(self, aws: Aws, name: str) -> str:
        return aws.arn("sagemaker", f"{self.name.lower()}-job/{name}")

    def not_found(self, name: str) -> AwsError:
        return AwsError("ValidationException", self.missing.format(name=name))

    @abstractmethod
    def check(self, aws: Aws, request: Document) -> Document:
        """The request with AWS's defaults. Raises AwsError for what cannot be, NotSupported for what is not here."""

    def images_of(self, document: Document) -> list[str]:  # noqa: ARG002  the kinds use it
        """The URIs of images that must be in the table when the job is created."""
        return []

    @abstractmethod
    def run(self, aws: Aws, document: Document, live: Live, ending: Callable[[], bool]) -> Outcome:
        """Run the job from its inputs to its staged outputs; nothing is durable or visible before the commit after it.

        document  changes as the job goes on, and `live` shows that
        ending    whether a stop comes from the end of the server, so that it must be quick
        Whatever happens is an outcome: errors become a FailureReason.
        """

    @abstractmethod
    def progress(self, document: Document, phase: str, now: float) -> None:
        """Note in the document that a phase has begun."""

    @abstractmethod
    def finish(self, document: Document, outcome: Outcome) -> None:
        """Write the outcome into the document."""


def job_folder(aws: Aws, kind: Kind, name: str) -> Path:
    """Where a job's hosts have their folders."""
    return aws.home / "jobs" / kind.name / name
