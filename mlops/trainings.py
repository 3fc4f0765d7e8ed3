"""What a tuning job tried, and what managed Spot training saved: the training jobs behind the steps of an execution."""

import boto3
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from contract.documents import Document
from mlops import output

#: What a table of trials cannot say: a tuning job has trials out of its ranges only.
NO_TRIAL = (
    "The configuration's own hyperparameters were no trial: whether the best one is any better says the comparison "
    "with the champion."
)

#: What a listing shows of each trial, in AWS's words.
FIELDS = ("TrainingJobName", "TrainingJobStatus", "TunedHyperParameters", "FinalHyperParameterTuningJobObjectiveMetric")


def of(report: Document) -> Document:
    """`Trials` (step → its training jobs, in the order of their begin) and `SpotSavings` (step → share of the training
    time that was not billed) of an execution's report, each as far as there is any.
    """
    trials = {step["StepName"]: found for step in report["Steps"] if (found := _trials(step))}
    savings = {step["StepName"]: share for step in report["Steps"] if (share := _saving(step, trials)) is not None}
    return {**({"Trials": trials} if trials else {}), **({"SpotSavings": savings} if savings else {})}


def _trials(step: Document) -> list[Document]:
    name = _job(step, "TuningJob")
    if not name:
        return []
    pages = (
        boto3.client("sagemaker")
        .get_paginator("list_training_jobs_for_hyper_parameter_tuning_job")
        .paginate(HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Ascending")
    )
    found = [row for page in pages for row in page["TrainingJobSummaries"]]
    return [{field: row[field] for field in FIELDS if field in row} for row in found]


def _saving(step: Document, trials: dict[str, list[Document]]) -> float | None:
    """1 − BillableTimeInSeconds / TrainingTimeInSeconds over the step's Spot jobs; None where nothing was saved."""
    own = _job(step, "TrainingJob")
    names = [own] if own else [row["TrainingJobName"] for row in trials.get(step["StepName"], [])]
    client = boto3.client("sagemaker")
    jobs = [client.describe_training_job(TrainingJobName=name) for name in names]
    measured = [job for job in jobs if job.get("EnableManagedSpotTraining") and job.get("TrainingTimeInSeconds")]
    trained = sum(job["TrainingTimeInSeconds"] for job in measured)
    billed = sum(job["BillableTimeInSeconds"] for job in measured)
    return 1 - billed / trained if billed < trained else None


def _job(step: Document, kind: str) -> str:
    arn = (step.get("Metadata") or {}).get(kind, {}).get("Arn", "")
    return str(arn).rpartition("/")[2]


def table(trials: list[Document]) -> Table:
    """One row a trial, with its values and its objective; the best one is marked."""
    scored = [row["FinalHyperParameterTuningJobObjectiveMetric"] for row in trials if FIELDS[3] in row]
    metric = scored[0]["MetricName"] if scored else "objective"
    choose = max if scored and scored[0].get("Type") == "Maximize" else min
    best = choose((row["Value"] for row in scored), default=None)
    found = output.table("Trial", "Status", metric, "Hyperparameters")
    for number, row in enumerate(trials, 1):
        value = row.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value")
        values = sorted(row.get("TunedHyperParameters", {}).items())
        foremost = value is not None and value == best
        shown = Text("" if value is None else f"{value:.5g}", style="bold green" if foremost else "")
        status = output.status(row["TrainingJobStatus"])
        found.add_row(
            f"{number} best" if foremost else str(number),
            status,
            shown,
            ", ".join(f"{name} {_short(text)}" for name, text in values),
        )
    return found


def _short(text: str) -> str:
    """A number with four digits, a text as it is."""
    try:
        return f"{float(text):.4g}"
    except ValueError:
        return text


def shown(found: Document) -> list[RenderableType]:
    """What `of` found, for a person."""
    tables: list[RenderableType] = []
    for trials in found.get("Trials", {}).values():
        tables += [table(trials), Text(NO_TRIAL, style="dim")]
    words = [
        f"{step}: Spot saved {share:.0%} of the training time" for step, share in found.get("SpotSavings", {}).items()
    ]
    return [*tables, *words]
