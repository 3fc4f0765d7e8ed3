"""ListTrainingJobsForHyperParameterTuningJob; the siblings of other kinds of jobs are in `jobs.operations`."""

from collections.abc import Iterator
from typing import Any

from local_aws.crud import page
from local_aws.jobs.jobs import Jobs
from local_aws.jobs.tuning import trials
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("sagemaker")

Document = dict[str, Any]

SORT_BY = {
    "Name": "",
    "CreationTime": "CreationTime",
    "Status": "TrainingJobStatus",
    "FinalObjectiveMetricValue": "Score",
}


@operations("ListTrainingJobsForHyperParameterTuningJob")
def list_training_jobs(aws: Aws, request: Request) -> Result:
    tuning = aws.part(Jobs).describe("HyperParameterTuning", request["HyperParameterTuningJobName"])
    return page(
        [shown for shown in summaries(aws, tuning) if request.get("SortBy") != SCORED or shown["Score"] is not None],
        request,
        into="TrainingJobSummaries",
        name="TrainingJobName",
        sort_by=SORT_BY,
        default=("Name", "Ascending"),
        filters={"StatusEquals": "TrainingJobStatus"},
        size=10,
    )


#: Lists the jobs that have an objective; AWS leaves the others out as well.
SCORED = "FinalObjectiveMetricValue"


def summaries(aws: Aws, tuning: Document) -> Iterator[Document]:
    """The trials, those that run as their training jobs stand now."""
    for trial in tuning["Trials"]:
        fresh = trials.taken(aws.part(Jobs).describe("Training", trial["TrainingJobName"])) if _open(trial) else {}
        yield trial | fresh | {"Score": trials.score(trial)}


def best_first(aws: Aws, tuning: Document) -> list[Document]:
    """The trials with an objective, best first: what `TrainingJobSummaries[k]` of a tuning step means."""
    found = [trial for trial in summaries(aws, tuning) if trial["Score"] is not None]
    highest = any(trial["FinalHyperParameterTuningJobObjectiveMetric"]["Type"] == "Maximize" for trial in found)
    return sorted(found, key=lambda trial: trial["Score"], reverse=highest)


def _open(trial: Document) -> bool:
    return bool(trials.running([trial]))
