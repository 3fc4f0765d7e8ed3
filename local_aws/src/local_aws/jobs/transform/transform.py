"""CreateTransformJob: a model is served on each instance, and each instance transforms its share of the files.

Every n-th file is for the n-th instance, and instances without a file are not started. A file that fails leaves no
result and makes the job fail; the results of the other files are kept, as
https://docs.aws.amazon.com/sagemaker/latest/dg/batch-transform-errors.html has it. A stopped job leaves none.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from local_aws import models
from local_aws.errors import AwsError
from local_aws.jobs import inputs
from local_aws.jobs.failure import LONGEST, reason_of_error
from local_aws.jobs.inputs import Item
from local_aws.jobs.kind import Document, Kind, Live, Outcome
from local_aws.jobs.outputs import Output
from local_aws.jobs.transform import capture
from local_aws.jobs.transform.instance import Instance
from local_aws.jobs.transform.records import Processing
from local_aws.jobs.transform.settings import check, filters_of
from local_aws.operations import Aws
from local_aws.serving.definition import containers_of


class Transform(Kind):
    """See https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTransformJob.html."""

    name = "Transform"
    exists = "Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
    missing = "Could not find requested job with name: {name}"
    deletable = False

    def check(self, aws: Aws, request: Document) -> Document:
        model = models.describe(aws, request["ModelName"])
        if any("ModelDataSource" in container for container in models.containers_of(model)):
            raise AwsError("ValidationException", "Batch transform does not support models with a ModelDataSource.")
        containers_of(aws, model)
        check(request)
        return request

    def run(self, aws: Aws, document: Document, live: Live, ending: Callable[[], bool]) -> Outcome:  # noqa: ARG002
        instances: list[Instance] = []
        try:
            outcome = self._run(aws, document, live, instances)
        except Exception as error:  # noqa: BLE001  the reason says what it was
            outcome = Outcome("Failed", reason_of_error(error, aws.home))
            _discard(instances)
        outcome.started = document.get("TransformStartTime")
        return outcome

    def _run(self, aws: Aws, document: Document, live: Live, instances: list[Instance]) -> Outcome:
        model = models.describe(aws, document["ModelName"])
        source = document["TransformInput"]["DataSource"]["S3DataSource"]
        items = inputs.items(aws, inputs.Source(source["S3Uri"], source["S3DataType"] == "ManifestFile"))
        self.progress(document, "Transforming", aws.clock.now())
        live.seen = {"TransformStartTime": document["TransformStartTime"]}
        processing = _processing(document)
        count = document["TransformResources"]["InstanceCount"]
        shares = [inputs.share(items, number, count) for number in range(min(count, len(items)))]
        instances += [Instance(aws, document, model, share, processing) for share in shares]
        _run_all(instances, live)
        if live.stop.asked:
            _discard(instances)
            return Outcome("Stopped")
        return _outcome(aws, document, items, instances)

    def progress(self, document: Document, phase: str, now: float) -> None:
        if phase == "Transforming":
            document["TransformStartTime"] = now

    def finish(self, document: Document, outcome: Outcome) -> None:
        document["TransformJobStatus"] = outcome.status
        document["TransformEndTime"] = outcome.ended
        if outcome.reason:
            document["FailureReason"] = outcome.reason


def _processing(document: Document) -> Processing:
    input_filter, output_filter = filters_of(document)
    return Processing(
        input_filter,
        output_filter,
        join=(document.get("DataProcessing") or {}).get("JoinSource") == "Input",
        stamps=capture.stamps(document["TransformStartTime"])
        if (document.get("DataCaptureConfig") or {}).get("GenerateInferenceId")
        else None,
        by_line=document["TransformInput"].get("SplitType") == "Line",
    )


def _run_all(instances: Sequence[Instance], live: Live) -> None:
    """All instances at once until they have ended; one that cannot go on ends the others. Raises its error."""
    with ThreadPoolExecutor(len(instances), thread_name_prefix="instance") as threads:
        futures = [threads.submit(instance.run) for instance in instances]
        while True:
            done, left = wait(futures, 0.1, FIRST_EXCEPTION)
            failed = any(future.exception() for future in done)
            if not left:
                break
            if failed or live.stop.asked:
                for instance in instances:
                    instance.stop()
    if not live.stop.asked:
        for future in futures:
            future.result()


def _outcome(aws: Aws, document: Document, items: Sequence[Item], instances: Sequence[Instance]) -> Outcome:
    results = [result for instance in instances for result in instance.results]
    made: list[Output] = [result.output for result in results if result.output]
    failed = [result for result in results if result.error]
    if failed and (error := failed[0].error):
        reason = f"{error.side}: See job logs for more information. {failed[0].item.key}: {error}"
        return Outcome("Failed", reason.encode("utf-8", "backslashreplace").decode()[:LONGEST], uploads=made)
    return Outcome("Completed", uploads=[*made, *capture.manifests(aws, document, items, made)])


def _discard(instances: Sequence[Instance]) -> None:
    for instance in instances:
        for result in instance.results:
            result.discard()
