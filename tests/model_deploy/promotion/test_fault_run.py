"""The six invariants under every scenario, every way that events arrive, and every fault at every call that changes
something. `make test` strikes at one call in ninety, in turn; `make test-long` at each, under every arrival.
"""

from collections.abc import Iterator
from functools import cache

import pytest

from tests.model_deploy.promotion.play import ARRIVALS, FAULTS, Play
from tests.model_deploy.promotion.scenarios import SCENARIOS


@cache
def calls(name: str, arrival: str) -> int:
    """How many calls change something when nothing is wrong."""
    play = Play(SCENARIOS[name], arrival)
    play.run()
    return play.cloud.calls


def points(fault: str, every: int) -> Iterator[tuple[str, int]]:
    """(scenario, call); which call comes first turns with the scenario and the fault."""
    for number, name in enumerate(SCENARIOS):
        first = (number + FAULTS.index(fault)) % every
        yield from ((name, call) for call in range(1 + first, calls(name, "prompt") + 1, every))


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_without_a_fault(arrival: str) -> None:
    broken = {name: found for name, one in SCENARIOS.items() if (found := Play(one, arrival).run())}
    assert broken == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_now_and_then(fault: str) -> None:
    found = {(name, call): Play(SCENARIOS[name], "prompt", (fault, call)).run() for name, call in points(fault, 90)}
    assert len(found) > 40
    assert {point: broken for point, broken in found.items() if broken} == {}


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("arrival", ARRIVALS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_every_call(fault: str, arrival: str) -> None:
    for name, scenario in SCENARIOS.items():
        for call in range(1, calls(name, arrival) + 1):
            assert Play(scenario, arrival, (fault, call)).run() == [], (name, call)
