"""A step, and what every kind of step has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]


@dataclass(frozen=True)
class Branch:
    """Where a step stands: in the branch of the condition step `owner` that is taken on `outcome`."""

    owner: str
    outcome: str


@dataclass(frozen=True)
class Step:
    """One step.

    arguments  its own, expressions and all; without the steps in a condition's branches
    needs      step → trigger: whom it waits for, by reference or by `DependsOn`
    branches   the branches around it, the outermost first
    """

    name: str
    kind: StepKind
    document: Document
    arguments: Document
    needs: dict[str, str]
    branches: tuple[Branch, ...] = ()

    @property
    def cache_config(self) -> Document:
        return self.document.get("CacheConfig") or {}

    @property
    def retry_policies(self) -> list[Document]:
        return self.document.get("RetryPolicies") or []


@dataclass(frozen=True)
class Start:
    """What a kind gets to start a step.

    name       what the engine calls the job or resource: the same after a restart, another for each attempt
    arguments  the step's own arguments, every expression replaced by its value
    members    the kind's `own_members`, likewise
    """

    aws: Aws
    execution: Document
    step: Step
    name: str
    arguments: Document
    members: Document = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a start ended: "Executing" (a job's end will be told), "Succeeded" or "Failed".

    resource  by which name `properties` finds what was made
    metadata  the step's `Metadata` as ListPipelineExecutionSteps shows it
    """

    status: str
    resource: str = ""
    metadata: Document = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True)
class StepKind(ABC):
    """A kind of step.

    name       the step's `Type`
    operation  the SageMaker operation whose request the `Arguments` are; None: they have a form of their own
    answer     the output shape of Describe, which `Steps.X.path` walks; None: no properties
    more_answers  further operations whose answers its properties hold
    supplied   members of the request that the engine fills in
    cache_key  the arguments ("A" or "A.B") whose values decide about a cache hit; None: never cached
    members    members of the step beyond those that every step has
    own_members  members beside the arguments in which expressions may stand; the kind evaluates them
    own_properties  what `Steps.X.path` can name, where that is not what `answer` holds
    job        the kind of job that it starts; None: it ends at once
    """

    name: str
    operation: str | None = None
    answer: str | None = None
    more_answers: tuple[str, ...] = ()
    supplied: frozenset[str] = frozenset()
    cache_key: tuple[str, ...] | None = None
    members: frozenset[str] = frozenset()
    own_members: frozenset[str] = frozenset()
    own_properties: frozenset[str] = frozenset()
    job: str | None = None

    def own_arguments(self, arguments: Document) -> Document:
        """The arguments without steps that are nested in them."""
        return arguments

    @abstractmethod
    def start(self, start: Start) -> Outcome:
        """Begin; called inside the transaction that records it. Raises AwsError as the service's operation would."""

    def properties(self, aws: Aws, resource: str) -> Document:  # noqa: ARG002  the kinds use them
        """What Describe answers for the resource. Raises AwsError when it is gone."""
        raise AwsError("ValidationException", f"A {self.name} step has no properties.")

    def job_name(self, start: Start) -> str:
        """The name of what is made; one in the arguments is a prefix (`use_custom_job_prefix` of the SDK)."""
        prefix = next((start.arguments[member] for member in self.supplied if member in start.arguments), None)
        if not prefix:
            return start.name
        identity, suffix = start.execution["PipelineExecutionId"], start.name.rpartition("-")[2]
        return f"{prefix[:38]}-{identity}-{suffix}"
