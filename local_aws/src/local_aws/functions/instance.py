"""One process that runs a function: it takes one invocation at a time and stays warm between them.

Code needs the machine's own time, however fast the server's clock runs: timeouts and durations are measured in that.
"""

import contextlib
import datetime
import json
import os
import select
import selectors
import shutil
import signal
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.functions import boot, code
from local_aws.operations import Aws
from local_aws.processes import messages
from local_aws.processes.boot.program import Program
from local_aws.processes.hosts import Hosts
from local_aws.processes.images import Image

Document = dict[str, Any]

RUNTIME = Path(boot.__file__).with_name("runtime.py")

#: What functions find installed, as in AWS's Python runtimes.
HOST = Image(
    "aws-lambda-python",
    packages=("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3"),
    preload=("boto3", "logging", "resource"),
)

#: Seconds for importing the handler before it counts as the invocation's own time.
INIT = 10.0


@dataclass(frozen=True)
class Invocation:
    """One call; `event` is JSON."""

    request_id: str
    event: bytes
    client_context: str = ""


@dataclass
class Outcome:
    """What an invocation came to. `lines` are the log, each an event; times in seconds, memory in MB."""

    payload: bytes = b"null"
    failed: bool = False
    lines: list[str] = field(default_factory=list)
    duration: float = 0.0
    memory: int = 0
    init: float | None = None


class Instance:
    """A warm process. `revision` is the function's as it was at the start; `dead` once it cannot go on."""

    def __init__(self, aws: Aws, function: Document) -> None:
        self.revision = function["RevisionId"]
        self.dead = False
        self.idle_since = aws.clock.now()
        self.stream = f"{_day(aws)}/[$LATEST]{uuid.uuid4().hex}"
        self._aws = aws
        self._function = function
        self._mark = f"\x1e{uuid.uuid4().hex}"
        self._folder = aws.home / "functions" / "running" / uuid.uuid4().hex
        self._partial = bytearray()
        self._began: float | None = time.monotonic()
        (self._folder / "tmp").mkdir(parents=True)
        os.mkfifo(self._folder / "requests")
        self._way = os.open(self._folder / "requests", os.O_RDWR)
        try:
            self._process = self._start()
        except BaseException:
            os.close(self._way)
            shutil.rmtree(self._folder, ignore_errors=True)
            raise

    def _start(self) -> Any:
        root = code.folder(self._aws, self._function)
        settings = self._folder / "settings.json"
        settings.write_text(json.dumps(self._settings(root)))
        program = Program(
            arguments=("python3", str(RUNTIME), str(settings)),
            environment={"PATH": os.environ.get("PATH", os.defpath), "PYTHONDONTWRITEBYTECODE": "1"},
            root=root,
            shown=None,
            folder=root,
        )
        return self._aws.part(Hosts).of(HOST).start(program)

    def _settings(self, root: Path) -> Document:
        function, aws = self._function, self._aws
        machine = {
            "_HANDLER": function["Handler"],
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": aws.region,
            "AWS_DEFAULT_REGION": aws.region,
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function['Runtime']}",
            "AWS_LAMBDA_FUNCTION_NAME": function["FunctionName"],
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function["MemorySize"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": function["LoggingConfig"]["LogGroup"],
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            "LAMBDA_TASK_ROOT": str(root),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self._folder / "tmp"),
            "TZ": ":UTC",
        }
        return {
            "Mark": self._mark,
            "Code": str(root),
            "Handler": function["Handler"],
            "Requests": str(self._folder / "requests"),
            "Environment": machine | (function.get("Environment", {}).get("Variables") or {}),
        }

    def run(self, invocation: Invocation) -> Outcome:
        """Blocks until the function has answered, or has ended, or has had its time."""
        outcome = Outcome()
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        if self._began is not None:
            other = self._function["Runtime"] != f"python{version}"
            said = f" (local_aws: this machine's own, in place of {self._function['Runtime']})" if other else ""
            outcome.lines.append(f"INIT_START Runtime Version: python:{version}{said}")
            if self._read(outcome, "Ready", self._began + INIT) is not None:
                outcome.init = time.monotonic() - self._began
            self._began = None
        outcome.lines.append(f"START RequestId: {invocation.request_id} Version: $LATEST")
        began = time.monotonic()
        if not self.dead:
            self._send(invocation)
        done = None if self.dead else self._read(outcome, "Done", began + self._function["Timeout"])
        outcome.duration = time.monotonic() - began
        if done:
            outcome.failed, outcome.memory = done["Failed"], done["Memory"]
            outcome.payload = (self._folder / "answer").read_bytes()
        else:
            self._broken(outcome, invocation)
        self.idle_since = self._aws.clock.now()
        return outcome

    def _send(self, invocation: Invocation) -> None:
        (self._folder / "event").write_bytes(invocation.event)
        told = {
            "RequestId": invocation.request_id,
            "Event": str(self._folder / "event"),
            "Answer": str(self._folder / "answer"),
            "Arn": self._function["FunctionArn"],
            "ClientContext": invocation.client_context,
            "Seconds": self._function["Timeout"],
        }
        os.write(self._way, json.dumps(told).encode() + b"\n")

    def _broken(self, outcome: Outcome, invocation: Invocation) -> None:
        """No answer: it was too slow, or it is gone."""
        request = f"RequestId: {invocation.request_id}"
        if self.dead:
            kind, what = "Runtime.ExitError", f"Runtime exited with error: {self._exit_status()}"
        else:
            kind, what = "Sandbox.Timedout", f"Task timed out after {self._function['Timeout']:.2f} seconds"
            outcome.duration = float(self._function["Timeout"])
        outcome.lines += [self._partial.decode("utf-8", "replace")] if self._partial else []
        outcome.lines.append(f"{_now(self._aws)} {invocation.request_id} {what}")
        outcome.payload = json.dumps({"errorType": kind, "errorMessage": f"{request} Error: {what}"}).encode()
        outcome.failed = True
        self.dead = True

    def _exit_status(self) -> str:
        ready, _, _ = select.select([self._process.status], [], [], INIT)
        code_text = os.read(self._process.status, 16).decode() if ready else ""
        return f"exit status {code_text}" if code_text else "signal: killed"

    def _read(self, outcome: Outcome, awaited: str, deadline: float) -> Document | None:
        """The message `awaited`; None when the deadline has passed, or the process ended (it is `dead` then)."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.output, selectors.EVENT_READ)
            selector.register(self._process.status, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                ready = [key.fd for key, _ in selector.select(left)]
                if self._process.output in ready:
                    content = os.read(self._process.output, 1 << 16)
                    if content and (found := self._lines(outcome, content, awaited)) is not None:
                        return found
                    if content:
                        continue
                if ready:  # nothing more to read, and it has ended
                    self.dead = True
                    return None
        return None

    def _lines(self, outcome: Outcome, content: bytes, awaited: str) -> Document | None:
        *ended, rest = (bytes(self._partial) + content).split(b"\n")
        self._partial = bytearray(rest)
        found = None
        for line in ended:
            text, marked, message = line.decode("utf-8", "replace").partition(self._mark)
            if text:
                outcome.lines.append(text)
            told = messages.read(message) if marked else {}
            if "Say" in told:
                outcome.lines.append(told["Say"])
            elif awaited in told:
                found = told
        return found

    def kill(self) -> None:
        """From another thread than the one that runs an invocation in it, which sees it end."""
        self._process.signal(signal.SIGKILL)

    def end(self) -> None:
        """Kill what is left of it, and remove its folder."""
        self.dead = True
        self._process.signal(signal.SIGKILL)
        for descriptor in (self._process.output, self._process.status, self._way):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        shutil.rmtree(self._folder, ignore_errors=True)


def _day(aws: Aws) -> str:
    return datetime.datetime.fromtimestamp(aws.clock.now(), datetime.UTC).strftime("%Y/%m/%d")


def _now(aws: Aws) -> str:
    moment = datetime.datetime.fromtimestamp(aws.clock.now(), datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
