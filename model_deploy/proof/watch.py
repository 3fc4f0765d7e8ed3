"""While a stage is deployed: golden records are re-sent, and wrong answers of the new version become a metric.

The alarm on that metric belongs to the endpoint's deployment: SageMaker rolls it back while the new version has but
the canary's share of the traffic.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from contract.package import Golden
from model_deploy.modes import MODES, ModeName
from model_deploy.proof import bodies, live
from model_deploy.proof.checks import Check
from model_deploy.proof.endpoint import Endpoint
from model_deploy.proof.golden import difference
from model_deploy.proof.prove import Subject

NAMESPACE, METRIC, VARIANT = "MLOps/Proof", "DecisionMismatches", "AllTraffic"

#: Records a second on each endpoint: at a canary of 10 percent the new version answers three a second.
RATE = 30.0

#: Seconds between two publications, and between two looks at the deployment.
INTERVAL = 0.5

#: Modes whose endpoints answer at once.
WATCHED: tuple[ModeName, ...] = ("real_time", "serverless")


@dataclass
class Watched:
    """An endpoint, and what was seen of it."""

    mode: ModeName
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

    def check(self, version: int) -> Check:
        said = (
            f"{self.sent} golden records were re-sent, {self.by_version} answered by version {version}, "
            f"{len(self.wrong)} of them otherwise than at training time"
        )
        measured = {"sent": self.sent, "by_version": self.by_version, "wrong": len(self.wrong)}
        first = "".join(f"; {one}" for one in self.wrong[:1])
        return Check(self.mode, "watch", not self.wrong, said + first, {k: float(v) for k, v in measured.items()})


def watch(subject: Subject, up: Callable[[], object], ended: Callable[[], bool]) -> list[Check]:
    """Re-send until the deployment has ended; a check for each mode of the stage, and whether its endpoint is where the
    stack has brought it.

    up  called once, when the first records have been sent
    """
    modes = [mode for mode in WATCHED if mode in subject.stage.modes]
    watched = [Watched(mode, subject.endpoint(mode), cycle(subject.records)) for mode in modes]
    for one in watched:
        one.send(subject.version)
    up()
    while not ended():
        until = time.monotonic() + INTERVAL
        while time.monotonic() < until:
            for one in watched:
                one.send(subject.version)
            time.sleep(1 / RATE)
        for one in watched:
            publish(subject, one)
    others = [mode for mode in subject.stage.modes if mode not in WATCHED]
    return [
        *(one.check(subject.version) for one in watched),
        *(Check(mode, "watch", passed=True, said="it does not answer at once: nothing was re-sent") for mode in others),
        *_live(subject),
    ]


def _live(subject: Subject) -> Iterator[Check]:
    """SageMaker takes an endpoint back when an alarm fires, and the stack says nothing of it.

    A stack that went back as a whole is no concern of the watch: the action that deploys it fails.
    """
    found = live.stack(subject.account, subject.project.stack(subject.stage.name))
    if found["Parameters"].get("ModelPackageName") == subject.package["ModelPackageArn"]:
        for mode in (one for one in subject.stage.modes if MODES[one].endpoint is not None):
            yield live.endpoint(mode, subject.account, found["Outputs"])


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
