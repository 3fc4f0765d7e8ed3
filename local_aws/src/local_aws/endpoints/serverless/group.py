"""A serverless variant: an instance answers one request at a time; it is started for a request that finds none free.

https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
AWS keeps an idle instance for a time that it does not publish; here for IDLE seconds of the server's clock.
"""

import asyncio
import threading
import time
from collections.abc import Iterable
from typing import Any

from local_aws.cloudwatch import metrics
from local_aws.cloudwatch.metrics import Datum, Metric
from local_aws.endpoints.group import STARTUP, Group, Replied
from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.serving import Chain, Serving, ServingError
from local_aws.serving.failure import NoAnswerError

Document = dict[str, Any]

#: Bytes that a request may have: 4 MB.
PAYLOAD = 4 * 1024 * 1024

#: Seconds without a request after which an instance ends.
IDLE = 300.0

#: Seconds of the machine's time between two looks for idle instances.
LOOK = 0.5


class Serverless(Group):
    """`chains` are the instances that are there now, ProvisionedConcurrency of them always.

    running  requests that are being answered;  peak  the most since they were measured
    """

    payload = PAYLOAD

    def __init__(self, aws: Aws, endpoint: str, config: Document, variant: Document, model: Document) -> None:
        super().__init__(aws, endpoint, config, variant, model)
        self.settings: Document = variant["ServerlessConfig"]
        self.running = self.peak = 0
        self._lock = threading.Lock()
        self._idle: dict[Chain, float] = {}
        self._watching = False
        self._stopped = False

    @property
    def _where(self) -> dict[str, str]:
        return {"EndpointName": self.endpoint, "VariantName": self.name}

    @property
    def provisioned(self) -> int:
        return int(self.settings.get("ProvisionedConcurrency") or 0)

    def gauges(self, at: float) -> Iterable[Datum]:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-monitoring.html"""
        peak = self.peak
        self.peak = self.running
        shares = {"ServerlessConcurrentExecutionsUtilization": peak / self.settings["MaxConcurrency"]}
        if self.provisioned:
            shares["ServerlessProvisionedConcurrencyUtilization"] = peak / self.provisioned
            shares["ServerlessProvisionedConcurrencyExecutions"] = float(min(peak, self.provisioned))
        for name, value in shares.items():
            yield Datum(Metric("AWS/SageMaker", name, self._where), at, ((value, 1.0),))

    # life; in threads

    def adjust(self, held: Document) -> None:
        """Keep as many warm as ProvisionedConcurrency says. A first instance shows that the model answers its ping."""
        self.settings = self.variant["ServerlessConfig"] | (held.get("ServerlessConfig") or {})
        lacking = self.provisioned - len(self.chains)
        made = self._launch(max(lacking, int(self.starting)))
        kept, tried = made[: max(lacking, 0)], made[max(lacking, 0) :]
        with self._lock:
            self.chains = [*self.chains, *kept]
            self._idle |= dict.fromkeys(kept, self.aws.clock.now())
            surplus = [chain for chain in self.chains if not chain.outstanding][: max(-lacking, 0)]
            self.chains = [chain for chain in self.chains if chain not in surplus]
        self._end(tried)
        self._drain(surplus)
        self.starting = False

    def stop(self) -> None:
        self._stopped = True
        super().stop()

    # requests; in the event loop

    async def answer(self, headers: bytes, content_type: bytes, body: bytes) -> Replied:
        """Raises AwsError "ThrottlingException" beyond MaxConcurrency, NoAnswerError."""
        if self.running >= self.settings["MaxConcurrency"]:
            raise AwsError(
                "ThrottlingException", f"Endpoint {self.endpoint} has reached its MaxConcurrency.", status=429
            )
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            chain = self._free() or await self._cold()
            try:
                return await self.through(chain, headers, content_type, body)
            finally:
                self._idle[chain] = self.aws.clock.now()
                self._watch()
        finally:
            self.running -= 1

    def _free(self) -> Chain | None:
        """The one that was used last, so that the others become idle."""
        free = [chain for chain in self.chains if chain.ready and not chain.outstanding and chain in self._idle]
        chain = max(free, key=self._idle.__getitem__, default=None)
        if chain:
            del self._idle[chain]
        return chain

    async def _cold(self) -> Chain:
        """A new instance; its request waits for it."""
        try:
            return await asyncio.get_running_loop().run_in_executor(None, self._begin)
        except (ServingError, AwsError) as error:
            raise NoAnswerError(str(error)) from error

    def _begin(self) -> Chain:
        serving, at, begun = self.aws.part(Serving), self.aws.clock.now(), time.perf_counter()
        chain = serving.begin(self.model, self.log_group, f"{self.name}/{{instance}}")
        try:
            chain.wait_ready(STARTUP)
            spent = (time.perf_counter() - begun) * 1e6
            metric = Metric("AWS/SageMaker", "ModelSetupTime", self._where)
            metrics.record(self.aws, [Datum(metric, at, ((spent, 1.0),), "Microseconds")])
            with self._lock:
                if self._stopped:
                    raise ServingError("The endpoint is deleted or has a newer configuration.")
                self.chains = [*self.chains, chain]
        except BaseException:
            serving.end(chain)
            raise
        return chain

    # idleness; in the event loop

    def _watch(self) -> None:
        if not self._watching and len(self.chains) > self.provisioned:
            self._watching = True
            asyncio.get_running_loop().call_later(LOOK, self._look)

    def _look(self) -> None:
        """End what has been idle for too long; look again while there is something that may become idle."""
        self._watching = False
        now = self.aws.clock.now()
        with self._lock:
            self._idle = {chain: since for chain, since in self._idle.items() if chain in self.chains}
            over = max(len(self.chains) - self.provisioned, 0)
            old = [chain for chain, since in self._idle.items() if now - since >= IDLE]
            gone = sorted(old, key=self._idle.__getitem__)[:over]
            self.chains = [chain for chain in self.chains if chain not in gone]
        for chain in gone:
            del self._idle[chain]
        if gone:
            asyncio.get_running_loop().run_in_executor(None, self._end, gone)
        self._watch()
