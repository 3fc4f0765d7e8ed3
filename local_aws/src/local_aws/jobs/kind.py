"""What the kinds of jobs have in common: a document, hosts to run, and what comes out."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.errors import AwsError
from local_aws.jobs.folder import HostFolder
from local_aws.jobs.metrics import Metrics
from local_aws.jobs.outputs import Output
from local_aws.operations import Aws
from local_aws.processes.boot.program import Program
from local_aws.processes.images import Image
from local_aws.processes.watch import End

Document = dict[str, Any]


@dataclass
class Plan:
    """A job that is ready to run: its hosts' folders, and a program for each."""

    image: Image
    folders: list[HostFolder]
    programs: list[Program]


@dataclass
class Outcome:
    """How a job ended. `status` is Completed, Failed or Stopped; times are seconds since 1970."""

    status: str
    reason: str = ""
    message: str = ""
    overtime: bool = False
    started: float | None = None
    ended: float = 0.0
    uploads: list[Output] = field(default_factory=list)
    metrics: list[Document] = field(default_factory=list)


class Kind(ABC):
    """A kind of job: Processing, Training.

    name       "Processing": what the operations, members and log groups are called after
    exists     the message when the name is taken;  missing  when there is none of that name
    grace      seconds between SIGTERM and SIGKILL
    logs_metrics  whether the image's own metrics are looked for in the log
    phases     the secondary statuses in order: before the inputs, during the program, after it
    """

    name: str
    exists: str
    missing: str
    grace: float = 30.0
    logs_metrics: bool = False
    phases: tuple[str, str, str] = ("Downloading", "Training", "Uploading")

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

    @abstractmethod
    def image_of(self, document: Document) -> str:
        """The image's URI."""

    @abstractmethod
    def hosts_of(self, document: Document) -> list[str]:
        """The names of the hosts: algo-1, algo-2…"""

    @abstractmethod
    def limit_of(self, document: Document) -> float:
        """The longest that the programs may run, in seconds."""

    def metrics_of(self, image: Image, document: Document, now: Callable[[], float]) -> Metrics:
        """What to look for in the log."""
        definitions = document.get("AlgorithmSpecification", {}).get("MetricDefinitions", [])
        return Metrics(definitions, image.metric if self.logs_metrics else "", now)

    @abstractmethod
    def prepare(self, aws: Aws, document: Document, image: Image, folders: Sequence[HostFolder], /) -> list[Program]:
        """Fill the hosts' folders and say what to run. Raises JobError."""

    @abstractmethod
    def collect(self, aws: Aws, document: Document, folders: Sequence[HostFolder], status: str) -> Iterator[Output]:
        """Stage what goes to S3 when the job ends with `status`, one after another."""

    @abstractmethod
    def explain(self, folders: Sequence[HostFolder], end: End, last_lines: Sequence[str]) -> tuple[str, str]:
        """FailureReason and ExitMessage, "" for none."""

    @abstractmethod
    def progress(self, document: Document, phase: str, now: float) -> None:
        """Note in the document that a phase has begun."""

    @abstractmethod
    def finish(self, document: Document, outcome: Outcome) -> None:
        """Write the outcome into the document."""


def job_folder(aws: Aws, kind: Kind, name: str) -> Path:
    """Where a job's hosts have their folders."""
    return aws.home / "jobs" / kind.name / name
