"""What no single key can tell: settings of one stage that contradict each other or that AWS refuses together."""

from collections import Counter
from collections.abc import Iterator

from model_deploy.config import Alarms, Stage
from model_deploy.modes import refusal


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
    for key in stage.tags:
        if key.lower().startswith(("aws:", "sagemaker:")):
            yield f"tags.{key}", "this prefix is reserved; the tags sagemaker:project-… are set anyway."


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
    yield from _alarms("real_time.alarms", section.alarms)


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


def _asynchronous(stage: Stage) -> Iterator[tuple[str, str]]:
    section, scaling = stage.asynchronous, stage.asynchronous.autoscaling
    yield from _bounds("asynchronous.autoscaling", scaling.minimum, scaling.maximum, section.instances)
    yield from _alarms("asynchronous.alarms", section.alarms)


def _batch(stage: Stage) -> Iterator[tuple[str, str]]:
    section = stage.batch
    if section.concurrency * section.max_payload_mb > 100:
        yield "batch.concurrency", "AWS refuses concurrency × max_payload_mb above 100 MB."
    if section.schedule is None and not section.on_arrival:
        yield "batch.schedule", "without a schedule and without on_arrival nothing would ever run."


def _bounds(key: str, minimum: int, maximum: int, instances: int | None = None) -> Iterator[tuple[str, str]]:
    if minimum > maximum:
        yield f"{key}.minimum", f"{minimum} is above the maximum of {maximum}."
    elif instances is not None and not minimum <= instances <= maximum:
        section = key.split(".")[0]
        yield f"{section}.instances", f"{instances} is outside the bounds {minimum} to {maximum} of the autoscaling."


def _alarms(key: str, alarms: Alarms) -> Iterator[tuple[str, str]]:
    if alarms.breaching > alarms.minutes:
        yield f"{key}.breaching", f"{alarms.breaching} of {alarms.minutes} minutes cannot breach."


_BY_MODE = {"real_time": _real_time, "serverless": _serverless, "asynchronous": _asynchronous, "batch": _batch}
