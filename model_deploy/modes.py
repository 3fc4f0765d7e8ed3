"""What each serving mode can do. One table: a combination that AWS refuses is refused at render time with its reason.

Source: SageMaker developer guide, the feature exclusions of serverless, asynchronous and batch inference.
A new mode (shadow and weighted variants, multi-model hosting, inference components) is a template and a row here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ModeName = Literal["real_time", "serverless", "asynchronous", "batch"]

Feature = Literal[
    "serial containers",
    "data capture",
    "Model Monitor",
    "shadow variants",
    "several variants",
    "VPC",
    "network isolation",
    "gradual traffic shifting",
    "multi-model hosting",
    "instances",
    "S3 results and notifications",
    "provisioned concurrency",
    "schedules and arrivals",
]

NO_ENDPOINT = "a transform job has no endpoint"
NOT_SERVERLESS = "Serverless Inference excludes {}"
NOT_ASYNCHRONOUS = "Asynchronous Inference excludes {}"


@dataclass(frozen=True)
class Mode:
    """A way to serve.

    template       file below templates/
    endpoint       suffix of the endpoint's name after PROJECT-STAGE; None: no endpoint
    instance_types member of the package's specification that lists what the model may run on; None: no instances
    refused        feature → AWS's reason; what is not named is possible
    payload_bytes  the largest request
    """

    template: str
    endpoint: str | None
    instance_types: str | None
    payload_bytes: int
    refused: Mapping[Feature, str] = field(default_factory=dict)


REAL_TIME, TRANSFORM = "SupportedRealtimeInferenceInstanceTypes", "SupportedTransformInstanceTypes"

MODES: Mapping[ModeName, Mode] = {
    "real_time": Mode(
        template="real_time.yml",
        endpoint="",
        instance_types=REAL_TIME,
        payload_bytes=25 * 1024**2,
        refused={
            "S3 results and notifications": "only Asynchronous Inference writes its results to S3",
            "provisioned concurrency": "a real-time endpoint scales by instances",
            "schedules and arrivals": "an endpoint answers requests; transform jobs run on a schedule",
        },
    ),
    "serverless": Mode(
        template="serverless.yml",
        endpoint="-serverless",
        instance_types=None,
        payload_bytes=4 * 1024**2,
        refused={
            "serial containers": NOT_SERVERLESS.format("inference pipelines"),
            "data capture": NOT_SERVERLESS.format("data capture") + "; read its structured logs instead",
            "Model Monitor": NOT_SERVERLESS.format("Model Monitor"),
            "shadow variants": NOT_SERVERLESS.format("shadow variants"),
            "several variants": NOT_SERVERLESS.format("multiple production variants"),
            "VPC": NOT_SERVERLESS.format("VPC configuration"),
            "network isolation": NOT_SERVERLESS.format("network isolation"),
            "gradual traffic shifting": NOT_SERVERLESS.format("canary and linear shifting: traffic moves all at once"),
            "multi-model hosting": NOT_SERVERLESS.format("multi-model endpoints"),
            "instances": NOT_SERVERLESS.format("a choice of instances; give memory_mb and max_concurrency"),
            "S3 results and notifications": "only Asynchronous Inference writes its results to S3",
            "schedules and arrivals": "an endpoint answers requests; transform jobs run on a schedule",
        },
    ),
    "asynchronous": Mode(
        template="asynchronous.yml",
        endpoint="-async",
        instance_types=REAL_TIME,
        payload_bytes=1024**3,
        refused={
            "serial containers": NOT_ASYNCHRONOUS.format("inference pipelines"),
            "data capture": NOT_ASYNCHRONOUS.format("data capture") + "; pair its inputs and outputs in S3 instead",
            "Model Monitor": NOT_ASYNCHRONOUS.format("Model Monitor"),
            "shadow variants": NOT_ASYNCHRONOUS.format("shadow variants"),
            "several variants": NOT_ASYNCHRONOUS.format("multiple production variants"),
            "multi-model hosting": NOT_ASYNCHRONOUS.format("multi-model endpoints"),
            "provisioned concurrency": "an asynchronous endpoint scales by instances",
            "schedules and arrivals": "an endpoint answers requests; transform jobs run on a schedule",
        },
    ),
    "batch": Mode(
        template="batch_transform.yml",
        endpoint=None,
        instance_types=TRANSFORM,
        payload_bytes=100 * 1024**2,
        refused={
            "shadow variants": NO_ENDPOINT,
            "several variants": NO_ENDPOINT,
            "gradual traffic shifting": f"{NO_ENDPOINT} whose traffic could shift",
            "multi-model hosting": "Batch Transform excludes multi-model hosting",
            "S3 results and notifications": "a transform job writes to S3 in any case",
            "provisioned concurrency": "a transform job has instances for as long as it runs",
        },
    ),
}

#: Key of a mode's section in a stage's TOML → the feature it asks for. A mode without the key quotes its reason.
KEYS: Mapping[str, Feature] = {
    "capture": "data capture",
    "shifting": "gradual traffic shifting",
    "shadow": "shadow variants",
    "variants": "several variants",
    "multi_model": "multi-model hosting",
    "monitor": "Model Monitor",
    "containers": "serial containers",
    "subnets": "VPC",
    "security_groups": "VPC",
    "vpc": "VPC",
    "network_isolation": "network isolation",
    "instance_type": "instances",
    "instances": "instances",
    "notify": "S3 results and notifications",
    "provisioned_concurrency": "provisioned concurrency",
    "provisioned": "provisioned concurrency",
    "schedule": "schedules and arrivals",
    "on_arrival": "schedules and arrivals",
}


def refusal(mode: ModeName, feature: Feature) -> str | None:
    """Why `mode` cannot have `feature`, None when it can."""
    return MODES[mode].refused.get(feature)
