"""What SageMaker tries again by itself: throttled calls, faults of the service, and capacity that is not there.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.retry import (
    RetryPolicy,
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import ConfigurableRetryStep, StepTypeEnum

#: Steps that need instances.
JOBS = (StepTypeEnum.PROCESSING, StepTypeEnum.TRAINING, StepTypeEnum.TUNING, StepTypeEnum.TRANSFORM)


def add(steps: Iterable[Any]) -> None:
    """Give each step that can have policies, also within conditions, those of its kind."""
    for step in _all(steps):
        if isinstance(step, ConfigurableRetryStep) and not step.retry_policies:
            step.retry_policies = [*CALLS, *(CAPACITY if step.step_type in JOBS else ())]


#: Ten seconds, then twice as long each time: five minutes in all.
CALLS: tuple[RetryPolicy, ...] = (
    StepRetryPolicy(
        exception_types=[StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING],
        interval_seconds=10,
        backoff_rate=2.0,
        max_attempts=5,
    ),
)

#: Instances that are not to be had come back within hours, or on another day.
CAPACITY: tuple[RetryPolicy, ...] = (
    SageMakerJobStepRetryPolicy(
        exception_types=[SageMakerJobExceptionTypeEnum.CAPACITY_ERROR],
        interval_seconds=60,
        backoff_rate=2.0,
        expire_after_mins=240,
    ),
)


def _all(steps: Iterable[Any]) -> Iterator[Any]:
    for step in steps:
        yield step
        if isinstance(step, ConditionStep):
            yield from _all([*step.if_steps, *step.else_steps])
