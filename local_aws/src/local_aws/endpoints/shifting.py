"""How traffic moves to a new fleet: the plan of a blue/green deployment, and what AWS refuses of it.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from dataclasses import dataclass
from typing import Any

from local_aws.errors import AwsError, NotSupported

Document = dict[str, Any]

#: Of the new fleet's capacity, in percent: the most that a canary or a step may be, and the least that a step may be.
LARGEST, SMALLEST_STEP = 50.0, 10.0

#: MaximumExecutionTimeoutInSeconds when it is not given.
LONGEST = 28_800.0

ALL_AT_ONCE: Document = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE"}}}


@dataclass(frozen=True)
class Step:
    """A share of the traffic for the new fleet, in percent, and how long it is watched, in seconds.

    name  the member of the request that says how long
    """

    share: float
    wait: float
    name: str


def check(config: Document, instances: int) -> None:
    """Raises AwsError: NotImplemented for rolling updates, ValidationException for what AWS refuses.

    instances  of the new fleet's smallest variant
    """
    if "RollingUpdatePolicy" in config:
        raise NotSupported("RollingUpdatePolicy of a DeploymentConfig")
    if "BlueGreenUpdatePolicy" not in config:
        return
    policy = config["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    for kind, member in (("CANARY", "CanarySize"), ("LINEAR", "LinearStepSize")):
        if (routing["Type"] == kind) != (member in routing):
            need = "needs" if routing["Type"] == kind else "has no"
            raise _invalid(f"A traffic routing configuration of type {routing['Type']} {need} {member}.")
    for member, least in (("CanarySize", 0.0), ("LinearStepSize", SMALLEST_STEP)):
        if member in routing and not least <= _percent(routing[member], instances) <= LARGEST:
            bounds = f"{least:g} to {LARGEST:g} %" if least else f"at most {LARGEST:g} %"
            raise _invalid(f"{member} must be {bounds} of the new fleet's {instances} instances.")
    waits = routing.get("WaitIntervalInSeconds", 0) + policy.get("TerminationWaitInSeconds", 0)
    longest = policy.get("MaximumExecutionTimeoutInSeconds")
    if longest is not None and waits >= longest:
        raise _invalid(
            "MaximumExecutionTimeoutInSeconds must be larger than TerminationWaitInSeconds and WaitIntervalInSeconds"
            f" together: {longest} against {waits}."
        )


def _invalid(text: str) -> AwsError:
    return AwsError("ValidationException", text)


def _percent(size: Document, instances: int) -> float:
    """CAPACITY_PERCENT is the share of the traffic as it stands.

    AWS turns capacity on in whole instances and documents no rounding for it; what it documents of the share is the
    percentage, also for a fleet of one instance, and that is what requests get here.
    """
    return float(size["Value"]) if size["Type"] == "CAPACITY_PERCENT" else 100.0 * size["Value"] / max(instances, 1)


def plan(config: Document, instances: int) -> list[Step]:
    """The steps in their order; the last has all of the traffic, and the old fleet ends after it."""
    policy = config.get("BlueGreenUpdatePolicy") or ALL_AT_ONCE["BlueGreenUpdatePolicy"]
    routing = policy["TrafficRoutingConfiguration"]
    wait = float(routing.get("WaitIntervalInSeconds", 0))
    shares: list[float] = []
    if routing["Type"] == "CANARY":
        shares = [_percent(routing["CanarySize"], instances)]
    elif routing["Type"] == "LINEAR":
        size = _percent(routing["LinearStepSize"], instances)
        shares = [size * number for number in range(1, int(100 / size) + 1) if size * number < 100]
    last = Step(100.0, float(policy.get("TerminationWaitInSeconds", 0)), "TerminationWaitInSeconds")
    return [*(Step(share, wait, "WaitIntervalInSeconds") for share in shares), last]


def longest(config: Document) -> float:
    """How long a deployment may take, in seconds."""
    policy = config.get("BlueGreenUpdatePolicy") or {}
    return float(policy.get("MaximumExecutionTimeoutInSeconds", LONGEST))


def alarms_of(config: Document) -> list[str]:
    """The names of the alarms that roll the deployment back."""
    return [alarm["AlarmName"] for alarm in (config.get("AutoRollbackConfiguration") or {}).get("Alarms") or []]
