"""The kind of job: its names, its check, and how its document begins and ends."""

from local_aws.errors import AwsError
from local_aws.jobs.kind import Document, Kind, Outcome
from local_aws.jobs.tuning import settings
from local_aws.operations import Aws


class Tuning(Kind):
    """See https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html.

    No worker runs it: its training jobs do, and `tuner.Tuner` goes on whenever one of them ends.
    """

    name = "HyperParameterTuning"
    exists = "A hyperparameter tuning job with the name already exists ({arn})"
    missing = "Could not find requested job with name: {name}"
    supervised = True

    @property
    def title(self) -> str:
        return "SageMaker HyperParameter Tuning Job State Change"

    def arn(self, aws: Aws, name: str) -> str:
        return aws.arn("sagemaker", f"hyper-parameter-tuning-job/{name}")

    def not_found(self, name: str) -> AwsError:
        return AwsError("ResourceNotFound", self.missing.format(name=name))

    def check(self, aws: Aws, request: Document) -> Document:
        document = settings.check(aws, request)
        config = document["HyperParameterTuningJobConfig"]
        listed = {member: config[member] for member in ("Strategy", "ResourceLimits")}  # as lists show them
        return document | {"Trials": [], **listed, **counters([])}

    def run(self, *_: object) -> Outcome:
        raise AssertionError("No worker runs a tuning job.")

    def progress(self, document: Document, phase: str, now: float) -> None:
        """It has no phases."""

    def finish(self, document: Document, outcome: Outcome) -> None:
        document["HyperParameterTuningJobStatus"] = outcome.status
        document["HyperParameterTuningEndTime"] = document["LastModifiedTime"] = outcome.ended
        if outcome.reason:
            document["FailureReason"] = outcome.reason


def counters(trials: list[Document]) -> Document:
    """`TrainingJobStatusCounters` and `ObjectiveStatusCounters` of the trials."""
    statuses = [_status(trial) for trial in trials]
    objectives = [trial["ObjectiveStatus"] for trial in trials]
    jobs = ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped")
    return {
        "TrainingJobStatusCounters": {name: statuses.count(name) for name in jobs},
        "ObjectiveStatusCounters": {name: objectives.count(name) for name in ("Succeeded", "Pending", "Failed")},
    }


def _status(trial: Document) -> str:
    status = str(trial["TrainingJobStatus"])
    if status == "Failed":
        retryable = trial.get("FailureReason", "").startswith("InternalServerError")
        return "RetryableError" if retryable else "NonRetryableError"
    return "InProgress" if status == "Stopping" else status
