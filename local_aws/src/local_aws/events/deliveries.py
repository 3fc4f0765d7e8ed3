"""Deliveries out of the outbox, with as many attempts as EventBridge makes.

The effect on a target, which lives in this machine's store, and the row's removal are one commit, so that it happens
exactly once.
"""

import json
import logging
from typing import Any

from local_aws.errors import AwsError
from local_aws.events import outbox, targets
from local_aws.looking import Looking
from local_aws.operations import Aws
from local_aws.services import queues
from local_aws.store import DISK_FULL

log = logging.getLogger("local_aws.events")

Document = dict[str, Any]

#: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
ATTEMPTS, AGE = 185, 86_400

_LONGEST_PAUSE = 600.0

#: Deliveries between two looks at what has come due.
_AT_A_TIME = 100


class Deliverer:
    """The living part: it empties the outbox."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        trouble = "Deliveries cannot go on now."
        self._looking = Looking(aws.clock, "deliveries", self._deliver_due, log, trouble)
        aws.parts[outbox.Watched] = outbox.Watched(self._looking.wake)

    def start(self) -> None:
        self._looking.start()

    def stop(self) -> None:
        """What is not done stays in the outbox."""
        self._looking.stop()

    def _deliver_due(self) -> float | None:
        """When the next delivery is due, after those that are due now; None when there is none."""
        while not self._looking.ending:
            waiting = self._aws.store.sql("SELECT id, due FROM deliveries ORDER BY id").fetchall()
            ready = [number for number, due in waiting if due <= self._aws.clock.now()]
            if not ready:
                return min((due for _, due in waiting), default=None)
            for number in ready[:_AT_A_TIME]:
                row = self._aws.store.sql("SELECT document FROM deliveries WHERE id = ?", (number,)).fetchone()
                if row:
                    self._deliver(number, json.loads(row[0]))
        return None

    def _deliver(self, number: int, document: Document) -> None:
        target = document["Target"] | {"Attributes": document["Attributes"]}
        try:
            with self._aws.store.transaction():
                targets.find(target["Arn"]).deliver(self._aws, target, document["Payload"], f"delivery-{number:032d}")
                outbox.remove(self._aws, number)
        except AwsError as error:
            if error.status == DISK_FULL:  # no fault of the target's: no attempt
                raise
            self._failed(number, document, error)
        except Exception as error:
            log.exception("A delivery to %s failed inside local_aws.", target["Arn"])
            self._failed(number, document, AwsError("InternalFailure", str(error), status=500))

    def _failed(self, number: int, document: Document, error: AwsError) -> None:
        """Again later, or to the dead-letter queue, or given up."""
        now, policy = self._aws.clock.now(), document["Target"].get("RetryPolicy") or {}
        document["Attempts"] += 1
        reason = ""
        if error.status < 500 and error.status != 429:
            reason = "NotRetriable"
        elif document["Attempts"] > policy.get("MaximumRetryAttempts", ATTEMPTS):
            reason = "MaximumRetryAttempts"
        elif now - document["Since"] > policy.get("MaximumEventAgeInSeconds", AGE):
            reason = "MaximumEventAgeInSeconds"
        with self._aws.store.transaction():
            if reason:
                outbox.remove(self._aws, number)
                self._bury(document, error, reason)
            else:
                pause = min(2.0 ** document["Attempts"], _LONGEST_PAUSE)
                self._aws.store.sql(
                    "UPDATE deliveries SET due = ?, document = ? WHERE id = ?",
                    (now + pause, json.dumps(document), number),
                )

    def _bury(self, document: Document, error: AwsError, reason: str) -> None:
        arn = (document["Target"].get("DeadLetterConfig") or {}).get("Arn")
        attributes = document["Attributes"] | {
            "ERROR_CODE": error.code,
            "ERROR_MESSAGE": error.message,
            "EXHAUSTED_RETRY_CONDITION": reason,
            "RETRY_ATTEMPTS": str(document["Attempts"] - 1),
        }
        if arn is None:
            log.warning("%s did not get an event: %s", document["Target"]["Arn"], error.message)
            return
        try:
            queues.send(self._aws, queues.name_of(arn), document["Payload"], queues.text_attributes(attributes))
        except AwsError as missing:
            log.warning("The dead-letter queue %s did not take an event: %s", arn, missing.message)
