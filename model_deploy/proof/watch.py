"""While a stage is deployed: golden records are re-sent, and wrong answers of the new version become a metric.

The alarm on that metric belongs to the endpoint's deployment: SageMaker rolls it back while the new version has but
the canary's share of the traffic.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.errors import InputError
from contract.package import Golden
from model_deploy.modes import ModeName
from model_deploy.proof import bodies, live
from model_deploy.proof.endpoint import Endpoint
from model_deploy.proof.golden import difference
from model_deploy.proof.prove import Subject

NAMESPACE, METRIC, VARIANT = "MLOps/Proof", "DecisionMismatches", "AllTraffic"

#: Records a second on each endpoint: at a canary of 10 percent the new version answers one a second.
RATE = 10.0

#: Seconds between two publications, and between two looks at the stack.
INTERVAL = 1.0

#: Seconds until the deployment must have begun.
PATIENCE = 900.0

#: Modes whose endpoints answer at once.
WATCHED: tuple[ModeName, ...] = ("real_time", "serverless")


@dataclass
class Watched:
    """An endpoint, and what was seen of it."""

    endpoint: Endpoint
    records: Iterator[Golden]
    sent: int = 0
    by_version: int = 0
    wrong: list[str] = field(default_factory=list)
    published: int = 0

    def send(self, version: int) -> None:
        """One record. Only answers of `version` are held against those of training time."""
        one = next(self.records)
        try:
            (answer,) = self.endpoint.ask(bodies.csv_lines([one.record]), bodies.CSV)
        except (BotoCoreError, ClientError, ValueError):
            return  # not there yet, or failing: other alarms see that
        self.sent += 1
        if answer.get("model_version") == version:
            self.by_version += 1
            if said := difference(one, answer, version):
                self.wrong.append(said)


def watch(subject: Subject) -> int:
    """Re-send until the deployment of the stage's stack has ended; 1 when the new version answered wrongly.

    Raises InputError when no deployment begins.
    """
    watched = [
        Watched(subject.endpoint(mode), cycle(subject.records)) for mode in WATCHED if mode in subject.stage.modes
    ]
    deployment = Deployment(subject)
    while not deployment.ended():
        until = time.monotonic() + INTERVAL
        while time.monotonic() < until:
            for one in watched:
                one.send(subject.version)
            time.sleep(1 / RATE)
        for one in watched:
            publish(subject, one)
    return _said(watched, subject.version)


class Deployment:
    """The operation on the stage's stack that runs beside."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._begun = False
        self._limit = time.monotonic() + PATIENCE

    def ended(self) -> bool:
        """Raises InputError when it did not begin in time."""
        status, deployed = self._look()
        busy = status.endswith("_IN_PROGRESS")
        if busy or deployed == self._subject.package["ModelPackageArn"]:
            self._begun = True
        if not self._begun and time.monotonic() > self._limit:
            raise InputError(f"No deployment of {self._subject.stage.name} began within {PATIENCE:.0f} s.")
        return self._begun and not busy

    def _look(self) -> tuple[str, str | None]:
        try:
            found = live.stack(self._subject.account, self._subject.project.stack(self._subject.stage.name))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":  # there is no such stack yet
                return "", None
            raise
        return found["StackStatus"], found["Parameters"].get("ModelPackageName")


def publish(subject: Subject, one: Watched) -> None:
    """What the new version answered wrongly since the last time, under the configuration that it serves."""
    configuration = _configuration(subject.account.client("sagemaker"), one.endpoint.name)
    if not configuration or not one.by_version:
        return
    count = len(one.wrong) - one.published
    dimensions = {"EndpointName": one.endpoint.name, "VariantName": VARIANT, "EndpointConfigName": configuration}
    subject.account.client("cloudwatch").put_metric_data(
        Namespace=NAMESPACE,
        MetricData=[
            {
                "MetricName": METRIC,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Value": count,
                "Unit": "Count",
            }
        ],
    )
    one.published += count


def _configuration(sagemaker: Any, name: str) -> str | None:
    """The newest configuration of an endpoint; None before there is one."""
    try:
        found = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError:
        return None
    newest: str | None = found.get("PendingDeploymentSummary", found).get("EndpointConfigName")
    return newest


def _said(watched: list[Watched], version: int) -> int:
    for one in watched:
        print(  # noqa: T201
            f"{one.endpoint.name}: {one.sent} golden records re-sent, {one.by_version} answered by version {version}, "
            f"{len(one.wrong)} of them otherwise than at training time" + "".join(f"; {said}" for said in one.wrong[:1])
        )
    return 1 if any(one.wrong for one in watched) else 0
