"""The living part: a queue before each asynchronous endpoint, and whose turn it is when an instance is free.

All decisions are taken in the thread of an event loop of its own; requests are answered in threads.
"""

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from local_aws.endpoints.asynchronous import requests
from local_aws.endpoints.asynchronous.answering import LostError, answer
from local_aws.endpoints.document import ENDPOINT
from local_aws.endpoints.endpoints import Endpoints
from local_aws.endpoints.fleet import Route
from local_aws.endpoints.group import Group
from local_aws.operations import Aws
from local_aws.serving import Chain

log = logging.getLogger("local_aws.endpoints.asynchronous")

Document = dict[str, Any]

#: Seconds of the machine's time between two looks for a free instance, while something waits for one.
LOOK = 0.05

#: Seconds before another attempt after an error that nobody foresaw, for example a full disk.
PAUSE = 1.0

#: How often a request is sent to the model whose instance is lost before it answered.
ATTEMPTS = 3


@dataclass
class _Waiting:
    key: str
    document: Document
    attempts: int = 0


@dataclass
class _Queue:
    """Of one endpoint. `turn`: the variant that gets the next request, until it has a free instance."""

    waiting: deque[_Waiting] = field(default_factory=deque)
    turn: Group | None = None


class Queues:
    """Every request that was accepted is answered at least once, by an instance or with the reason why not."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._queues: dict[str, _Queue] = {}
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._ending = False
        self._threads = ThreadPoolExecutor(256, thread_name_prefix="asynchronous")
        self._thread = threading.Thread(target=self._run, name="asynchronous", daemon=True)

    def start(self) -> None:
        for key, document in requests.waiting(self._aws):
            self._add(_Waiting(key, document))
        self._thread.start()

    def stop(self) -> None:
        """What is being answered now is answered again after the next start, unless it ends before the server does."""
        self._ending = True
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._wake.set)
            self._thread.join()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._loop.close()

    def accepted(self, key: str, document: Document) -> None:
        """A new request; call it inside the transaction that keeps it."""

        def add() -> None:
            self._loop.call_soon_threadsafe(self._add, _Waiting(key, document))

        self._aws.store.after_commit(add)

    def _add(self, waiting: _Waiting) -> None:
        self._queues.setdefault(waiting.document["EndpointName"], _Queue()).waiting.append(waiting)
        self._wake.set()

    def _run(self) -> None:
        self._loop.run_until_complete(self._work())

    async def _work(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                for name, queue in list(self._queues.items()):
                    self._serve(name, queue)
            except Exception:  # a full disk, for example: what waits goes on waiting
                log.exception("Asynchronous requests cannot go on now.")
            waits = any(queue.waiting for queue in self._queues.values())
            try:
                await asyncio.wait_for(self._wake.wait(), LOOK if waits else None)
            except TimeoutError:
                continue

    def _serve(self, name: str, queue: _Queue) -> None:
        """Hand out what can be handed out now."""
        self._expire(name, queue)
        route = self._aws.part(Endpoints).route(name) if queue.waiting else None
        while route and queue.waiting and (found := self._free(queue, route)):
            group, chain = found
            chain.outstanding += 1
            one = queue.waiting.popleft()
            self._loop.create_task(self._answer(queue, one, group, chain))

    def _expire(self, name: str, queue: _Queue) -> None:
        """Requests of an endpoint that is gone are dropped, those that waited too long fail."""
        held = self._aws.store.get(ENDPOINT.kind, name) or {}
        now, kept = self._aws.clock.now(), deque[_Waiting]()
        for one in queue.waiting:
            if one.document["Endpoint"] != held.get("CreationTime"):
                requests.drop(self._aws, one.key)
            elif now > one.document["Received"] + one.document["Seconds"]:
                reason = (
                    f"ClientError: The request expired: it waited for RequestTTLSeconds ({one.document['Seconds']} s)."
                )
                requests.fail(self._aws, one.key, one.document, reason, expired=True)
            else:
                kept.append(one)
        queue.waiting = kept
        if not held and not kept:
            self._queues.pop(name, None)

    def _free(self, queue: _Queue, route: Route) -> tuple[Group, Chain] | None:
        """The variant whose turn it is and a free instance of it. A turn lasts until the variant can take it."""
        served = [group for fleet in route.fleets for group in fleet.groups.values()]
        if queue.turn not in served:
            queue.turn = route.pick()
        group = queue.turn
        chain = group.pick() if group else None
        if group is None or chain is None:
            return None
        queue.turn = None
        return group, chain

    async def _answer(self, queue: _Queue, one: _Waiting, group: Group, chain: Chain) -> None:
        one.attempts += 1
        try:
            await self._loop.run_in_executor(self._threads, answer, self._aws, one.key, one.document, group, chain)
        except LostError as error:
            await self._again(queue, one, str(error))
        except Exception:
            log.exception("The request %s cannot be answered now.", one.document["InferenceId"])
            await self._again(queue, one, "")
        finally:
            chain.outstanding -= 1
            self._wake.set()

    async def _again(self, queue: _Queue, one: _Waiting, reason: str) -> None:
        """In front of all others, unless it has taken too many instances along, or the server ends."""
        if self._ending:
            return
        if reason and one.attempts >= ATTEMPTS:
            said = f"ClientError: The instance was lost {one.attempts} times before it answered. {reason}"
            await self._loop.run_in_executor(self._threads, requests.fail, self._aws, one.key, one.document, said)
        else:
            await asyncio.sleep(LOOK if reason else PAUSE)
            queue.waiting.appendleft(one)
