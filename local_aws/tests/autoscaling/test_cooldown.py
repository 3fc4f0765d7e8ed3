"""How long a change holds another one back."""

from typing import Any

import pytest

from local_aws.autoscaling import scaling
from local_aws.operations import Aws

TRACKING = {"ScaleOutCooldown": 60, "ScaleInCooldown": 600}


def cooling(aws: Aws, policy: dict[str, Any], *, to: int, out: bool, ago: float) -> bool:
    """Whether the target rests, whose capacity was 2 and became `to` by the policy "p" so many seconds ago."""
    aws.clock.set(rate=1e-9)
    last = {"At": aws.clock.now() - ago, "From": 2, "To": to, "Policy": "p"}
    found = scaling._cooling(aws, {"PolicyName": "p"} | policy, {"Last": last}, out=out)
    assert found in (None, last)
    return found is not None


@pytest.mark.parametrize(
    ("to", "out", "ago", "rests"),
    [
        (3, True, 59, True),
        (3, True, 61, False),
        (1, True, 1, False),  # what took capacity away does not hold back what adds
        (1, False, 599, True),
        (1, False, 601, False),
        (3, False, 1, False),
    ],
)
def test_a_tracking_policy_has_a_cooldown_for_each_direction(
    aws: Aws, to: int, out: bool, ago: float, rests: bool
) -> None:
    policy = {"TargetTrackingScalingPolicyConfiguration": TRACKING}
    assert cooling(aws, policy, to=to, out=out, ago=ago) == rests


@pytest.mark.parametrize(("settings", "seconds"), [({"Cooldown": 30}, 30), ({}, 300), ({"Cooldown": 0}, 0)])
@pytest.mark.parametrize("out", [True, False])
def test_a_step_policy_has_one_and_300_seconds_when_it_names_none(
    aws: Aws, settings: dict[str, int], seconds: int, out: bool
) -> None:
    policy, to = {"StepScalingPolicyConfiguration": settings}, 3 if out else 1
    assert not cooling(aws, policy, to=to, out=out, ago=seconds + 1)
    assert cooling(aws, policy, to=to, out=out, ago=seconds - 1)


@pytest.mark.parametrize(("to", "out", "rests"), [(3, True, False), (1, False, True)])
def test_what_another_policy_added_holds_nothing_back_and_what_it_took_away_does(
    aws: Aws, to: int, out: bool, rests: bool
) -> None:
    policy = {"PolicyName": "other", "TargetTrackingScalingPolicyConfiguration": TRACKING}
    assert cooling(aws, policy, to=to, out=out, ago=1) == rests


def test_a_target_that_was_never_changed_does_not_rest(aws: Aws) -> None:
    policy = {"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": TRACKING}
    assert scaling._cooling(aws, policy, {}, out=True) is None
    assert scaling._cooling(aws, policy, {}, out=False) is None
