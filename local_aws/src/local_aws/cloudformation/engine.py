"""The living part of the stacks: those that have something to do take turns, one transaction a step."""

import logging
from collections.abc import Callable
from typing import Any

from local_aws.cloudformation import stacks
from local_aws.cloudformation.acting import StepError
from local_aws.cloudformation.failures import fail
from local_aws.cloudformation.phases import PHASES
from local_aws.looking import Agenda
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
        trouble = "The stack %s cannot go on now."
        self._agenda: Agenda[str] = Agenda(aws.clock, "stacks", self._go, log, trouble)
        self._callbacks: list[OnEnd] = []

    def on_end(self, callback: OnEnd) -> None:
        """`callback(stack)` runs inside the transaction that ends an operation on a stack, well or not."""
        self._callbacks.append(callback)

    def start(self) -> None:
        for stack in stacks.every(self._aws):
            if stack["StackStatus"] in PHASES:
                self.begin(stack["StackId"])
        self._agenda.start()

    def stop(self) -> None:
        self._agenda.stop()

    def begin(self, stack_id: str) -> None:
        """Work on a stack until nothing is left to do."""
        self._agenda.put(stack_id, self._aws.clock.now())

    def _go(self, stack_id: str) -> None:
        status = self._step(stack_id)
        if status != "idle":
            self._agenda.put(stack_id, self._aws.clock.now() + (LOOK if status == "waiting" else 0))

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
                if ready or stack != stacks.find(self._aws, stack_id):  # a wait on a fast clock is many looks
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
