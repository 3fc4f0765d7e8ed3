"""What `run` asks of kinds of jobs that are programs: a command on each host, run to its end."""

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from local_aws.jobs.folder import HostFolder
from local_aws.jobs.kind import Document, Kind
from local_aws.jobs.metrics import Metrics
from local_aws.jobs.outputs import Output
from local_aws.jobs.spot import Interruption, trained
from local_aws.operations import Aws
from local_aws.processes.boot.program import Program
from local_aws.processes.images import Image
from local_aws.processes.watch import End


class ProgramKind(Kind):
    """A kind whose hosts run a program each.

    grace      seconds between SIGTERM and SIGKILL
    logs_metrics  whether the image's own metrics are looked for in the log
    phases     the secondary statuses in order: before the inputs, during the program, after it
    """

    grace: float = 30.0
    logs_metrics: bool = False
    phases: tuple[str, str, str] = ("Downloading", "Training", "Uploading")

    def images_of(self, document: Document) -> list[str]:
        return [self.image_of(document)]

    @abstractmethod
    def image_of(self, document: Document) -> str:
        """The image's URI."""

    @abstractmethod
    def hosts_of(self, document: Document) -> list[str]:
        """The names of the hosts: algo-1, algo-2…"""

    @abstractmethod
    def limit_of(self, document: Document) -> float:
        """The longest that the programs may run, in seconds."""

    def latest_of(self, document: Document) -> float:  # noqa: ARG002  the kinds use it
        """When the job must have ended, waiting included, in seconds since 1970."""
        return math.inf

    def deadline_of(self, document: Document, started: float) -> float:
        """When an attempt that began at `started` must end: all attempts share the limit of the programs."""
        left = self.limit_of(document) - trained(document.get("SecondaryStatusTransitions", []))
        return min(started + left, self.latest_of(document))

    def interruption_of(self, aws: Aws, document: Document, started: float) -> Interruption:  # noqa: ARG002
        """When the hosts of an attempt that began at `started` are taken away."""
        return Interruption()

    def kept(self, aws: Aws, document: Document, folders: Sequence[HostFolder]) -> AbstractContextManager[object]:  # noqa: ARG002
        """What keeps files of the hosts safe while the programs run."""
        return nullcontext()

    def on_interruption(self, document: Document) -> str:  # noqa: ARG002
        """What the log says of an interruption."""
        return ""

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
