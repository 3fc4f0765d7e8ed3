"""One container of a model as a process: its folder shaped like /opt/ml, its socket, its pings, its restarts."""

import logging
import shutil
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from local_aws.errors import AwsError
from local_aws.jobs.failure import JobError
from local_aws.jobs.folder import HostFolder
from local_aws.operations import Aws
from local_aws.processes.boot.program import Program
from local_aws.processes.hosts import Hosts, Process
from local_aws.services import logs
from local_aws.serving.artefacts import Artefacts
from local_aws.serving.connection import Answer, Piece, Pool, call, listen
from local_aws.serving.definition import Definition
from local_aws.serving.failure import NoAnswerError, ServingError
from local_aws.serving.following import Follower

log = logging.getLogger("local_aws.serving")

#: Seconds that one ping may take, as on AWS.
PING = 2.0

#: Seconds between SIGTERM and SIGKILL.
GRACE = 2.0

#: Seconds before a container that crashed again and again is started again; the first time it is at once.
PAUSES = (0.0, 1.0, 2.0, 5.0, 10.0)

#: A container that has ended so often before it answered is not waited for.
HOPELESS = 2


class Container:
    """A process that serves one container; it is started again when it ends by itself.

    folder  what it may write to; removed at the end
    stream  the log group and stream that its output goes to
    changed called, from any thread, when it began or ceased to be ready
    """

    def __init__(
        self,
        aws: Aws,
        definition: Definition,
        folder: Path,
        stream: tuple[str, str],
        *,
        network: bool,
        environment: Mapping[str, str],
        artefacts: Artefacts,
        follower: Follower,
        changed: Callable[[], None],
    ) -> None:
        self.definition = definition
        self.ready = False
        self.last_line = ""
        self.restarts = 0
        self._aws = aws
        self.folder = folder
        self._stream = stream
        self._network = network
        self._environment = {**definition.environment, **environment}
        self._artefacts = artefacts
        self._follower = follower
        self._changed = changed
        self._image = aws.images.find(definition.image)
        self._listener = listen()
        self.address = self._listener.getsockname()
        self.pool = Pool(self.address)
        self._model: Path | None = None
        self._process: Process | None = None
        self._stopping = threading.Event()
        self._changing = threading.Lock()  # a start that begins before a stop is over before it
        self._ended = threading.Event()

    # life

    def start(self) -> None:
        """Begin; it is not ready yet. Nothing begins after `stop`. Raises ServingError."""
        with self._changing:
            if self._stopping.is_set():
                return
            try:
                host = self._aws.part(Hosts).of(self._image)
                shutil.rmtree(self.folder, ignore_errors=True)
                folder = HostFolder(self.folder, self.definition.name, host.namespaces)
                folder.make(host.settings)
                program = self._program(folder)
                self._process = host.start(program, self._listener)
                self._ended.clear()
            except (OSError, JobError, AwsError) as error:
                raise ServingError(f"The container {self.definition.name} cannot be started: {error}") from error
            self._follower.follow(self._process, self._lines, self._end)

    def _program(self, folder: HostFolder) -> Program:
        if self.definition.data:
            if self._model is None:
                self._model = self._artefacts.take(self.definition.data)
            folder.real("/opt/ml/model").symlink_to(self._model)
            if folder.links:
                folder.read_only.append(self._model)
        else:
            folder.real("/opt/ml/model").mkdir()
        stand_in = folder.root / "stand_in"
        for source in self._image.code:
            shutil.copytree(source, stand_in / Path(source).name, ignore=shutil.ignore_patterns("__pycache__"))
        environment = folder.environment(self._aws, network=self._network)
        environment |= {"SM_MODEL_DIR": "/opt/ml/model"} | self._environment
        environment["PYTHONPATH"] = ":".join(filter(None, [str(stand_in), environment.get("PYTHONPATH")]))
        return folder.program(self._image.serve, environment, network=self._network)

    def wait_ready(self, seconds: float) -> None:
        """Ping until it answers with 200. Raises ServingError when it does not within `seconds`, or keeps ending.

        Seconds of the machine's own time: loading a model does not go faster with a faster clock.
        """
        end = time.monotonic() + seconds
        pause = 0.005
        while not self._stopping.is_set():
            if self.restarts >= HOPELESS and self._ended.is_set():
                break
            if self.ping():
                self.ready = True
                self._changed()
                return
            if time.monotonic() > end:
                break
            self._stopping.wait(pause)
            pause = min(pause * 1.5, 0.25)
        said = f" The log ends with: {self.last_line[:300]}" if self.last_line else ""
        raise ServingError(
            f"The {self.definition.name} container did not pass the ping health check. Please check CloudWatch logs"
            f" for this endpoint.{said}"
        )

    def ping(self) -> bool:
        if self._ended.is_set():
            return False
        try:
            return call(self.address, "GET", "/ping", {}, None, PING).status == 200
        except NoAnswerError:
            return False

    def cancel(self) -> None:
        """Whoever waits for it gives up; `stop` comes next."""
        self._stopping.set()

    def stop(self) -> None:
        """End the process and remove its folder; nothing is left."""
        self._stopping.set()
        self.ready = False
        with self._changing:
            self._listener.close()
            if self._process:
                self._process.signal(signal.SIGTERM)
                if not self._ended.wait(GRACE):
                    self._process.signal(signal.SIGKILL)
                    self._ended.wait(GRACE)
            shutil.rmtree(self.folder, ignore_errors=True)
            if self._model:
                self._artefacts.release(self._model)
                self._model = None

    def _lines(self, lines: list[str]) -> None:
        self.last_line = lines[-1]
        logs.append(self._aws, *self._stream, lines)

    def _end(self, code: int | None) -> None:
        """It ended by itself or because it had to."""
        self.ready = False
        self._ended.set()
        if self._stopping.is_set():
            return
        self._changed()
        threading.Thread(target=self._again, name="container-again", daemon=True).start()
        said = f"local_aws: the container ended with exit code {code} and is started again."
        logs.append(self._aws, *self._stream, [said])  # last, as the disk may be full

    def _again(self) -> None:
        """Start it until that works, and ping it; when the new process ends as well, its end leads here again."""
        while not self._stopping.wait(PAUSES[min(self.restarts, len(PAUSES) - 1)]):
            self.restarts += 1
            try:
                self.start()
            except ServingError as error:  # its host has just died, for example
                log.warning("%s", error)
                continue
            while not (self.ready or self._ended.is_set() or self._stopping.wait(0.02)):
                if self.ping():
                    self.ready = True
                    self._changed()
            return

    # requests

    async def request(self, head: bytes, body: bytes, timeout: float, piece: Piece | None = None) -> Answer:
        """In the event loop; see `Pool.request`. Raises NoAnswerError."""
        return await self.pool.request(head, body, timeout, piece)

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> Answer:
        """From a thread. Raises NoAnswerError."""
        return call(self.address, method, path, headers, body, timeout)
