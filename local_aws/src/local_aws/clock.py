"""The only reader of time. An offset and a rate let schedules, expiry and cool-downs pass in milliseconds."""

import threading
import time

#: The clock ends with the year 9998, so that dates a little later can still be written down.
END = 253_370_764_800.0

#: A day in less than a second is enough for everyone.
FASTEST = 100_000.0


class Clock:
    """Seconds since 1970 that run `rate` times as fast as the machine's, from an origin that can be moved."""

    def __init__(self, offset: float = 0.0, rate: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._real = time.time()
        self._virtual = self._real + offset
        self.rate = rate

    @classmethod
    def resumed(cls, origin: dict[str, float]) -> "Clock":
        """The clock whose `origin` was kept: it has run on while nobody looked, and never runs backwards."""
        clock = cls(rate=origin["Rate"])
        clock._real, clock._virtual = origin["Real"], origin["Virtual"]
        return clock

    @property
    def origin(self) -> dict[str, float]:
        """What makes the same clock again: a moment of the machine's time and of this one's, and the rate."""
        with self._lock:
            return {"Real": self._real, "Virtual": self._virtual, "Rate": self.rate}

    def now(self) -> float:
        """The time, in seconds since 1970."""
        return min(self._virtual + (time.time() - self._real) * self.rate, END)

    def set(self, offset: float = 0.0, rate: float | None = None) -> None:
        """Move the clock forward by `offset` seconds and, when given, change its rate.

        Raises ValueError when the clock would run backwards, stand still, run away, or pass its end.
        """
        if not offset >= 0 or (rate is not None and not rate > 0):
            raise ValueError("A clock can only run forward: offset >= 0 and rate > 0.")
        if rate is not None and rate > FASTEST:
            raise ValueError(f"A rate of {rate:g} is too fast: at most {FASTEST:g}.")
        with self._lock:
            virtual = self.now() + offset
            if virtual >= END:
                raise ValueError(f"An offset of {offset:g} s leads beyond the year 9998, where this clock ends.")
            self._real = time.time()
            self._virtual = virtual
            if rate is not None:
                self.rate = rate

    @property
    def offset(self) -> float:
        """How far the clock is ahead of the machine's, in seconds."""
        return self.now() - time.time()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set or `seconds` of this clock have passed; True when it was set.

        Looks again ten times a second, so that a moved clock ends the wait.
        """
        end = self.now() + seconds
        while not event.is_set():
            left = (end - self.now()) / self.rate
            if left <= 0:
                return False
            event.wait(min(left, 0.1))
        return True
