"""The living part: the endpoints by name, each with a thread of its own, and their metrics."""

import asyncio
import logging
import threading

from local_aws.cloudwatch import metrics, monitor
from local_aws.cloudwatch.metrics import Datum
from local_aws.endpoints import measures
from local_aws.endpoints.document import ENDPOINT
from local_aws.endpoints.fleet import Route
from local_aws.endpoints.life import Life
from local_aws.errors import AwsError
from local_aws.operations import Aws

log = logging.getLogger("local_aws.endpoints")

#: Seconds of the machine's time between two commits of metrics. A kill loses the metrics of so long.
FLUSH = 1.0


class Endpoints:
    """What InvokeEndpoint looks up; the operations wake the lives after their commits."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lives: dict[str, Life] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._flusher = threading.Thread(target=self._flush, name="endpoint-metrics", daemon=True)
        self.loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Endpoints of an earlier server come back; what was going on goes on."""
        for name, _ in self._aws.store.scan(ENDPOINT.kind):
            self.follow(name)
        self._flusher.start()

    def stop(self) -> None:
        self._ending.set()
        with self._lock:
            lives = list(self._lives.values())
        for life in lives:
            life.end()
        for life in lives:
            life.join()
        if self._flusher.is_alive():
            self._flusher.join()
        metrics.record(self._aws, self.drain())

    # the operations' side

    def follow(self, name: str, *, interrupt: bool = False) -> None:
        """The endpoint's document is new or changed; after its commit."""
        with self._lock:
            if self._ending.is_set():
                return
            life = self._lives.get(name)
            if life is None:
                life = self._lives[name] = Life(self._aws, name, self.barrier, self._forget)
                life.start()
        if interrupt:
            life.interrupt()
        else:
            life.wake()

    def _forget(self, name: str) -> None:
        """An endpoint is gone; perhaps there is a new one of its name by now."""
        with self._lock:
            del self._lives[name]
        if self._aws.store.get(ENDPOINT.kind, name):
            self.follow(name)

    def barrier(self) -> None:
        """Wait until the event loop has gone round once: no request holds an earlier choice without being counted."""
        loop = self.loop
        if loop is None or not loop.is_running():
            return
        passed = threading.Event()
        loop.call_soon_threadsafe(passed.set)
        passed.wait(5)

    # what others ask for

    def route(self, name: str) -> Route | None:
        """Where requests go; None when there is no such endpoint or it does not serve."""
        life = self._lives.get(name)
        return life.route if life else None

    def drain(self) -> list[Datum]:
        """What was observed since the last call."""
        with self._lock:
            lives = list(self._lives.values())
        groups = [group for life in lives for fleet in life.fleets for group in fleet.groups.values()]
        return measures.drain(groups)

    def gauges(self, at: float) -> list[Datum]:
        """What the variants of the live configurations measure now."""
        with self._lock:
            fleets = [life.fleet for life in self._lives.values() if life.fleet]
        return [datum for fleet in fleets for group in fleet.groups.values() for datum in group.gauges(at)]

    def _flush(self) -> None:
        while not self._ending.wait(FLUSH):
            data = self.drain()
            try:
                if data:
                    metrics.record(self._aws, data)
            except AwsError as error:  # a full disk, for example
                log.warning("What %d metrics would have said is lost: %s", len(data), error.message)


def _gauge(aws: Aws, at: float) -> list[Datum]:
    """Alarms evaluate over all that was observed up to now, and over what the live variants measure."""
    endpoints = aws.part(Endpoints)
    return [*endpoints.drain(), *endpoints.gauges(at)]


monitor.GAUGES[measures.NAMESPACE] = _gauge
