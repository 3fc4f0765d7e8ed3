"""A thread that looks after what comes due by the machine's clock."""

import logging
import threading
from collections.abc import Callable

from local_aws.clock import Clock

#: Seconds until the next look after one that failed.
AGAIN = 1


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
        self.ending = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns after the look that is under way."""
        self.ending = True
        self.wake.set()
        self._thread.join()

    def _work(self) -> None:
        while not self.ending:
            try:
                due = self._look()
            except Exception:  # noqa: BLE001  logged with its traceback, and tried again
                self._log.exception(self._trouble)
                due = self._clock.now() + AGAIN
            if due is None:
                self.wake.wait()
            else:
                self._clock.wait(self.wake, due - self._clock.now())
            self.wake.clear()
