"""An invocation from its event to its log and its metrics."""

import base64
import json
import math
import uuid
from typing import Any

from local_aws.cloudwatch.metrics import Datum, Metric, record
from local_aws.errors import AwsError
from local_aws.functions.fleet import Fleet
from local_aws.functions.instance import Invocation, Outcome
from local_aws.operations import Aws
from local_aws.services import logs

Document = dict[str, Any]

#: Bytes of the log that LogType Tail gives back.
TAIL = 4096


def invoke(
    aws: Aws, fleet: Fleet, function: Document, event: bytes, client_context: str = "", request_id: str = ""
) -> Outcome:
    """Run the function once, now. Raises AwsError as `Fleet.run` and when its code cannot be unpacked."""
    invocation = Invocation(request_id or str(uuid.uuid4()), event or b"{}", client_context)
    try:
        outcome, stream = fleet.run(function, invocation)
    except AwsError as error:
        if error.status == 429:
            _count(aws, function, {"Throttles": (1.0, "Count")})
        raise
    except OSError as error:
        raise AwsError("ServiceException", f"No process can be started: {error}", status=500) from error
    outcome.lines += _end(function, invocation, outcome)
    logs.append(aws, function["LoggingConfig"]["LogGroup"], stream, [line for line in outcome.lines if line])
    measured = {"Duration": (outcome.duration * 1000, "Milliseconds")}
    _count(aws, function, {"Invocations": (1.0, "Count"), "Errors": (float(outcome.failed), "Count")} | measured)
    return outcome


def _end(function: Document, invocation: Invocation, outcome: Outcome) -> list[str]:
    milliseconds = outcome.duration * 1000
    report = {
        "Duration": f"{milliseconds:.2f} ms",
        "Billed Duration": f"{math.ceil(milliseconds)} ms",
        "Memory Size": f"{function['MemorySize']} MB",
        "Max Memory Used": f"{outcome.memory} MB",
    }
    if outcome.init is not None:
        report["Init Duration"] = f"{outcome.init * 1000:.2f} ms"
    said = "\t".join(f"{name}: {value}" for name, value in report.items())
    return [f"END RequestId: {invocation.request_id}", f"REPORT RequestId: {invocation.request_id}\t{said}\t"]


def tail(outcome: Outcome) -> str:
    """The end of the log, as the header of the answer has it."""
    text = "".join(f"{line}\n" for line in outcome.lines).encode()[-TAIL:]
    return base64.b64encode(text).decode()


def check_event(event: bytes, longest: int) -> None:
    """Raises AwsError: RequestTooLargeException or InvalidRequestContentException."""
    if len(event) > longest:
        message = f"Request must be smaller than {longest} bytes for the InvokeFunction operation"
        raise AwsError("RequestTooLargeException", message, status=413, Type="User")
    try:
        json.loads(event or b"{}")
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", message, Type="User") from None


def _count(aws: Aws, function: Document, values: dict[str, tuple[float, str]]) -> None:
    """Of the function, and of all functions together, as AWS/Lambda has them."""
    now, name = aws.clock.now(), function["FunctionName"]
    record(
        aws,
        [
            Datum(Metric("AWS/Lambda", metric, dimensions), now, ((value, 1.0),), unit)
            for metric, (value, unit) in values.items()
            for dimensions in ({"FunctionName": name}, {})
        ],
    )
