"""A stage's configuration: frozen models that refuse unknown keys and convert nothing. `stages.load` reads TOML."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

from contract.errors import InputError
from model_deploy import filters, naming, schedules
from model_deploy.modes import ModeName

StageName = Literal["staging", "prod"]

#: In place of a schedule. TOML has no word for nothing, and the base may have one.
NEVER = "none"


def _path(text: str) -> str:
    """A filter as it is. Raises ValueError for what SageMaker, or the definition around it, does not take."""
    if '"' in text or "\\" in text:
        raise ValueError("names stand in single quotation marks: $['age','city']")
    try:
        filters.parse(text)
    except InputError as error:
        raise ValueError(str(error)) from None
    return text


def _distinct(texts: Sequence[str]) -> tuple[str, ...]:
    if twice := [text for text in texts if texts.count(text) > 1]:
        raise ValueError(f"{twice[0]} stands there {texts.count(twice[0])} times")
    return tuple(texts)


InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
Schedule = Annotated[str, AfterValidator(schedules.expression)]
Zone = Annotated[str, AfterValidator(schedules.zone)]
Filter = Annotated[str, Field(max_length=63), AfterValidator(_path)]
Subnet = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{1,24}$")]
SecurityGroup = Annotated[str, Field(pattern=r"^sg-[0-9a-f]{1,24}$")]
Percent = Annotated[int, Field(ge=1, le=100)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class OffHours(Section):
    """A window with fewer instances, say at night."""

    start: Schedule = Field(description="when the window begins")
    end: Schedule = Field(description="when it ends, and the section's own bounds hold again")
    minimum: int = Field(ge=0, le=1000, description="instances meanwhile; 2 in production")
    maximum: int = Field(ge=0, le=1000)
    timezone: Zone = Field(default="UTC", description="of both, as Europe/Berlin")


class Autoscaling(Section):
    """Target tracking on the invocations of each instance."""

    minimum: int = Field(default=1, ge=1, le=1000)
    maximum: int = Field(default=4, ge=1, le=1000)
    invocations_per_instance: int = Field(default=1000, ge=1, description="a minute; the target of the policy")
    scale_in_seconds: int = Field(default=300, ge=0, le=3600, description="rest before instances are taken away")
    scale_out_seconds: int = Field(default=60, ge=0, le=3600, description="rest before instances are added")
    off_hours: OffHours | None = None


class BacklogScaling(Section):
    """Target tracking on the queue of each instance, down to zero, and a step from zero."""

    minimum: int = Field(default=0, ge=0, le=1000)
    maximum: int = Field(default=4, ge=1, le=1000)
    backlog_per_instance: int = Field(default=5, ge=1, description="waiting requests; the target of the policy")
    scale_in_seconds: int = Field(default=600, ge=0, le=3600)
    scale_out_seconds: int = Field(default=60, ge=0, le=3600)


class Provisioned(Section):
    """Warm copies of a serverless endpoint, scaled by their utilisation."""

    minimum: int = Field(default=1, ge=1, le=200)
    maximum: int = Field(default=5, ge=1, le=200)
    utilisation: float = Field(default=0.7, gt=0, le=1, description="the target of the policy, as a share of 1")


class Shifting(Section):
    """How traffic moves to the new version."""

    strategy: Literal["canary", "linear", "all_at_once"] = "canary"
    size: int = Field(
        default=10, ge=1, le=50, description="percent of the capacity: the canary, or each linear step, then ≥ 10"
    )
    wait_seconds: int = Field(default=300, ge=0, le=3600, description="bake after each shift; alarms roll back")
    termination_seconds: int = Field(default=120, ge=0, le=3600, description="the old fleet stays for so long")
    timeout_seconds: int = Field(default=3600, ge=600, le=28800, description="all of it, or it is rolled back")


class Alarms(Section):
    """Thresholds on the new configuration; one that fires rolls the deployment back."""

    error_share: float = Field(default=0.01, gt=0, lt=1, description="share of requests that end in a 5xx")
    latency_ms: float = Field(default=500, gt=0, le=60_000, description="p95 of the model's own latency")
    mismatches: int = Field(default=1, ge=1, description="golden records that are answered wrongly, a minute")
    minutes: int = Field(default=2, ge=1, le=60, description="minutes that are looked at ...")
    breaching: int = Field(default=1, ge=1, le=60, description="... of which so many must breach")


class Capture(Section):
    percent: Percent = Field(default=100, description="share of the requests that is kept")


class RealTime(Section):
    instance_type: InstanceType = "ml.m5.large"
    instances: int = Field(default=1, ge=1, le=1000, description="at first; autoscaling takes over")
    autoscaling: Autoscaling | None = None
    shifting: Shifting = Shifting()
    alarms: Alarms = Alarms()
    capture: Capture | None = None


class Serverless(Section):
    memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] = 2048
    max_concurrency: int = Field(default=20, ge=1, le=200, description="requests at a time; beyond it come 429s")
    provisioned: Provisioned | None = None
    wait_seconds: int = Field(default=60, ge=0, le=3600, description="bake after the shift; alarms roll back")
    alarms: Alarms = Alarms()
    outside_vpc: str | None = Field(
        default=None, min_length=10, description="why this mode may run without the VPC and isolation of [security]"
    )


class Asynchronous(Section):
    instance_type: InstanceType = "ml.m5.large"
    instances: int = Field(default=1, ge=1, le=1000, description="at first; autoscaling takes over")
    concurrency: int = Field(default=4, ge=1, le=1000, description="requests at a time on one instance")
    autoscaling: BacklogScaling = BacklogScaling()
    shifting: Shifting = Shifting()
    alarms: Alarms = Alarms()


class Batch(Section):
    instance_type: InstanceType = "ml.m5.large"
    instances: int = Field(default=1, ge=1, le=100, description="share the objects below the prefix")
    schedule: Annotated[Schedule | None, BeforeValidator(lambda given: None if given == NEVER else given)] = Field(
        default="cron(0 3 * * ? *)", description="runs over all of the input prefix; none: on arrival alone"
    )
    timezone: Zone = Field(default="UTC", description="of the schedule, as Europe/Berlin")
    on_arrival: bool = Field(default=True, description="runs over each object that arrives below the input prefix")
    content_type: Literal["text/csv", "application/jsonlines"] = Field(
        default="text/csv", description="of the input and of the results"
    )
    strategy: Literal["MultiRecord", "SingleRecord"] = Field(
        default="MultiRecord", description="whether a request holds as many records as fit, or one"
    )
    max_payload_mb: int = Field(default=6, ge=1, le=100, description="the largest request; × concurrency ≤ 100")
    concurrency: int = Field(default=4, ge=1, le=100, description="requests at a time on one instance")
    join: bool = Field(
        default=False, description="write each input record in front of its result; JSON Lines must then all be JSON"
    )
    input_filter: Filter = Field(default="$", description="what the model gets of a record; CSV goes by index")
    output_filter: Filter = Field(default="$", description="what is written of a result")
    capture: Capture | None = None


class Security(Section):
    """Holds for every mode of the stage."""

    kms_key: str | None = Field(
        default=None,
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-zA-Z-]+$",
        description="the ARN of a key of the stage's region, for volumes, captures and results; by default AWS's own",
    )
    subnets: Annotated[tuple[Subnet, ...], Strict(False), AfterValidator(_distinct)] = Field(
        default=(), max_length=16, description="the VPC of the containers; over zones, two in production"
    )
    security_groups: Annotated[tuple[SecurityGroup, ...], Strict(False), AfterValidator(_distinct)] = Field(
        default=(), max_length=5, description="needed beside subnets"
    )
    network_isolation: bool = Field(default=True, description="the container has no network and no credentials")


class Limits(Section):
    """What TestStaging holds the endpoints to, under a bounded load."""

    p50_ms: float = Field(default=200, gt=0, description="median, from request to answer")
    p95_ms: float = Field(default=500, gt=0, description="95th percentile")
    error_share: float = Field(default=0.0, ge=0, lt=1, description="share of requests without the right answer")
    requests: int = Field(default=200, ge=1, le=100_000, description="how many are sent")
    concurrency: int = Field(default=4, ge=1, le=256, description="how many at a time, at most")


class Stage(Section):
    """`base.toml` with `staging.toml` or `prod.toml` on top."""

    name: StageName
    modes: Annotated[tuple[ModeName, ...], Strict(False)] = Field(
        min_length=1, description="ways to serve, a template each"
    )
    bucket: Annotated[str, AfterValidator(naming.bucket)] | None = Field(
        default=None,
        description="captures, queues and batches; by default the project's, in two accounts one of the stage's own",
    )
    tags: Annotated[dict[str, str], AfterValidator(naming.tags)] = Field(
        default_factory=dict, description="of every resource, beside those of the project"
    )
    security: Security = Security()
    real_time: RealTime = RealTime()
    serverless: Serverless = Serverless()
    asynchronous: Asynchronous = Asynchronous()
    batch: Batch = Batch()
    limits: Limits = Limits()
