"""The program that a function's code runs in: `runtime.py SETTINGS`. It needs nothing but the standard library.

It imports the handler, then takes one invocation after another from a named pipe. What it tells of itself is in lines
of its output that begin with the settings' mark; everything else there is the function's log.

The forms of errors and of log lines are those of AWS's runtime interface client for Python:
https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

import base64
import importlib
import json
import logging
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]

Handler = Callable[[Any, "Context"], Any]

#: The longest answer, in bytes.
LONGEST = 6 * 1024 * 1024


class Context:
    """What a handler learns of its invocation.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, told: Document) -> None:
        self.aws_request_id: str = told["RequestId"]
        self.function_name: str = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version: str = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb: str = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name: str = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name: str = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn: str = told["Arn"]
        self.identity = None
        self.client_context = json.loads(base64.b64decode(told["ClientContext"])) if told["ClientContext"] else None
        self._seconds: float = told["Seconds"]
        self._began = time.monotonic()

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._seconds - (time.monotonic() - self._began)) * 1000))


class Log(logging.Handler):
    """The handler that the root logger has on Lambda."""

    def __init__(self) -> None:
        super().__init__()
        form = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(request)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
        form.converter = time.gmtime
        self.setFormatter(form)
        self.request = ""

    def emit(self, record: logging.LogRecord) -> None:
        record.request = self.request
        tell({"Say": self.format(record)})


def tell(message: Document) -> None:
    content = f"{_mark}{json.dumps(message)}\n".encode()
    while content:
        content = content[os.write(1, content) :]


_mark = ""


def load(name: str) -> tuple[Handler | None, Document | None]:
    """The handler `package.module.function`, or the error that every invocation gets."""
    module_name, dot, function = name.rpartition(".")
    if not dot:
        message = f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)"
        return None, failure("Runtime.MalformedHandlerName", message)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        return None, failure("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}")
    except SyntaxError as error:
        return None, failure("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}")
    except Exception as error:  # noqa: BLE001  every invocation answers with it
        return None, described(error)
    if not hasattr(module, function):
        return None, failure("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return getattr(module, function), None


def failure(kind: str, message: str) -> Document:
    return {"errorMessage": message, "errorType": kind, "stackTrace": []}


def described(error: BaseException) -> Document:
    """An exception of the handler, without this program's own frames."""
    ours = (str(Path(__file__).parents[2]), "<frozen")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(ours)]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_list(frames),
    }


def answer(handler: Handler | None, broken: Document | None, told: Document, log: Log) -> tuple[str, bool]:
    """The answer as JSON, and whether it is an error."""
    log.request = told["RequestId"]
    error = broken
    if handler is not None:
        try:
            event = json.loads(Path(told["Event"]).read_bytes() or b"{}")
            result = handler(event, Context(told))
            return _marshalled(result), False
        except _MarshalError as problem:
            error = failure("Runtime.MarshalError", str(problem))
        except Exception as problem:  # noqa: BLE001  that is how functions fail
            error = described(problem)
    assert error is not None
    stack = "".join(error["stackTrace"])
    shown = f"[ERROR] {error['errorType']}: {error['errorMessage']}"
    tell({"Say": f"{shown}\nTraceback (most recent call last):\n{stack}".rstrip() if stack else shown})
    return json.dumps(error | {"requestId": told["RequestId"]}), True


class _MarshalError(Exception):
    pass


def _marshalled(result: Any) -> str:
    try:
        return json.dumps(result, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise _MarshalError(f"Unable to marshal response: {error}") from None


def memory() -> int:
    """The most memory that this process had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main(settings: Document) -> None:
    global _mark
    _mark = settings["Mark"]
    os.environ.update(settings["Environment"])
    sys.path[:] = [settings["Code"], *(entry for entry in sys.path if entry != str(Path(__file__).parent))]
    sys.argv = [""]
    log = Log()
    logging.getLogger().addHandler(log)
    logging.captureWarnings(capture=True)
    handler, broken = load(settings["Handler"])
    tell({"Ready": True})
    with Path(settings["Requests"]).open("rb") as requests:
        for line in requests:
            told = json.loads(line)
            text, failed = answer(handler, broken, told, log)
            content = text.encode("utf-8", "surrogatepass")
            if len(content) > LONGEST:
                message = f"Response payload size exceeded maximum allowed payload size ({LONGEST} bytes)."
                content = json.dumps(failure("Function.ResponseSizeTooLarge", message)).encode()
                failed = True
            Path(told["Answer"]).write_bytes(content)
            tell({"Done": told["RequestId"], "Failed": failed, "Memory": memory()})


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
