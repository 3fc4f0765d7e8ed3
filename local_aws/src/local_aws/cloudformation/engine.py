"""The living part of the stacks: a thread for every stack that has something to do, one transaction a step."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from local_aws.cloudformation import stacks
from local_aws.cloudformation.failures import fail
from local_aws.cloudformation.phases import PHASES, StepError
from local_aws.operations import Aws

log = logging.getLogger("local_aws.cloudformation")

#: Seconds between two looks at a resource that is not ready yet.
LOOK = 0.5

#: Called with the stack.
OnEnd = Callable[[dict[str, Any]], None]


class Stacks:
    """Makes stacks what they shall be, and goes on where a killed server left them."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._again: set[str] = set()
        self._ending = threading.Event()
        self._callbacks: list[OnEnd] = []

    def on_end(self, callback: OnEnd) -> None:
        """`callback(stack)` runs inside the transaction that ends an operation on a stack, well or not."""
        self._callbacks.append(callback)

    def start(self) -> None:
        for stack in stacks.every(self._aws):
            if stack["StackStatus"] in PHASES:
                self.begin(stack["StackId"])

    def stop(self) -> None:
        self._ending.set()
        with self._lock:
            threads = list(self._threads.values())
        for thread in threads:
            thread.join(10)

    def begin(self, stack_id: str) -> None:
        """Work on a stack until nothing is left to do; a stack has one thread at a time."""
        with self._lock:
            if stack_id in self._threads:
                self._again.add(stack_id)
                return
            thread = threading.Thread(target=self._run, args=(stack_id,), name="stack", daemon=True)
            self._threads[stack_id] = thread
        thread.start()

    def _run(self, stack_id: str) -> None:
        while not self._ending.is_set():
            try:
                status = self._step(stack_id)
            except Exception:
                log.exception("The stack %s cannot go on.", stack_id)
                status = "idle"
            if status == "waiting":
                self._aws.clock.wait(self._ending, LOOK)
            if status == "idle" and self._leaves(stack_id):
                return

    def _leaves(self, stack_id: str) -> bool:
        """False when somebody has asked for the stack meanwhile."""
        with self._lock:
            if stack_id in self._again:
                self._again.discard(stack_id)
                return False
            del self._threads[stack_id]
            return True

    def _step(self, stack_id: str) -> str:
        """ "idle" when nothing is left to do, "waiting" when it must be looked at again, else "going"."""
        store = self._aws.store
        try:
            with store.transaction():
                stack = stacks.find(self._aws, stack_id)
                phase = PHASES.get(stack["StackStatus"])
                if phase is None:
                    return "idle"
                ready = phase(self._aws, stack)
                self._keep(stack)
        except StepError as error:  # what it had begun is undone; that it failed is said
            with store.transaction():
                stack = stacks.find(self._aws, stack_id)
                fail(self._aws, stack, error)
                self._keep(stack)
            return "going"
        return "going" if ready else "waiting"

    def _keep(self, stack: dict[str, Any]) -> None:
        stacks.put(self._aws, stack)
        if stack["StackStatus"] not in PHASES:
            for callback in self._callbacks:
                callback(stack)
