"""An instance: one container, or several of which each gets what the one before answered."""

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from local_aws.serving.connection import Answer, Piece
from local_aws.serving.container import Container
from local_aws.serving.failure import NoAnswerError, ServingError

INVOCATIONS = "/invocations"


class Chain:
    """The containers of a model on one instance.

    outstanding  requests that wait for an answer now
    """

    def __init__(self, containers: Sequence[Container]) -> None:
        self.id = f"i-{uuid.uuid4().hex[:17]}"
        self.containers = tuple(containers)
        self.outstanding = 0

    @property
    def ready(self) -> bool:
        """Whether all answered their last ping and run."""
        return all(container.ready for container in self.containers)

    def start(self) -> None:
        """Start all; then `wait_ready`. Raises ServingError."""
        for container in self.containers:
            container.start()

    def wait_ready(self, seconds: float) -> None:
        """Raises ServingError."""
        for container in self.containers:
            container.wait_ready(seconds)

    def cancel(self) -> None:
        """Let `wait_ready` fail; from another thread."""
        for container in self.containers:
            container.cancel()

    def stop(self) -> None:
        with ThreadPoolExecutor(len(self.containers)) as threads:
            list(threads.map(Container.stop, self.containers))

    async def invoke(
        self, headers: bytes, content_type: bytes, body: bytes, timeout: float, piece: Piece | None = None
    ) -> tuple[int, Answer]:
        """POST /invocations through the chain, in the event loop.

        headers  further header lines, each with its CRLF, for every container
        piece    gets the body of the last container as it comes; the answer has none then
        Returns the number of the container that answered last (0 for the first) and its answer: the last container,
        or the one that did not answer with 2xx. Raises NoAnswerError.
        """
        last = len(self.containers) - 1
        for number, container in enumerate(self.containers):
            head = b"POST /invocations HTTP/1.1\r\nhost: localhost\r\ncontent-type: %b\r\n%b" % (content_type, headers)
            try:
                answer = await container.pool.request(head, body, timeout, piece if number == last else None)
            except NoAnswerError as error:
                error.container = container.definition.name
                raise
            if number == last or not 200 <= answer.status < 300:
                return number, answer
            body, content_type = answer.body, answer.content_type
        raise ServingError("A chain without containers.")

    def call(self, headers: Mapping[str, str], body: bytes, timeout: float) -> tuple[int, Answer]:
        """As `invoke`, from a thread. Raises NoAnswerError."""
        given = dict(headers)
        for number, container in enumerate(self.containers):
            answer = container.call("POST", INVOCATIONS, given, body, timeout)
            if number == len(self.containers) - 1 or not 200 <= answer.status < 300:
                return number, answer
            body = answer.body
            given = given | {"content-type": answer.content_type.decode("latin-1")}
        raise NoAnswerError("A chain without containers.")
