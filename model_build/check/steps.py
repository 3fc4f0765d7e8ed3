"""One step: its arguments against the request that it makes, its cache, property files and retries."""

import re
from collections.abc import Iterator
from typing import Any

from model_build.check import shapes
from model_build.check.kinds import TYPES, Kind
from model_build.check.references import Scope

COMMON = {"Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description", "RetryPolicies"}


EXCEPTIONS = {
    "Step.SERVICE_FAULT",
    "Step.THROTTLING",
    "SageMaker.JOB_INTERNAL_ERROR",
    "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
}

# ISO 8601, as caching takes it: years to seconds, at least one of them.
_DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?", re.IGNORECASE)


def step_violations(step: dict[str, Any], scope: Scope) -> Iterator[str]:
    """One sentence per violation in a step that makes a request, or fails."""
    name, kind = step["Name"], TYPES[step["Type"]]
    members = COMMON | (kind.members if kind else set())
    yield from (f"{name}.{key}: a {step['Type']} step has no such member" for key in sorted(set(step) - members))
    for key, shape in (("DisplayName", "StepDisplayName"), ("Description", "StepDescription")):
        if key in step:
            yield from shapes.check(step[key], shapes.model().shape_for(shape), f"{name}.{key}", scope.resolve)
    if kind is None:
        yield from _fail(step, scope)
        return
    yield from _arguments(step, kind, scope)
    yield from (f"{name}.CacheConfig: {fault}" for fault in _cache(step.get("CacheConfig")))
    yield from (f"{name}.PropertyFiles: {fault}" for fault in _property_files(step))
    yield from (f"{name}.RetryPolicies: {fault}" for fault in _retries(step.get("RetryPolicies", [])))


def _arguments(step: dict[str, Any], kind: Kind, scope: Scope) -> Iterator[str]:
    """The request without the job's name, which the service gives."""
    place = f"{step['Name']}.Arguments"
    if kind.name in step["Arguments"]:
        yield f"{place}.{kind.name}: the service gives this name"
    shape = shapes.model().operation_model(kind.operation).input_shape
    name = {kind.name: "given-by-the-service"} if kind.name in shape.required_members else {}
    request = {**name, **step["Arguments"]}
    yield from shapes.check(request, shape, place, scope.resolve)


def _fail(step: dict[str, Any], scope: Scope) -> Iterator[str]:
    arguments, place = step["Arguments"], f"{step['Name']}.Arguments"
    yield from (f"{place}.{key}: this member is not known" for key in sorted(set(arguments) - {"ErrorMessage"}))
    if "ErrorMessage" not in arguments:
        yield f"{place}.ErrorMessage: this member is missing"
        return
    text = shapes.model().shape_for("StepDescription")
    yield from shapes.check(arguments["ErrorMessage"], text, f"{place}.ErrorMessage", scope.resolve)


def _cache(config: Any) -> Iterator[str]:
    if config is None:
        return
    yield from (f"the member {key} is not known" for key in sorted(set(config) - {"Enabled", "ExpireAfter"}))
    if not isinstance(config.get("Enabled"), bool):
        yield "Enabled must be true or false"
    expiry = config.get("ExpireAfter")
    if expiry is not None and not (isinstance(expiry, str) and _DURATION.fullmatch(expiry)):
        yield f"ExpireAfter = {expiry!r} is no ISO 8601 duration such as P30D"


def _property_files(step: dict[str, Any]) -> Iterator[str]:
    outputs = step["Arguments"].get("ProcessingOutputConfig", {}).get("Outputs", [])
    names = {output.get("OutputName") for output in outputs}
    for entry in step.get("PropertyFiles", []):
        if set(entry) != {"PropertyFileName", "OutputName", "FilePath"}:
            yield f"{entry} needs PropertyFileName, OutputName and FilePath, and nothing else"
        elif entry["OutputName"] not in names:
            yield f"{entry['PropertyFileName']} lies in the output {entry['OutputName']!r}, which the step has not"


def _retries(policies: Any) -> Iterator[str]:
    known = {"ExceptionType", "IntervalSeconds", "BackoffRate", "MaxAttempts", "ExpireAfterMin"}
    for policy in policies:
        yield from (f"the member {key} is not known" for key in sorted(set(policy) - known))
        for exception in policy.get("ExceptionType", [None]):
            if exception not in EXCEPTIONS:
                yield f"the exception type {exception!r} is none of {', '.join(sorted(EXCEPTIONS))}"
        if policy.get("BackoffRate", 1) < 1 or policy.get("IntervalSeconds", 1) < 1:
            yield "BackoffRate and IntervalSeconds are at least 1"
        if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
            yield "exactly one of MaxAttempts and ExpireAfterMin is needed"
