"""What an alarm sets off: a policy decides, bounds and cooldowns are kept, the capacity is set.

https://docs.aws.amazon.com/autoscaling/application/userguide/what-is-application-auto-scaling.html
A cooldown counts from the moment at which a change is asked for; AWS counts from its end.
"""

from typing import Any

from local_aws.autoscaling import activities, capacity, steps, targets, tracking
from local_aws.autoscaling.targets import POLICIES
from local_aws.cloudwatch import readings
from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

#: Seconds when a policy names none, for the dimensions of SageMaker.
COOLDOWN = 300


def by_arn(aws: Aws, arn: str) -> Document:
    """The policy. Raises AwsError "ObjectNotFoundException"."""
    for _, policy in aws.store.scan(POLICIES):
        if policy["PolicyARN"] == arn:
            return policy
    raise AwsError("ObjectNotFoundException", f"No scaling policy found with the ARN {arn}")


def act(aws: Aws, alarm: Document, arn: str) -> None:
    """An alarm's action, in the alarm's transaction and again each minute while its state lasts. Raises AwsError."""
    policy = by_arn(aws, arn)
    target = targets.find(aws, policy)
    if not activities.conclude(aws, target):
        return  # one change at a time
    enforce(aws, target)
    value = readings.latest(aws, alarm)
    if value is None:
        raise AwsError("ValidationException", f"The alarm {alarm['AlarmName']} has no datapoint to scale by.")
    current = _current(aws, target)
    wanted = _allowed(aws, policy, target, alarm, value, current)
    if wanted is None or wanted == current:
        return
    cause = f"monitor alarm {alarm['AlarmName']} in state {alarm['StateValue']} triggered policy {policy['PolicyName']}"
    if change(aws, target, wanted, cause):
        target["Last"] = {"At": aws.clock.now(), "From": current, "To": wanted, "Policy": policy["PolicyName"]}
        aws.store.put(targets.TARGETS, targets.key(target), target)


def _current(aws: Aws, target: Document) -> int:
    return capacity.of(target["ScalableDimension"], target["ResourceId"]).capacity.current(aws, target["ResourceId"])


def _bounded(target: Document, wanted: int) -> int:
    return int(min(max(wanted, target["MinCapacity"]), target["MaxCapacity"]))


def _allowed(aws: Aws, policy: Document, target: Document, alarm: Document, value: float, current: int) -> int | None:
    """The capacity to set now, None for no change."""
    wanted = _decide(policy, alarm, value, current)
    if wanted is None:
        return None
    wanted = _bounded(target, wanted)
    return (
        _out(aws, policy, target, alarm, value, current, wanted)
        if wanted > current
        else _in(aws, policy, target, wanted)
    )


def _decide(policy: Document, alarm: Document, value: float, current: int) -> int | None:
    if policy["PolicyType"] == "StepScaling":
        return steps.wanted(policy["StepScalingPolicyConfiguration"], current, value - alarm["Threshold"])
    wanted = tracking.wanted(current, value, policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"])
    return max(wanted, current) if alarm["ComparisonOperator"].startswith("Greater") else min(wanted, current)


def _suspended(target: Document, member: str) -> bool:
    return bool((target.get("SuspendedState") or {}).get(member))


def _cooling(aws: Aws, policy: Document, target: Document, *, out: bool) -> Document | None:
    """The last change of the target in that direction, while the policy's cooldown lasts.

    Scaling in rests after whatever took capacity away; scaling out only after what this policy added.
    """
    last = target.get("Last")
    if out and last and last["Policy"] != policy["PolicyName"]:
        return None
    if last is None or (last["To"] > last["From"]) != out:
        return None
    settings = policy.get("TargetTrackingScalingPolicyConfiguration") or policy["StepScalingPolicyConfiguration"]
    seconds = settings.get("Cooldown", settings.get("ScaleOutCooldown" if out else "ScaleInCooldown"))
    until = last["At"] + (COOLDOWN if seconds is None else seconds)
    return last if aws.clock.now() < until else None


def _out(
    aws: Aws, policy: Document, target: Document, alarm: Document, value: float, current: int, wanted: int
) -> int | None:
    """During a cooldown what was added counts: only a larger step than the last adds more."""
    if _suspended(target, "DynamicScalingOutSuspended"):
        return None
    if (last := _cooling(aws, policy, target, out=True)) is None:
        return wanted
    again = _decide(policy, alarm, value, last["From"])
    return None if again is None or _bounded(target, again) <= current else _bounded(target, again)


def _in(aws: Aws, policy: Document, target: Document, wanted: int) -> int | None:
    """Every other tracking policy that scales in must want it as well; the largest capacity counts."""
    if _suspended(target, "DynamicScalingInSuspended") or _cooling(aws, policy, target, out=False):
        return None
    if policy["PolicyType"] != "TargetTrackingScaling":
        return wanted
    for _, other in aws.store.scan(POLICIES, f"{targets.key(target)}|"):
        settings = other.get("TargetTrackingScalingPolicyConfiguration")
        if other["PolicyName"] == policy["PolicyName"] or not settings or settings.get("DisableScaleIn"):
            continue
        low = readings.alarm(aws, tracking.alarms(other)[1]["AlarmName"])
        value = readings.latest(aws, low) if low and low["StateValue"] == "ALARM" else None
        if value is None:
            return None
        wanted = max(wanted, _bounded(target, tracking.wanted(_current(aws, target), value, settings["TargetValue"])))
    return wanted


def change(aws: Aws, target: Document, desired: int, cause: str) -> bool:
    """Ask for a capacity and keep the activity; False when the resource takes none now. Inside a transaction."""
    dimension = capacity.of(target["ScalableDimension"], target["ResourceId"])
    description = f"Setting {dimension.noun} to {desired}."
    try:
        dimension.capacity.set(aws, target["ResourceId"], desired)
    except AwsError as error:
        said = f"Failed to set {dimension.noun} to {desired}. Reason: {error.message}"
        activities.note(aws, target, description, cause, "Failed", said)
        return False
    said = f"Successfully set {dimension.noun} to {desired}. Waiting for change to be fulfilled by sagemaker."
    activities.note(aws, target, description, cause, "InProgress", said, Desired=desired)
    return True


def enforce(aws: Aws, target: Document) -> None:
    """Bring a capacity that lies outside of the bounds back between them, as AWS does whenever it looks."""
    current = _current(aws, target)
    desired = _bounded(target, current)
    if desired != current:
        side, bound = ("minimum", "MinCapacity") if desired > current else ("maximum", "MaxCapacity")
        change(aws, target, desired, f"{side} capacity was set to {target[bound]}")
