"""The processes of all functions: as many of each as run at once, warm for a while, never more than allowed."""

import threading
from collections import Counter
from typing import Any

from local_aws.errors import AwsError
from local_aws.functions.instance import Instance, Invocation, Outcome
from local_aws.operations import Aws

Document = dict[str, Any]

#: Invocations at once on this machine, all functions together.
MOST = 64

#: Seconds of the clock that an idle process stays.
WARM = 600.0


class Fleet:
    """Instances by their function's name."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._idle: dict[str, list[Instance]] = {}
        self._busy: Counter[str] = Counter()
        self._running: set[Instance] = set()
        self._lock = threading.Lock()
        self._ended = False

    def free(self, function: Document) -> bool:
        """Whether one more invocation may run now."""
        with self._lock:
            return self._free(function)

    def _free(self, function: Document) -> bool:
        reserved = function["Local"].get("Reserved")
        busy = self._busy[function["FunctionName"]]
        return not self._ended and self._busy.total() < MOST and (reserved is None or busy < reserved)

    def run(self, function: Document, invocation: Invocation) -> tuple[Outcome, str]:
        """The outcome, and the log stream of the instance.

        Raises AwsError "TooManyRequestsException" when as many run as may; OSError when no process can be started.
        """
        name = function["FunctionName"]
        with self._lock:
            if not self._free(function):
                reserved = function["Local"].get("Reserved") is not None
                reason = "ReservedFunctionConcurrentInvocationLimitExceeded" if reserved else ""
                raise AwsError(
                    "TooManyRequestsException",
                    "Rate Exceeded.",
                    status=429,
                    Reason=reason or "ConcurrentInvocationLimitExceeded",
                    Type="User",
                )
            self._busy[name] += 1
            instance = self._warm(function)
        try:
            instance = instance or Instance(self._aws, function)
            self._begin(instance)
            return instance.run(invocation), instance.stream
        finally:
            self._release(name, instance)

    def _begin(self, instance: Instance) -> None:
        """Raises OSError when the server has begun to stop."""
        with self._lock:
            if self._ended:
                raise OSError("The server is stopping.")
            self._running.add(instance)

    def _warm(self, function: Document) -> Instance | None:
        """An idle instance of this revision; those of others end."""
        waiting = self._idle.get(function["FunctionName"], [])
        while waiting:
            instance = waiting.pop()
            if instance.revision == function["RevisionId"]:
                return instance
            instance.end()
        return None

    def _release(self, name: str, instance: Instance | None) -> None:
        with self._lock:
            self._busy[name] -= 1
            if instance is None:
                return
            self._running.discard(instance)
            if instance.dead or self._ended:
                instance.end()
            else:
                self._idle.setdefault(name, []).append(instance)

    def cool(self) -> None:
        """End what has been idle for too long."""
        with self._lock:
            limit = self._aws.clock.now() - WARM
            for name, waiting in self._idle.items():
                for instance in [one for one in waiting if one.idle_since < limit]:
                    instance.end()
                self._idle[name] = [one for one in waiting if not one.dead]

    def drop(self, name: str) -> None:
        """End the idle processes of a function."""
        with self._lock:
            for instance in self._idle.pop(name, []):
                instance.end()

    def end(self) -> None:
        with self._lock:
            self._ended = True
            for waiting in self._idle.values():
                for instance in waiting:
                    instance.end()
            self._idle.clear()
            for instance in self._running:
                instance.kill()
