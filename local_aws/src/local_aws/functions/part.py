"""The living part of Lambda: its processes, and the events that wait for them."""

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local_aws.functions import code, functions
from local_aws.functions.asynchronous import Queue
from local_aws.functions.fleet import MOST, Fleet
from local_aws.looking import Looking
from local_aws.operations import Aws

log = logging.getLogger("local_aws.functions")

Document = dict[str, Any]

#: Seconds of the clock between two looks for processes that have been idle for too long.
_LOOK = 60.0


class Functions:
    """Makes `aws.part(Queue)` and `aws.part(Fleet)`. `pool` is where invocations wait for their answers."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.fleet = aws.parts[Fleet] = Fleet(aws)
        self._queue = aws.parts[Queue] = Queue(aws, self.fleet)
        self.pool = ThreadPoolExecutor(MOST, thread_name_prefix="function")
        trouble = "Idle processes cannot be ended now."
        self._cooling = Looking(aws.clock, "function-cooling", self._cool, log, trouble)

    def start(self) -> None:
        """Nothing of an earlier server's processes stays; its events are taken up."""
        shutil.rmtree(self._aws.home / "functions" / "running", ignore_errors=True)
        code.sweep(self._aws, (function for _, function in self._aws.store.scan(functions.FUNCTIONS)))
        self._queue.start()
        self._cooling.start()

    def stop(self) -> None:
        """Invocations that run are killed; events that were not done are done with the next server."""
        self._cooling.stop()
        self._queue.stop()
        self.fleet.end()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def _cool(self) -> float:
        self.fleet.cool()
        return self._aws.clock.now() + _LOOK
