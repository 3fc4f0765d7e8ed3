"""A production variant that is served: its instances, who of them is next, growing and draining."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from local_aws.cloudwatch.metrics import Datum
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.serving import Answer, Chain, Serving, ServingError

log = logging.getLogger("local_aws.endpoints")

Document = dict[str, Any]

#: Seconds for a container to answer its first ping, when the variant does not say.
STARTUP = 300.0

#: Seconds that a request may take (InvokeEndpoint, "60 seconds").
TIMEOUT = 60.0

#: Bytes that a request may have: 25 MB.
PAYLOAD = 25 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Replied:
    """An answer and the name of the container that gave it."""

    container: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Answered:
    """One invocation that a model answered with 2xx.

    at  when it came, by the server's clock;  accept, inference_id  "" when the client gave none
    """

    at: float
    content_type: str
    accept: str
    inference_id: str
    body: bytes
    answer: Answer


#: Told of every answered invocation, in the event loop and after the client has its answer: be quick.
Observer = Callable[[Answered], None]

#: Each of these is asked for an observer of every new group; None for none.
OBSERVERS: list[Callable[[Aws, "Group"], Observer | None]] = []


class Group:
    """The instances of a variant that InvokeEndpoint reaches: real-time inference.

    Variants that live otherwise (serverless, asynchronous) are classes beside this one; see `fleet.KINDS`.

    barrier   waits until the event loop has seen what was changed before; set by `Endpoints`
    observed  what was answered and is not a metric yet: (time, status, microseconds in the model, microseconds beside
              it, instances); status 0 for no answer
    """

    payload = PAYLOAD
    timeout = TIMEOUT

    def __init__(self, aws: Aws, endpoint: str, config: Document, variant: Document, model: Document) -> None:
        self.aws = aws
        self.endpoint = endpoint
        self.config = config
        self.variant = variant
        self.model = model
        self.name: str = variant["VariantName"]
        self.chains: list[Chain] = []
        self.observed: deque[tuple[float, int, float, float, int]] = deque()
        self.observers: list[Observer] = [found for make in OBSERVERS if (found := make(aws, self))]
        self.starting = True
        self.barrier: Callable[[], None] = lambda: None
        self._next = 0
        self._cancelled = False
        self._launching: list[Chain] = []

    @property
    def log_group(self) -> str:
        return f"/aws/sagemaker/Endpoints/{self.endpoint}"

    @property
    def count(self) -> int:
        return len(self.chains)

    def gauges(self, at: float) -> Iterable[Datum]:
        """What is measured each minute, beside what is counted with each answer."""
        del at
        return ()

    # life; in threads

    def adjust(self, held: Document) -> None:
        """What the endpoint's document says of the variant now: see `resize`."""
        self.resize(held["Count"])

    def resize(self, count: int) -> None:
        """Start or end instances until there are `count`; new ones are pinged first, old ones are drained.

        Raises AwsError or ServingError; the instances that were there stay then.
        """
        if count > len(self.chains):
            self.chains = [*self.chains, *self._launch(count - len(self.chains))]
        elif count < len(self.chains):
            gone = self.chains[count:]
            self.chains = self.chains[:count]
            self._drain(gone)
        self.starting = False

    def _launch(self, count: int) -> list[Chain]:
        serving = self.aws.part(Serving)
        seconds = float(self.variant.get("ContainerStartupHealthCheckTimeoutInSeconds") or STARTUP)
        isolated = self.model.get("EnableNetworkIsolation") or self.config.get("EnableNetworkIsolation")
        model = self.model | {"EnableNetworkIsolation": isolated}
        made: list[Chain] = []
        self._launching = made
        try:
            for _ in range(count):
                made.append(serving.begin(model, self.log_group, f"{self.name}/{{instance}}"))
            for chain in made:
                if self._cancelled:
                    raise ServingError("The endpoint is deleted.")
                chain.wait_ready(seconds)
        except BaseException:
            self._end(made)
            raise
        return made

    def cancel(self) -> None:
        """The endpoint is deleted or the server ends: a launch fails, nothing is drained; from another thread."""
        self._cancelled = True
        for chain in self._launching:
            chain.cancel()

    def stop(self) -> None:
        """Drain and end all instances."""
        gone, self.chains = self.chains, []
        self._drain(gone)

    def _drain(self, chains: list[Chain]) -> None:
        """Nobody picks them any more: wait for what they still have to answer, then end them."""
        self.barrier()
        end = time.monotonic() + self.timeout
        while any(chain.outstanding for chain in chains) and time.monotonic() < end and not self._cancelled:
            time.sleep(0.005)
        self._end(chains)

    def _end(self, chains: list[Chain]) -> None:
        if chains:
            with ThreadPoolExecutor(len(chains)) as threads:
                list(threads.map(self.aws.part(Serving).end, chains))

    # requests; in the event loop

    def pick(self) -> Chain | None:
        """The ready instance with the fewest requests, in turn among equals; None when none is ready.

        That is RoutingStrategy LEAST_OUTSTANDING_REQUESTS; RANDOM gets it as well, as it has no better right.
        """
        chains = self.chains
        if len(chains) == 1:
            return chains[0] if chains[0].ready else None
        self._next += 1
        best: Chain | None = None
        for offset in range(len(chains)):
            chain = chains[(self._next + offset) % len(chains)]
            if chain.ready and (best is None or chain.outstanding < best.outstanding):
                best = chain
                if not chain.outstanding:
                    break
        return best

    async def answer(self, headers: bytes, content_type: bytes, body: bytes) -> Replied:
        """What the variant says to a request; the place where other kinds of variants live otherwise.

        headers  further header lines, each with its CRLF
        Raises NoAnswerError, or AwsError when there is nobody to ask.
        """
        return await self.through(self.pick() or await self.awaited(), headers, content_type, body)

    async def through(self, chain: Chain, headers: bytes, content_type: bytes, body: bytes) -> Replied:
        """What an instance says. Raises NoAnswerError."""
        chain.outstanding += 1  # nothing is awaited between the choice and this: see `Endpoints.barrier`
        try:
            number, answer = await chain.invoke(headers, content_type, body, self.timeout)
        finally:
            chain.outstanding -= 1
        return Replied(chain.containers[number].definition.name, answer)

    async def awaited(self) -> Chain:
        """After a restart of the server the first requests wait for the instances to come back."""
        end = time.monotonic() + self.timeout
        while self.starting and time.monotonic() < end:
            await asyncio.sleep(0.01)
            if chain := self.pick():
                return chain
        raise AwsError("ServiceUnavailable", f"No instance of the variant {self.name} is in service.", status=503)


#: How the instances of a variant are made.
Kind = Callable[[Aws, str, Document, Document, Document], Group]
