"""Step adjustments, by AWS's documented examples."""

from typing import Any

import pytest

from local_aws.autoscaling import steps
from local_aws.errors import AwsError

#: The example of the user guide: -30 and -10 percent below, 0 about, +10 and +30 percent above the threshold.
PERCENT: dict[str, Any] = {
    "AdjustmentType": "PercentChangeInCapacity",
    "StepAdjustments": [
        {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 0},
        {"MetricIntervalLowerBound": 10, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 10},
        {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 30},
    ],
}


def test_steps_may_begin_at_the_threshold() -> None:
    steps.check(PERCENT)


@pytest.mark.parametrize(("current", "beyond", "wanted"), [(10, 0, 10), (10, 10, 11), (11, 20, 14), (11, 500, 14)])
def test_a_percentage_is_rounded_towards_the_current_capacity(current: int, beyond: float, wanted: int) -> None:
    assert steps.wanted(PERCENT, current, beyond) == wanted


def test_below_its_threshold_a_step_holds_its_upper_bound() -> None:
    down = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [
            {"MetricIntervalUpperBound": -10, "ScalingAdjustment": -3},
            {"MetricIntervalLowerBound": -10, "MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},
        ],
    }
    steps.check(down)
    assert [steps.wanted(down, 5, beyond) for beyond in (-10, -9.9, -0.1)] == [2, 4, 4]
    assert steps.wanted(down, 5, 1) is None


def test_small_percentages_and_exact_capacities() -> None:
    small = {"AdjustmentType": "PercentChangeInCapacity", "StepAdjustments": [{"ScalingAdjustment": 10}]}
    assert steps.wanted(small, 2, 0) == 3  # 0.2 becomes 1
    assert steps.wanted(small | {"MinAdjustmentMagnitude": 2}, 10, 0) == 12
    assert steps.wanted(small | {"AdjustmentType": "ExactCapacity"}, 3, 0) == 10


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([(0, 10), (9, None)], "overlap"),
        ([(0, 10), (11, None)], "gap"),
        ([(0, 10)], "outermost"),
        ([(-5, 0), (0, None)], "outermost"),
        ([(3, 3)], "above its lower"),
        ([], "needs StepAdjustments"),
    ],
)
def test_steps_that_aws_refuses(spans: list[tuple[int | None, int | None]], said: str) -> None:
    bounds = ("MetricIntervalLowerBound", "MetricIntervalUpperBound")
    adjustments = [
        {name: bound for name, bound in zip(bounds, span, strict=True) if bound is not None} | {"ScalingAdjustment": 1}
        for span in spans
    ]
    with pytest.raises(AwsError, match=said):
        steps.check({"AdjustmentType": "ChangeInCapacity", "StepAdjustments": adjustments})
