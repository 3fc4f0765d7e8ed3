"""Blue/green deployments over a fleet and a clock that are not real; Turns as well."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.endpoints import deployment, shifting
from local_aws.endpoints.turns import Turns
from local_aws.errors import AwsError, NotSupported
from local_aws.serving import ServingError


def config(kind: str = "CANARY", size: tuple[str, int] = ("CAPACITY_PERCENT", 10), **policy: Any) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": 300}
    member = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(kind)
    if member:
        routing[member] = {"Type": size[0], "Value": size[1]}
    members = {"TerminationWaitInSeconds": 60, "MaximumExecutionTimeoutInSeconds": 3600, **policy}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **members}}


class Killed(Exception):  # noqa: N818
    """The server dies."""


class World:
    """Records what a deployment does; `alarm_at` seconds after the start an alarm goes off."""

    def __init__(self, alarm_at: float = 1e9, broken: bool = False, kill_at: int = 10**9) -> None:
        self.time = 1000.0
        self.alarm_at = self.time + alarm_at
        self.broken = broken
        self.kill_at = kill_at
        self.effects: list[tuple[Any, ...]] = []
        self.up = False
        self.share = 0.0
        self.document: dict[str, Any] = {"Step": 0, "Since": None, "Begun": None, "Share": 0.0, "Reason": ""}

    def run(self, config: dict[str, Any], instances: int = 4) -> None:
        deployment.run(self.document, config, instances, self)

    def effect(self, *effect: Any) -> None:
        if len(self.effects) == self.kill_at:
            self.kill_at = 10**9
            self.up, self.share = False, 0.0
            raise Killed
        self.effects.append(effect)

    def now(self) -> float:
        return self.time

    def note(self, **changes: Any) -> dict[str, Any]:
        self.effect("note")
        self.document = self.document | changes
        return self.document

    def launch(self) -> None:
        self.effect("launch")
        if self.broken:
            raise ServingError("no ping")
        self.up = True

    def route(self, share: float) -> None:
        assert self.up or not share, "traffic goes to a fleet that is not up"
        self.effect("route", share)
        self.share = share

    def bake(self, until: float) -> str:
        self.effect("bake", until)
        self.time = max(self.time, min(until, self.alarm_at))
        return "alarm" if self.time >= self.alarm_at else ""

    def finish(self) -> None:
        self.effect("finish")
        assert self.share == 100.0

    def give_up(self, reason: str) -> None:
        self.effect("give_up", reason)
        assert self.share == 0.0

    def shares(self) -> list[float]:
        return [effect[1] for effect in self.effects if effect[0] == "route"]


@pytest.mark.parametrize(
    ("kind", "size", "shares", "seconds"),
    [
        ("ALL_AT_ONCE", ("", 0), [100], 60),
        ("CANARY", ("CAPACITY_PERCENT", 10), [10, 100], 360),
        ("CANARY", ("INSTANCE_COUNT", 1), [25, 100], 360),
        ("LINEAR", ("CAPACITY_PERCENT", 30), [30, 60, 90, 100], 960),
        ("LINEAR", ("INSTANCE_COUNT", 2), [50, 100], 360),
    ],
)
def test_a_good_deployment(kind: str, size: tuple[str, int], shares: list[float], seconds: float) -> None:
    world = World()
    world.run(config(kind, size))
    assert (world.shares(), world.time - 1000) == (shares, seconds)
    assert world.effects[-1] == ("finish",)


def test_without_a_configuration_it_is_all_at_once() -> None:
    world = World()
    world.run({})
    assert (world.shares(), world.time) == ([100], 1000)


@pytest.mark.parametrize(("alarm_at", "shares"), [(0, [10, 0]), (200, [10, 0]), (320, [10, 100, 0])])
def test_an_alarm_brings_the_old_fleet_back(alarm_at: float, shares: list[float]) -> None:
    world = World(alarm_at)
    world.run(config())
    assert world.shares() == shares
    assert world.effects[-1] == ("give_up", "alarm")


def test_a_fleet_that_does_not_come_up_gets_no_traffic() -> None:
    world = World(broken=True)
    world.run(config())
    assert world.effects[-1] == ("give_up", "no ping")
    assert world.shares() == [0.0]


def test_a_deployment_that_takes_too_long_goes_back() -> None:
    world = World()
    world.run(config("LINEAR", MaximumExecutionTimeoutInSeconds=700))
    assert world.time == 1700
    assert world.effects[-1][0] == "give_up"
    assert "MaximumExecutionTimeoutInSeconds" in world.effects[-1][1]


@pytest.mark.parametrize("alarm_at", [1e9, 200, 340])
def test_killed_at_any_moment_it_ends_the_same(alarm_at: float) -> None:
    whole = World(alarm_at)
    whole.run(config())
    for kill_at in range(len(whole.effects)):
        world = World(alarm_at, kill_at=kill_at)
        with pytest.raises(Killed):
            world.run(config())
        world.run(config())
        assert world.effects[-1] == whole.effects[-1], kill_at
        assert world.time == whole.time, "what was watched before the kill is not watched again"


@pytest.mark.parametrize(
    ("wanted", "instances", "reason"),
    [
        (config(size=("CAPACITY_PERCENT", 51)), 4, "at most 50 %"),
        (config(size=("INSTANCE_COUNT", 1)), 1, "at most 50 %"),
        (config("LINEAR", ("CAPACITY_PERCENT", 5)), 4, "10 to 50 %"),
        (config(TerminationWaitInSeconds=3500), 4, "must be larger"),
        ({"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY"}}}, 4, "needs CanarySize"),
    ],
)
def test_what_aws_refuses(wanted: dict[str, Any], instances: int, reason: str) -> None:
    with pytest.raises(AwsError, match=reason):
        shifting.check(wanted, instances)


def test_rolling_updates_are_refused_by_name() -> None:
    with pytest.raises(NotSupported, match="RollingUpdatePolicy"):
        shifting.check({"RollingUpdatePolicy": {}}, 2)


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=5), st.integers(1, 400), st.integers(0, 300))
def test_turns_are_exact_in_every_stretch(weights: list[float], length: int, start: int) -> None:
    turns = Turns(list(enumerate(weights)))
    order = [turns.next() for _ in range(start + length)]
    counts = Counter(order[start:])
    for index, weight in enumerate(weights):
        assert abs(counts[index] - length * weight / sum(weights)) < len(weights)


def test_a_canary_of_ten_percent_gets_ten_or_eleven_of_any_hundred() -> None:
    turns = Turns([("old", 90.0), ("new", 10.0)])
    order = [turns.next() for _ in range(5000)]
    assert {order[start : start + 100].count("new") for start in range(4900)} == {10}
    assert Turns([("idle", 0.0)]).next() is None
