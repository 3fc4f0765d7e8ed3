"""What an action provider is: what it takes, what it does, how it ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_aws.errors import NotSupported
from local_aws.operations import Aws

Document = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """An action execution: `record` is its document, `configuration` has values in the places of variables."""

    aws: Aws
    declared: Document
    execution: Document
    record: Document

    @property
    def configuration(self) -> dict[str, str]:
        found: dict[str, str] = self.record["input"]["resolvedConfiguration"]
        return found

    @property
    def inputs(self) -> dict[str, Document]:
        """Artifact → bucket and key."""
        return {one["name"]: one["s3location"] for one in self.record["input"]["inputArtifacts"]}

    @property
    def outputs(self) -> dict[str, Document]:
        """Artifact → bucket and key where it shall go."""
        return {one["name"]: one["s3location"] for one in self.record["output"]["outputArtifacts"]}


@dataclass(frozen=True)
class Outcome:
    """How far an action has come.

    status      InProgress, Succeeded or Failed;   key   what it waits for while InProgress
    identity, summary, url   of what runs elsewhere
    variables   what its namespace gets;   revision   what a source action found
    code, message   why it failed;   due   when it fails unless something ends it, in seconds since 1970
    members     more to keep in its record
    """

    status: str = "Succeeded"
    key: str = ""
    identity: str = ""
    summary: str = ""
    url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    revision: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    due: float | None = None
    members: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ActionKind:
    """One row of the table of providers.

    required, optional   keys of the configuration
    inputs, outputs      how many artifacts: from, to
    """

    category: str
    provider: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    inputs: tuple[int, int] = (0, 0)
    outputs: tuple[int, int] = (0, 0)

    def check(self, action: Document) -> None:
        """Refuse what this machine does not do with such an action. Raises AwsError."""
        if action.get("timeoutInMinutes") is not None:
            raise NotSupported(f"timeoutInMinutes of {self.provider} actions ({action['name']})")

    def prepare(self, job: Job) -> Any:  # noqa: ARG002  the siblings need it
        """What takes its time and leaves no trace; outside a transaction, perhaps more than once."""
        return None

    def begin(self, job: Job, prepared: Any) -> Outcome:  # noqa: ARG002
        """What has an effect; inside the transaction that keeps the outcome. Raises AwsError: the action fails."""
        raise NotSupported(f"{self.provider} actions")

    def expired(self) -> Outcome:
        """How an action ends that has reached the due time of its outcome."""
        return Outcome("Failed", code="JobTimedOut", message=f"The {self.provider} action has timed out.")


#: Called with pipeline, execution and action execution, and how the action has come on; joins an open transaction.
Ended = Callable[[tuple[str, str, str], Outcome], None]

#: Make what actions wait for call `Ended`.
Listen = Callable[[Aws, Ended], None]
