"""The training jobs of a tuning job, as its document keeps them: HyperParameterTrainingJobSummary."""

from collections.abc import Iterable
from typing import Any

from local_aws.jobs.tuning import settings
from local_aws.jobs.tuning.sampler import Trial

Document = dict[str, Any]

#: What a summary takes over from the training job.
TAKEN = (
    "TrainingJobName",
    "TrainingJobArn",
    "TrainingJobStatus",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "FailureReason",
)


def begun(tuning: Document, values: dict[str, str], job: Document) -> Document:
    """A trial whose training job has just been created."""
    name = tuning["TrainingJobDefinition"].get("DefinitionName")
    return {
        **taken(job),
        "TuningJobName": tuning["HyperParameterTuningJobName"],
        "TunedHyperParameters": values,
        "ObjectiveStatus": "Pending",
        **({"TrainingJobDefinitionName": name} if name else {}),
    }


def taken(job: Document) -> Document:
    return {member: job[member] for member in TAKEN if member in job}


def ended(tuning: Document, trial: Document, job: Document) -> Document:
    """The trial with its training job's end and its objective: the last value on the log, as AWS has it."""
    objective = settings.objective_of(tuning)
    found = [row["Value"] for row in job.get("FinalMetricDataList", []) if row["MetricName"] == objective["MetricName"]]
    if not found or job["TrainingJobStatus"] == "Failed":
        return trial | taken(job) | {"ObjectiveStatus": "Failed"}
    metric = {"Type": objective["Type"], "MetricName": objective["MetricName"], "Value": found[0]}
    return trial | taken(job) | {"ObjectiveStatus": "Succeeded", "FinalHyperParameterTuningJobObjectiveMetric": metric}


def score(trial: Document) -> float | None:
    metric = trial.get("FinalHyperParameterTuningJobObjectiveMetric")
    return float(metric["Value"]) if metric else None


def running(trials: Iterable[Document]) -> list[Document]:
    return [trial for trial in trials if trial["TrainingJobStatus"] in ("InProgress", "Stopping")]


def best(trials: Iterable[Document], maximise: bool) -> Document | None:
    """The completed trial with the best objective, the earliest of equal ones; a stopped one has no whole model."""
    scored = [(found, trial) for trial in trials if (found := score(trial)) is not None]
    whole = [(found, trial) for found, trial in scored if trial["TrainingJobStatus"] == "Completed"]
    if not whole:
        return None
    return (max if maximise else min)(whole, key=lambda pair: pair[0])[1]


def since_best(trials: Iterable[Document], maximise: bool) -> int:
    """How many ended trials there are after the best one."""
    done = [trial for trial in trials if trial["TrainingJobStatus"] not in ("InProgress", "Stopping")]
    top = best(done, maximise)
    return len(done) - 1 - done.index(top) if top else 0


def told(trial: Document) -> Trial:
    """The trial as a sampler hears of it."""
    return Trial(trial["TunedHyperParameters"], score(trial), bool(running([trial])))
