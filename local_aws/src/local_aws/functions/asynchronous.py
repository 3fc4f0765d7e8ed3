"""Events that wait for their function: kept until it has taken them, tried again, and buried when that does not help.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import json
import logging
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local_aws.errors import AwsError
from local_aws.events import bus, outbox
from local_aws.functions import functions
from local_aws.functions.fleet import MOST, Fleet
from local_aws.functions.instance import Outcome
from local_aws.functions.invocations import invoke
from local_aws.looking import Looking
from local_aws.operations import Aws
from local_aws.services import queues, topics

log = logging.getLogger("local_aws.functions")

Document = dict[str, Any]

EVENTS = "lambda:Event"

#: Retries and seconds that an event may wait, unless the function says otherwise.
RETRIES, AGE = 2, 21_600

#: Seconds before the first and the second retry.
PAUSES = (60.0, 120.0)


def enqueue(aws: Aws, function: Document, payload: str) -> str:
    """The request id of an event that is kept until the function has taken it; joins an open transaction."""
    request_id, now = str(uuid.uuid4()), aws.clock.now()
    with aws.store.transaction():
        document = {"Function": function["FunctionName"], "Payload": payload, "Since": now, "Due": now, "Attempts": 0}
        aws.store.put(EVENTS, request_id, document)
        if queue := aws.parts.get(Queue):
            aws.store.after_commit(queue.wake.set)
    return request_id


class Queue:
    """Takes events that are due to their functions, each function's oldest first, as far as its concurrency allows."""

    def __init__(self, aws: Aws, fleet: Fleet) -> None:
        self._aws = aws
        self._fleet = fleet
        trouble = "Events cannot reach their functions now."
        self._looking = Looking(aws.clock, "function-events", self._take_due, log, trouble)
        self.wake = self._looking.wake
        self._flying: set[str] = set()
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix="function-event")

    def start(self) -> None:
        self._looking.start()

    def stop(self) -> None:
        """What is not done stays, and is done with the next server."""
        self._looking.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take_due(self) -> float | None:
        """When to look again, after those that can run now have been taken; None when nothing waits."""
        now, later, taken = self._aws.clock.now(), [], dict[str, int]()
        for request_id, event in self._aws.store.scan(EVENTS):
            if request_id in self._flying:
                taken[event["Function"]] = taken.get(event["Function"], 0) + 1
            elif event["Due"] > now:
                later.append(event["Due"])
            elif self._may_run(event["Function"], taken):
                taken[event["Function"]] = taken.get(event["Function"], 0) + 1
                self._flying.add(request_id)
                self._pool.submit(self._run, request_id, event)
            else:
                later.append(now + 1)  # the end of another one wakes this thread earlier
        return min(later, default=None)

    def _may_run(self, name: str, taken: dict[str, int]) -> bool:
        function = self._aws.store.get(functions.FUNCTIONS, name)
        if function is None:
            return True  # it ends there
        reserved = function["Local"].get("Reserved")
        return (reserved is None or taken.get(name, 0) < reserved) and self._fleet.free(function)

    def _run(self, request_id: str, event: Document) -> None:
        try:
            self._attempt(request_id, event)
        except Exception:
            log.exception("The event %s cannot be taken from its queue.", request_id)
            self._looking.rest()
        finally:
            self._flying.discard(request_id)
            self.wake.set()

    def _attempt(self, request_id: str, event: Document) -> None:
        aws = self._aws
        function = aws.store.get(functions.FUNCTIONS, event["Function"])
        if function is None:
            log.warning("The function %s is gone: an event for it is dropped.", event["Function"])
            aws.store.delete(EVENTS, request_id)
            return
        settings = function["Local"].get("EventInvoke") or {}
        outcome, condition = None, ""
        if aws.clock.now() - event["Since"] > settings.get("MaximumEventAgeInSeconds", AGE):
            condition = "EventAgeExceeded"
        else:
            try:
                outcome = invoke(aws, self._fleet, function, event["Payload"].encode(), request_id=request_id)
            except AwsError as error:
                outcome = self._refused(request_id, event, error)
                if outcome is None:
                    return
            if self._looking.ending and outcome.failed:
                return  # killed with the server: it runs again
            if outcome.failed:
                if event["Attempts"] < settings.get("MaximumRetryAttempts", RETRIES):
                    pause = PAUSES[min(event["Attempts"], len(PAUSES) - 1)]
                    again = {"Attempts": event["Attempts"] + 1, "Due": aws.clock.now() + pause}
                    aws.store.put(EVENTS, request_id, event | again)
                    return
                condition = "RetriesExhausted"
        with aws.store.transaction():
            aws.store.delete(EVENTS, request_id)
            self._tell(function, request_id, event, outcome, condition or "Success")

    def _refused(self, request_id: str, event: Document, error: AwsError) -> Outcome | None:
        """A throttle is no attempt: later again; anything else counts as an error of the function."""
        if error.status == 429:
            self._aws.store.put(EVENTS, request_id, event | {"Due": self._aws.clock.now() + 1})
            return None
        payload = json.dumps({"errorType": error.code, "errorMessage": error.message}).encode()
        return Outcome(payload=payload, failed=True)

    # what follows

    def _tell(
        self, function: Document, request_id: str, event: Document, outcome: Outcome | None, condition: str
    ) -> None:
        """The destination that the function names, and the dead-letter queue; inside the transaction that ends it."""
        settings = (function["Local"].get("EventInvoke") or {}).get("DestinationConfig") or {}
        side = "OnSuccess" if condition == "Success" else "OnFailure"
        if arn := (settings.get(side) or {}).get("Destination"):
            document = _record(self._aws, function, request_id, event, outcome, condition)
            self._to_destination(arn, document, condition)
        dead = (function.get("DeadLetterConfig") or {}).get("TargetArn")
        if dead and condition != "Success":
            self._bury(dead, request_id, event, outcome)

    def _to_destination(self, arn: str, document: Document, condition: str) -> None:
        if arn.split(":")[2] == "events":
            kind = f"Lambda Function Invocation Result - {'Success' if condition == 'Success' else 'Failure'}"
            made = bus.new_event(self._aws, "lambda", kind, document, [document["requestContext"]["functionArn"]])
            bus.dispatch(self._aws, made, arn.rpartition("/")[2])
        else:
            outbox.enqueue(self._aws, {"Arn": arn}, json.dumps(document), {})

    def _bury(self, arn: str, request_id: str, event: Document, outcome: Outcome | None) -> None:
        message = _message(outcome)
        attributes = {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": message[:1024]}
        try:
            if arn.split(":")[2] == "sqs":
                queues.send(self._aws, queues.name_of(arn), event["Payload"], queues.text_attributes(attributes))
            else:
                texts = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
                topics.publish(self._aws, arn, event["Payload"], attributes=texts)
        except AwsError as missing:
            log.warning("The dead-letter target %s did not take an event: %s", arn, missing.message)


def _message(outcome: Outcome | None) -> str:
    if outcome is None:
        return "The event was too old."
    try:
        return str(json.loads(outcome.payload).get("errorMessage", "")) or "The function failed."
    except (ValueError, AttributeError):
        return "The function failed."


def _record(
    aws: Aws, function: Document, request_id: str, event: Document, outcome: Outcome | None, condition: str
) -> Document:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""
    document: Document = {
        "version": "1.0",
        "timestamp": bus.iso(aws.clock.now()).replace("Z", ".000Z"),
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function['FunctionArn']}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event["Attempts"] + (outcome is not None),
        },
        "requestPayload": json.loads(event["Payload"] or "{}"),
    }
    if outcome is not None:
        said: Document = {"statusCode": 200, "executedVersion": "$LATEST"}
        document["responseContext"] = said | ({"functionError": "Unhandled"} if outcome.failed else {})
        document["responsePayload"] = json.loads(outcome.payload)
    return document
