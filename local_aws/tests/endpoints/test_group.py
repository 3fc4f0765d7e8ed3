"""Instances without processes: who is picked, who is drained, who has been idle for too long, what is counted."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from local_aws.endpoints import group as groups
from local_aws.endpoints import runtime
from local_aws.endpoints.group import Group, Replied
from local_aws.endpoints.serverless import checks
from local_aws.endpoints.serverless.group import IDLE, Serverless
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.serving import Answer, Serving, ServingError
from local_aws.serving.failure import NoAnswerError


class Chain:
    """An instance; `fails` says that it never answers its ping."""

    def __init__(self, name: str, *, fails: bool = False) -> None:
        self.name, self.fails, self.ended, self.ready, self.outstanding = name, fails, False, True, 0

    def wait_ready(self, _: float) -> None:
        if self.fails:
            raise ServingError("no ping")

    def cancel(self) -> None:
        self.fails = True

    def __repr__(self) -> str:
        return self.name


class Servings:
    """Stands for the processes; `poor` is the number of the instance that does not come up."""

    def __init__(self) -> None:
        self.made: list[Chain] = []
        self.ended: list[Chain] = []
        self.poor = -1

    def begin(self, *_: Any) -> Chain:
        self.made.append(Chain(f"instance-{len(self.made)}", fails=len(self.made) == self.poor))
        return self.made[-1]

    def end(self, chain: Chain) -> None:
        assert not chain.outstanding, "it still answers"
        self.ended.append(chain)


@pytest.fixture
def servings(aws: Aws) -> Servings:
    found = aws.parts[Serving] = Servings()
    return found


def group_of(aws: Aws, kind: type[Group] = Group, **variant: Any) -> Any:
    return kind(aws, "e", {}, {"VariantName": "a"} | variant, {})


def serverless(aws: Aws, provisioned: int = 0) -> Any:
    settings = {"MemorySizeInMB": 1024, "MaxConcurrency": 5, "ProvisionedConcurrency": provisioned}
    return group_of(aws, Serverless, ServerlessConfig=settings)


# growing and draining


def test_growing_keeps_what_is_there_and_ends_what_did_not_come_up(aws: Aws, servings: Servings) -> None:
    group = group_of(aws)
    group.resize(1)
    servings.poor = 2
    with pytest.raises(ServingError):
        group.resize(3)
    assert group.chains == servings.made[:1]
    assert servings.ended == servings.made[1:]


def test_what_still_answers_is_waited_for(aws: Aws, servings: Servings) -> None:
    group = group_of(aws)
    group.resize(2)
    busy = group.chains[1]
    busy.outstanding = 1
    answered = threading.Timer(0.05, lambda: setattr(busy, "outstanding", 0))
    group.barrier = answered.start  # a request is counted only when the event loop has gone round
    group.resize(1)
    assert servings.ended == [busy]  # `Servings.end` refuses one that still answers
    assert group.chains == servings.made[:1]


@pytest.mark.parametrize("why", ["deleted", "too long"])
def test_but_not_for_ever(aws: Aws, monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    group, ended = group_of(aws), list[Any]()
    chain = Chain("stuck")
    chain.outstanding = 1
    monkeypatch.setattr(group, "_end", ended.extend)
    if why == "deleted":
        group.cancel()
    else:
        group.timeout = 0.02
    begun = time.monotonic()
    group._drain([chain])
    assert ended == [chain]
    assert time.monotonic() - begun < groups.TIMEOUT


def test_the_instance_with_the_fewest_requests_is_picked(aws: Aws, servings: Servings) -> None:
    group = group_of(aws)
    group.resize(3)
    for chain, outstanding, ready in zip(group.chains, (2, 1, 0), (True, True, False), strict=True):
        chain.outstanding, chain.ready = outstanding, ready
    assert {group.pick() for _ in range(3)} == {servings.made[1]}
    servings.made[0].ready = servings.made[1].ready = False
    assert group.pick() is None


# what is counted


class Answering(Group):
    """Answers with `says`."""

    says: Any = None

    async def answer(self, *_: Any) -> Replied:
        if isinstance(self.says, Exception):
            raise self.says
        return Replied("container", self.says)


@pytest.mark.parametrize(
    ("says", "counted"),
    [
        (AwsError("ThrottlingException", "too many", status=429), []),
        (AwsError("ValidationError", "wrong", status=400), []),
        (AwsError("ServiceUnavailable", "nobody", status=503), [0]),
        (AwsError("InternalFailure", "broken", status=500), [0]),
        (NoAnswerError("gone"), [0]),
    ],
    ids=["429", "400", "503", "500", "none"],
)
def test_an_error_is_the_models_unless_the_request_never_reached_it(aws: Aws, says: Any, counted: list[int]) -> None:
    """A throttled request is no Invocation5XXError."""
    group = group_of(aws, Answering)
    group.says = says
    with pytest.raises(AwsError):
        asyncio.run(runtime.ask(group, runtime.read_headers([]), b"", time.perf_counter()))
    assert [status for _, status, *_ in group.observed] == counted


# serverless


@pytest.mark.parametrize(("provisioned", "refused"), [(4, False), (5, False), (6, True)])
def test_no_more_is_provisioned_than_may_run(provisioned: int, refused: bool) -> None:
    settings = {"MaxConcurrency": 5, "ProvisionedConcurrency": provisioned}
    assert bool(list(checks.concurrency(settings))) == refused


@pytest.fixture
def idle(aws: Aws, servings: Servings) -> Callable[..., list[str]]:
    """idle(provisioned, since, …): the names of what stays after a look, of instances idle for so many seconds."""
    aws.clock.set(rate=1e-9)

    def look(provisioned: int, *since: float | None) -> list[str]:
        async def run() -> list[str]:
            group = serverless(aws, provisioned)
            group.chains = [Chain(str(number)) for number in range(len(since))]
            now = aws.clock.now()
            group._idle = {
                chain: now - past for chain, past in zip(group.chains, since, strict=True) if past is not None
            }
            group._idle[Chain("gone")] = now - 1e6
            group._look()
            assert set(group._idle) <= set(group.chains)
            for _ in range(1000):
                if len(servings.ended) == len(since) - len(group.chains):
                    break
                await asyncio.sleep(0.005)
            assert {chain.name for chain in servings.ended} == {str(n) for n in range(len(since))} - {
                chain.name for chain in group.chains
            }
            return [chain.name for chain in group.chains]

        return asyncio.run(run())

    return look


def test_what_is_idle_for_too_long_ends(idle: Any) -> None:
    assert idle(0, IDLE + 1, IDLE - 1, None, IDLE) == ["1", "2"]


def test_the_longest_idle_end_first_and_the_provisioned_stay(idle: Any) -> None:
    assert idle(2, IDLE + 1, IDLE + 9, IDLE + 5) == ["0", "2"]


def test_no_more_than_the_provisioned_stay_warm(idle: Any) -> None:
    assert idle(3, IDLE + 1, IDLE + 9, IDLE + 5) == ["0", "1", "2"]


def test_provisioned_concurrency_comes_and_goes(aws: Aws, servings: Servings) -> None:
    """The first instance only shows that the model answers, unless it is one of the provisioned."""
    group = serverless(aws)
    group.adjust({})
    assert (len(servings.made), len(servings.ended), group.chains) == (1, 1, [])
    group.adjust({"ServerlessConfig": {"ProvisionedConcurrency": 3}})
    assert group.chains == servings.made[1:]
    group.chains[0].outstanding = 1
    group.adjust({"ServerlessConfig": {"ProvisionedConcurrency": 1}})
    assert group.chains == [servings.made[1]]  # the one that answers
    assert servings.ended == [servings.made[0], servings.made[2], servings.made[3]]


def test_what_is_measured_of_concurrency(aws: Aws) -> None:
    group = serverless(aws)
    group.peak, group.running = 4, 1
    measured = {datum.metric.name: datum.values[0][0] for datum in group.gauges(0.0)}
    assert measured == {"ServerlessConcurrentExecutionsUtilization": 0.8}
    assert group.peak == 1  # a new minute begins with what runs
    group = serverless(aws, provisioned=2)
    group.peak = 4
    measured = {datum.metric.name: datum.values[0][0] for datum in group.gauges(0.0)}
    assert measured == {
        "ServerlessConcurrentExecutionsUtilization": 0.8,
        "ServerlessProvisionedConcurrencyUtilization": 2.0,
        "ServerlessProvisionedConcurrencyExecutions": 2.0,
    }


def test_a_request_gets_the_free_instance_or_a_new_one(aws: Aws, servings: Servings) -> None:
    """One request at a time on an instance, and no more instances than MaxConcurrency."""
    group = serverless(aws)
    gate = asyncio.Event()
    taken: list[Chain] = []

    async def through(chain: Chain, *_: bytes) -> Replied:
        taken.append(chain)
        chain.outstanding += 1
        await gate.wait()
        chain.outstanding -= 1
        return Replied("container", Answer(200))

    async def run() -> None:
        group.through = through
        first = [asyncio.create_task(group.answer(b"", b"", b"")) for _ in range(5)]
        while len(taken) < 5:
            await asyncio.sleep(0.005)
        assert len(set(taken)) == 5
        with pytest.raises(AwsError, match="MaxConcurrency"):
            await group.answer(b"", b"", b"")
        gate.set()
        await asyncio.gather(*first)
        await group.answer(b"", b"", b"")
        assert len(group.chains) == len(servings.made) == 5
        assert taken[5] in taken[:5]
        assert group.running == 0

    asyncio.run(run())


def test_an_instance_that_comes_up_after_the_end_is_ended(aws: Aws, servings: Servings) -> None:
    group = serverless(aws)
    group.stop()
    with pytest.raises(ServingError, match="deleted or has a newer configuration"):
        group._begin()
    assert servings.ended == servings.made
    assert group.chains == []
