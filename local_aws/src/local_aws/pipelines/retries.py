"""Retry policies of steps: which failures are tried again, when, and how often.

Source: "Retry policy for pipeline steps", developer guide.
"""

from collections.abc import Iterator
from typing import Any

from local_aws.errors import AwsError

Document = dict[str, Any]

EXCEPTION_TYPES = (
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
)

#: What AWS tries again when a step has no policy of its own for it.
DEFAULT: Document = {"ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"]}

#: How often, when a policy has neither MaxAttempts nor ExpireAfterMin.
DEFAULT_ATTEMPTS = 5

#: Member → its least and its largest value.
_LIMITS = {
    "IntervalSeconds": (0, 43200),
    "BackoffRate": (0, 1000),
    "MaxAttempts": (0, 20),
    "ExpireAfterMin": (0, 14400),
}


def violations(policies: Any, where: str) -> Iterator[str]:
    """One sentence for everything that is wrong with a step's `RetryPolicies`."""
    for policy in policies if isinstance(policies, list) else [None]:
        if not isinstance(policy, dict) or not isinstance(policy.get("ExceptionType"), list):
            yield f"{where}: a list of policies, each with a list ExceptionType, is needed."
            continue
        for name in policy["ExceptionType"]:
            if name not in EXCEPTION_TYPES:
                yield f"{where}: {name!r} is not one of {', '.join(EXCEPTION_TYPES)}."
        for name in sorted(set(policy) - {"ExceptionType", *_LIMITS}):
            yield f"{where}: {name} is not a member."
        for name, (low, high) in _LIMITS.items():
            value = policy.get(name, low)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                yield f"{where}: {name}: {value!r} is not a number from {low} to {high}."
        if "MaxAttempts" in policy and "ExpireAfterMin" in policy:
            yield f"{where}: MaxAttempts and ExpireAfterMin exclude each other."


def type_of_error(error: AwsError) -> str | None:
    """The exception type of an error with which a step could not be started; None: not worth another try."""
    if error.code == "ResourceLimitExceeded":
        return "SageMaker.RESOURCE_LIMIT"
    if error.code in ("ThrottlingException", "Throttling"):
        return "Step.THROTTLING"
    return "Step.SERVICE_FAULT" if error.status in (500, 503) else None


def type_of_reason(reason: str) -> str | None:
    """The exception type of a job's FailureReason; None: the job's own fault."""
    for beginning, kind in (
        ("InternalServerError", "SageMaker.JOB_INTERNAL_ERROR"),
        ("CapacityError", "SageMaker.CAPACITY_ERROR"),
        ("ResourceLimitExceeded", "SageMaker.RESOURCE_LIMIT"),
    ):
        if reason.startswith(beginning):
            return kind
    return None


def delay(policies: list[Document], kind: str, tries: int, since_first: float) -> float | None:
    """Seconds until the next try; None: no more.

    tries        how often this has failed, the last time included
    since_first  seconds since the step was started first
    """
    policy = next((item for item in [*policies, DEFAULT] if kind in item["ExceptionType"]), None)
    if policy is None:
        return None
    seconds = float(policy.get("IntervalSeconds", 1) * policy.get("BackoffRate", 2.0) ** (tries - 1))
    if "ExpireAfterMin" in policy:
        return seconds if since_first + seconds <= policy["ExpireAfterMin"] * 60 else None
    return seconds if tries <= policy.get("MaxAttempts", DEFAULT_ATTEMPTS) else None
