"""The living part of Lambda: its processes, and the events that wait for them."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local_aws.functions import code, functions
from local_aws.functions.asynchronous import Queue
from local_aws.functions.fleet import MOST, Fleet
from local_aws.operations import Aws

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
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._cool, name="function-cooling", daemon=True)

    def start(self) -> None:
        """Nothing of an earlier server's processes stays; its events are taken up."""
        shutil.rmtree(self._aws.home / "functions" / "running", ignore_errors=True)
        code.sweep(self._aws, (function for _, function in self._aws.store.scan(functions.FUNCTIONS)))
        self._queue.start()
        self._thread.start()

    def stop(self) -> None:
        """Invocations that run are killed; events that were not done are done with the next server."""
        self._ending.set()
        self._queue.stop()
        self.fleet.end()
        self.pool.shutdown(wait=True, cancel_futures=True)
        self._thread.join()

    def _cool(self) -> None:
        while not self._aws.clock.wait(self._ending, _LOOK):
            self.fleet.cool()
