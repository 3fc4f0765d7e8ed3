"""Threads that look after what comes due by the machine's clock."""

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from local_aws.clock import Clock

Key = TypeVar("Key")

#: Seconds of the machine's time until another attempt at what failed, however fast the clock runs.
AGAIN = 1.0


class Looking:
    """Looks, sleeps until something is due or `wake` is set, and looks again.

    look     does what is due; the time of the next, None when nothing waits
    trouble  what is logged when a look fails (a full disk, for example): what is due stays, and is tried again
    """

    def __init__(
        self, clock: Clock, name: str, look: Callable[[], float | None], log: logging.Logger, trouble: str
    ) -> None:
        self._clock, self._look, self._log, self._trouble = clock, look, log, trouble
        self.wake = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    @property
    def ending(self) -> bool:
        return self._ended.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns after the look that is under way."""
        self._ended.set()
        self.wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def rest(self) -> None:
        """Wait before what failed is tried again; from any thread."""
        self._ended.wait(AGAIN)

    def _work(self) -> None:
        while not self.ending:
            try:
                due = self._look()
            except Exception:  # noqa: BLE001  logged with its traceback, and tried again
                self._log.exception(self._trouble)
                self.rest()
                continue
            if due is None:
                self.wake.wait()
            else:
                self._clock.wait(self.wake, due - self._clock.now())
            self.wake.clear()


class Agenda(Looking, Generic[Key]):
    """When which key is due. `act(key)` is called once it is; one that fails is tried again, and holds up no other."""

    def __init__(self, clock: Clock, name: str, act: Callable[[Key], None], log: logging.Logger, trouble: str) -> None:
        """trouble  what is logged when an act fails, with a place (%s) for its key"""
        super().__init__(clock, name, self._act_on_due, log, f"{name} cannot go on now.")
        self._act, self._act_trouble = act, trouble
        self._due: dict[Key, float] = {}

    def put(self, key: Key, due: float) -> None:
        """`key` is due then, and at no other time any more; from any thread."""
        self._due[key] = due
        self.wake.set()

    def drop(self, key: Key) -> None:
        """`key` is not due any more."""
        self._due.pop(key, None)

    def _act_on_due(self) -> float | None:
        now = self._clock.now()
        for key, due in list(self._due.items()):
            if due <= now and not self.ending:
                self._due.pop(key, None)  # before the act, which may put it again
                try:
                    self._act(key)
                except Exception:  # noqa: BLE001  logged with its traceback, and tried again
                    self._log.exception(self._act_trouble, key)
                    self._due.setdefault(key, self._clock.now() + AGAIN * self._clock.rate)
        return min(list(self._due.values()), default=None)
