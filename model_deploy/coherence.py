"""What no single key can tell: settings of one stage that contradict each other or that AWS refuses together."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from math import ceil
from typing import Any

import botocore.session

from model_deploy import filters
from model_deploy.config import Alarms, Shifting, Stage
from model_deploy.modes import refusal

#: https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
BURSTABLE = "ml.t2."


def contradictions(stage: Stage) -> Iterator[tuple[str, str]]:
    """(key, sentence) of each contradiction among the modes that the stage has."""
    yield from _stage(stage)
    yield from _security(stage)
    for mode in stage.modes:
        yield from _BY_MODE[mode](stage)


def _stage(stage: Stage) -> Iterator[tuple[str, str]]:
    for mode, count in Counter(stage.modes).items():
        if count > 1:
            yield "modes", f"{mode} stands there {count} times."
    if stage.limits.p50_ms > stage.limits.p95_ms:
        yield "limits.p50_ms", "no median lies above its 95th percentile, limits.p95_ms."


def _security(stage: Stage) -> Iterator[tuple[str, str]]:
    security = stage.security
    if bool(security.subnets) != bool(security.security_groups):
        yield "security", "a VPC needs both subnets and security_groups."
    if stage.name == "prod" and len(security.subnets) == 1:
        yield "security.subnets", "production over zones needs at least two subnets."


def _real_time(stage: Stage) -> Iterator[tuple[str, str]]:
    section = stage.real_time
    if stage.name == "prod" and section.instances < 2:
        yield (
            "real_time.instances",
            "production needs at least 2, so that SageMaker spreads them over zones (SageMaker.4).",
        )
    if scaling := section.autoscaling:
        yield from _bounds("real_time.autoscaling", scaling.minimum, scaling.maximum, section.instances)
        if stage.name == "prod" and scaling.minimum < 2:
            yield "real_time.autoscaling.minimum", "production needs at least 2, so that a zone may fail."
        if window := scaling.off_hours:
            yield from _bounds("real_time.autoscaling.off_hours", window.minimum, window.maximum)
            if window.minimum < 1:
                yield (
                    "real_time.autoscaling.off_hours.minimum",
                    "a real-time variant keeps at least 1 instance; only asynchronous ones scale to zero.",
                )
            elif stage.name == "prod" and window.minimum < 2:
                yield "real_time.autoscaling.off_hours.minimum", "production needs at least 2, so that a zone may fail."
            if window.start == window.end:
                yield "real_time.autoscaling.off_hours.end", "the window ends in the moment in which it begins."
        yield from _scalable("real_time", section.instance_type)
    yield from _instances("real_time", section.instance_type)
    yield from _alarms("real_time.alarms", section.alarms)
    yield from _shifting("real_time.shifting", section.shifting, section.alarms)


def _serverless(stage: Stage) -> Iterator[tuple[str, str]]:
    section = stage.serverless
    if warm := section.provisioned:
        yield from _bounds("serverless.provisioned", warm.minimum, warm.maximum)
        if warm.maximum > section.max_concurrency:
            yield "serverless.provisioned.maximum", "AWS refuses more provisioned concurrency than max_concurrency."
    if not section.outside_vpc:
        remedy = "say in serverless.outside_vpc why this mode may do without, or leave it out of modes."
        if stage.security.subnets:
            yield "security.subnets", f"{refusal('serverless', 'VPC')}; {remedy}"
        if stage.security.network_isolation:
            yield "security.network_isolation", f"{refusal('serverless', 'network isolation')}; {remedy}"
    yield from _alarms("serverless.alarms", section.alarms)
    yield from _bake("serverless.wait_seconds", section.wait_seconds, section.alarms)


def _asynchronous(stage: Stage) -> Iterator[tuple[str, str]]:
    section, scaling = stage.asynchronous, stage.asynchronous.autoscaling
    yield from _bounds("asynchronous.autoscaling", scaling.minimum, scaling.maximum, section.instances)
    yield from _instances("asynchronous", section.instance_type)
    yield from _scalable("asynchronous", section.instance_type)
    yield from _alarms("asynchronous.alarms", section.alarms)
    yield from _shifting("asynchronous.shifting", section.shifting, section.alarms)


def _batch(stage: Stage) -> Iterator[tuple[str, str]]:
    section = stage.batch
    if section.concurrency * section.max_payload_mb > 100:
        yield "batch.concurrency", "AWS refuses concurrency × max_payload_mb above 100 MB."
    if section.schedule is None and not section.on_arrival:
        yield "batch.schedule", "without a schedule and without on_arrival nothing would ever run."
    if section.capture and section.capture.percent < 100:
        yield "batch.capture.percent", "AWS captures all of a transform job; percent must be 100."
    yield from _instances("batch", section.instance_type, "TransformInstanceType")
    if section.content_type == "text/csv":
        for key, text in (("input_filter", section.input_filter), ("output_filter", section.output_filter)):
            if (path := filters.parse(text)) and not filters.of_rows(path):
                yield f"batch.{key}", "a row of CSV has positions only: $[0], $[1:], $[0,-1]."


def _bounds(key: str, minimum: int, maximum: int, instances: int | None = None) -> Iterator[tuple[str, str]]:
    if minimum > maximum:
        yield f"{key}.minimum", f"{minimum} is above the maximum of {maximum}."
    elif instances is not None and not minimum <= instances <= maximum:
        section = key.split(".")[0]
        yield f"{section}.instances", f"{instances} is outside the bounds {minimum} to {maximum} of the autoscaling."


def _alarms(key: str, alarms: Alarms) -> Iterator[tuple[str, str]]:
    if alarms.breaching > alarms.minutes:
        yield f"{key}.breaching", f"{alarms.breaching} of {alarms.minutes} minutes cannot breach."


def _shifting(key: str, shifting: Shifting, alarms: Alarms) -> Iterator[tuple[str, str]]:
    if shifting.strategy == "linear" and shifting.size < 10:
        yield f"{key}.size", f"a linear step has 10 to 50 percent of the capacity, not {shifting.size}."
    yield from _bake(f"{key}.wait_seconds", shifting.wait_seconds, alarms)
    steps = ceil(100 / shifting.size) if shifting.strategy == "linear" else 1
    needed = steps * shifting.wait_seconds + shifting.termination_seconds
    if needed >= shifting.timeout_seconds:
        yield (
            f"{key}.timeout_seconds",
            f"shifting takes {needed} s by its waits alone, {shifting.timeout_seconds} s are allowed: AWS wants more.",
        )


def _bake(key: str, seconds: int, alarms: Alarms) -> Iterator[tuple[str, str]]:
    """An alarm looks at whole minutes: before so many have passed it cannot roll back."""
    if seconds < (needed := 60 * max(1, min(alarms.breaching, alarms.minutes))):
        yield key, f"{seconds} s end before the alarms can fire: they need {needed} s (alarms.breaching)."


def _instances(mode: str, wanted: str, shape: str = "ProductionVariantInstanceType") -> Iterator[tuple[str, str]]:
    if wanted not in _enum(shape):
        yield f"{mode}.instance_type", f"SageMaker has no {wanted} for this mode."


def _scalable(mode: str, instance_type: str) -> Iterator[tuple[str, str]]:
    if instance_type.startswith(BURSTABLE):
        yield f"{mode}.instance_type", f"AWS refuses to scale burstable instances; {instance_type} is one."


@cache
def _enum(shape: str) -> frozenset[str]:
    """The values that SageMaker's API takes."""
    found: Any = botocore.session.Session().get_service_model("sagemaker").shape_for(shape)
    return frozenset(found.enum)


_BY_MODE = {"real_time": _real_time, "serverless": _serverless, "asynchronous": _asynchronous, "batch": _batch}
