"""One request to a model with its retries, and what a job says when there is no good answer.

The words are those of SageMaker's data log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from local_aws.serving import Chain
from local_aws.serving.failure import NoAnswerError

#: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ModelClientConfig.html
TIMEOUT, RETRIES = 600, 3


class FileError(Exception):
    """A file cannot be transformed.

    side   "ClientError" or "AlgorithmError": whose fault it is
    lines  what the data log says of it, without the file's name
    """

    def __init__(self, side: str, *lines: str) -> None:
        super().__init__(" ".join(lines))
        self.side = side
        self.lines = lines


@dataclass(frozen=True)
class Client:
    """Asks one instance.

    timeout  seconds of the machine's own time: a model is no faster with a faster clock
    retries  how often again, after a 5xx or no answer
    stopped  whether nobody wants an answer any longer
    """

    chain: Chain
    stopped: Callable[[], bool]
    timeout: int = TIMEOUT
    retries: int = RETRIES
    headers: Mapping[str, str] = field(default_factory=dict)

    def invoke(self, body: bytes) -> bytes:
        """The answer to /invocations. Raises FileError."""
        error = FileError("AlgorithmError")
        for _ in range(self.retries + 1):
            if self.stopped():
                break
            try:
                _, answer = self.chain.call(self.headers, body, self.timeout)
            except NoAnswerError as lost:
                error = FileError("AlgorithmError", "Unable to get response from algorithm", f"Message: {lost}")
                continue
            if 200 <= answer.status < 300:
                return answer.body
            error = _refused(answer.status, answer.body)
            if answer.status < 500:
                break
        raise error


def _refused(status: int, body: bytes) -> FileError:
    said = body[:1000].decode("utf-8", "replace")
    if status < 500:
        return FileError("ClientError", f"ClientError: {status}", "Message:", said)
    return FileError("AlgorithmError", f"Bad HTTP status received from algorithm: {status}", "Message:", said)
