"""One instance of a transform job: a served model and the files that are its share."""

import gzip
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, BinaryIO, cast

from local_aws.errors import AwsError
from local_aws.jobs.failure import JobError
from local_aws.jobs.inputs import Item
from local_aws.jobs.transform import records
from local_aws.jobs.transform.invocations import RETRIES, TIMEOUT, Client, FileError
from local_aws.jobs.transform.records import Processing, RecordError
from local_aws.jobs.transform.result import Result
from local_aws.jobs.transform.settings import Settings, environment, execution_parameters, settings_of
from local_aws.jobs.transform.splitting import SPLITS, PayloadError
from local_aws.operations import Aws
from local_aws.s3 import objects
from local_aws.services import logs
from local_aws.serving import Chain, Serving, ServingError
from local_aws.serving.failure import NoAnswerError

Document = Mapping[str, Any]

#: Seconds of the machine's own time until a container must have answered /ping.
STARTING = 600.0

#: Seconds for an answer to /execution-parameters.
ASKING = 60.0

#: A request on its way: the file it belongs to, its records, its answer. Without records: the file ends here.
Sent = tuple[Result, bytes, "Future[bytes] | None"]


class Instance:
    """Transforms its files one after another, so many requests at a time as the settings say.

    results  what has become of the files, in their order
    """

    def __init__(
        self, aws: Aws, job: Document, model: dict[str, Any], items: Sequence[Item], processing: Processing
    ) -> None:
        self.results: list[Result] = []
        self._aws = aws
        self._job = job
        self._model = model
        self._items = items
        self._processing = processing
        self._stopped = False
        self._ended = False
        self._chain: Chain | None = None
        self._lock = threading.Lock()
        self._log = f"{job['TransformJobName']}/{{instance}}-{round(aws.clock.now())}"

    def stop(self) -> None:
        """From another thread: the container ends, and `run` soon afterwards."""
        self._stopped = True
        self._end()

    def run(self) -> None:
        """Serve the model and transform the files. Raises JobError when the model cannot be served."""
        serving = self._aws.part(Serving)
        try:
            group = "/aws/sagemaker/TransformJobs"
            self._chain = serving.begin(self._model, group, self._log, environment=environment(self._job))
        except ServingError as error:
            raise JobError(f"ClientError: {error}") from error
        try:
            self._chain.wait_ready(STARTING)
            settings = self._settings(self._chain)
            self._say(str(settings))
            self._transform(self._client(self._chain), settings)
        except ServingError as error:
            last = next((c.last_line for c in self._chain.containers if c.last_line and not c.ready), "")
            said = f" The log ends with: {last}" if last else ""
            raise JobError(f"AlgorithmError: The model container did not respond to /ping.{said}") from error
        finally:
            self._end()

    def _end(self) -> None:
        """Once, whoever is first."""
        with self._lock:
            if self._chain and not self._ended:
                self._ended = True
                self._aws.part(Serving).end(self._chain)

    def _settings(self, chain: Chain) -> Settings:
        try:
            answer = chain.containers[0].call("GET", "/execution-parameters", {}, None, ASKING)
        except NoAnswerError:
            return settings_of(self._job, {})
        return settings_of(self._job, execution_parameters(answer.status, answer.body))

    def _client(self, chain: Chain) -> Client:
        given = self._job.get("ModelClientConfig") or {}
        headers = {
            "content-type": self._job["TransformInput"].get("ContentType"),
            "accept": self._job["TransformOutput"].get("Accept"),
        }
        return Client(
            chain,
            lambda: self._stopped,
            given.get("InvocationsTimeoutInSeconds", TIMEOUT),
            given.get("InvocationsMaxRetries", RETRIES),
            {name: value for name, value in headers.items() if value},
        )

    def _transform(self, client: Client, settings: Settings) -> None:
        """Answers are written in the order of the records; one request waits while the others are on their way."""
        sent: deque[Sent] = deque()
        with ThreadPoolExecutor(settings.concurrency, thread_name_prefix="transform") as threads:
            for result, body in self._bodies(settings):
                request = self._selected(result, body)
                if result.error and body:
                    continue
                sent.append((result, body, threads.submit(client.invoke, request) if body else None))
                while len(sent) > settings.concurrency:
                    self._take(*sent.popleft())
            while sent:
                self._take(*sent.popleft())

    def _selected(self, result: Result, body: bytes) -> bytes:
        """What of the records the model gets; a filter that finds nothing fails the file."""
        form = records.format_of(self._job["TransformInput"].get("ContentType") or "")
        if not (body and form and self._processing.input_filter):
            return body
        try:
            return form.select(body, self._processing)
        except RecordError as error:
            result.fail(FileError("ClientError", f"ClientError: {error}"))
            return b""

    def _bodies(self, settings: Settings) -> Iterator[tuple[Result, bytes]]:
        """The records of each request, and an empty body at the end of each file."""
        given, output = self._job["TransformInput"], self._job["TransformOutput"]
        split = SPLITS[given.get("SplitType", "None"), settings.strategy]
        for item in self._items:
            if self._stopped:
                return
            by_line = output.get("AssembleWith") == "Line"
            result = Result(self._aws, item, output["S3OutputPath"], by_line=by_line)
            self.results.append(result)
            try:
                with _open(self._aws, item, given.get("CompressionType", "None")) as file:
                    for body in split(file, settings.limit):
                        if result.error or self._stopped:
                            break
                        yield result, body
            except (PayloadError, AwsError, gzip.BadGzipFile, EOFError, zlib.error) as error:
                result.fail(FileError("ClientError", f"ClientError: {error}"))
            yield result, b""

    def _take(self, result: Result, body: bytes, future: "Future[bytes] | None") -> None:
        """Write an answer, or end a file."""
        if future is None:
            self._finish(result)
            return
        try:
            answer = future.result()
            if not result.error:
                result.write(self._written(body, answer))
        except FileError as error:
            result.fail(error)
        except RecordError as error:
            result.fail(FileError("ClientError", f"ClientError: {error}"))

    def _written(self, body: bytes, answer: bytes) -> bytes:
        if not self._processing.changes_output:
            return answer
        joins = self._processing.join or self._processing.output_filter
        given = self._job["TransformInput"].get("ContentType") if joins else self._job["TransformOutput"]["Accept"]
        form = records.format_of(given)
        return form.results(body, answer, self._processing) if form else answer

    def _finish(self, result: Result) -> None:
        if self._stopped:
            result.fail(FileError("ClientError", "The job was stopped."))
        result.finish()
        for line in result.error.lines if result.error else ():
            self._say(f"{result.item.bucket}/{result.item.key}: {line}")

    def _say(self, line: str) -> None:
        """To the data log, as SageMaker writes it."""
        at = datetime.fromtimestamp(self._aws.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        stream = self._log.replace("{instance}", self._chain.id if self._chain else "")
        logs.append(self._aws, "/aws/sagemaker/TransformJobs", f"{stream}/data-log", [f"{at}:[sagemaker logs]: {line}"])


def _open(aws: Aws, item: Item, compression: str) -> BinaryIO:
    """The object's bytes, decompressed. Raises AwsError when it is gone."""
    blob = objects.read(aws, item.bucket, item.key).blob
    return cast(BinaryIO, gzip.open(blob)) if compression == "Gzip" else blob.open("rb")
