"""What keeps tuning jobs going: the end of a training job, its score, and the start of the next are one commit."""

import hashlib
import threading
from collections.abc import Iterable
from typing import Any

from local_aws.errors import AwsError
from local_aws.jobs.jobs import KINDS, OPEN, Jobs
from local_aws.jobs.kind import Outcome
from local_aws.jobs.tuning import median, sampler, settings, trials
from local_aws.jobs.tuning.tuning import counters
from local_aws.operations import Aws

Document = dict[str, Any]

KIND = KINDS["HyperParameterTuning"]

#: Tuning job/training job → the objectives on its log, while it is tuned with early stopping.
CURVES = "sagemaker:TuningCurve"

#: After so many training jobs without an objective on their log, the tuning job fails.
FRUITLESS = 5


class Watched:
    """A training job whose log is followed: its objectives so far, and those of earlier jobs."""

    def __init__(self, tuning: Document, earlier: list[list[float]]) -> None:
        self.metric = settings.objective_of(tuning)["MetricName"]
        self.maximise = settings.maximises(tuning)
        self.early = tuning["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Auto"
        self.earlier = earlier
        self.curve: list[float] = []
        self.stopped = False


class Tuner:
    """The living part of tuning: `Jobs` calls it inside the transactions that create, stop and end jobs."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._jobs = aws.part(Jobs)
        self._jobs.supervisors[KIND.name] = self
        self._jobs.on_end(self._ended)
        self._jobs.observers.append(self._observe)
        self._watched: dict[str, Watched] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Go on where an earlier server was killed: every commit left a state from which training jobs run."""
        for name, tuning in self._aws.store.scan(KIND.store_kind):
            if tuning[KIND.status_member] in OPEN:
                with self._aws.store.transaction():
                    self._advance(self._load(name))

    def stop(self) -> None:
        """Nothing runs here."""

    def begin(self, tuning: Document) -> None:
        """The tuning job has been created."""
        self._advance(tuning)

    def halt(self, tuning: Document) -> None:
        """The tuning job shall stop; its status says so already."""
        self._stop_running(tuning)
        self._advance(tuning)

    # how it goes on; all inside a transaction

    def _advance(self, tuning: Document) -> None:
        """Start what may start, end what is over, and save."""
        config = tuning["HyperParameterTuningJobConfig"]
        limits, found = config["ResourceLimits"], tuning["Trials"]
        try:
            while (
                tuning[KIND.status_member] == "InProgress"
                and not tuning.get("Complete")
                and len(found) < limits["MaxNumberOfTrainingJobs"]
                and len(trials.running(found)) < limits["MaxParallelTrainingJobs"]
            ):
                self._launch(tuning)
        except AwsError as error:
            tuning["Complete"], tuning["FailureReason"] = True, f"ClientError: {error.message}"
            self._stop_running(tuning)
        tuning |= counters(found)
        if trials.running(found):
            self._aws.store.put(KIND.store_kind, tuning[KIND.name_member], tuning)
        else:
            self._end(tuning)

    def _launch(self, tuning: Document) -> None:
        number = len(tuning["Trials"]) + 1
        name = tuning[KIND.name_member]
        values = sampler.ask(
            tuning["HyperParameterTuningJobConfig"]["Strategy"],
            settings.ranges_of(tuning),
            self._seed(tuning),
            [trials.told(trial) for trial in tuning["Trials"]],
            [trials.told(trial) for trial in self._parents(tuning)],
            settings.maximises(tuning),
        )
        digest = hashlib.sha256(f"{tuning[KIND.arn_member]} {tuning['CreationTime']} {number}".encode()).hexdigest()
        job = f"{name}-{number:03d}-{digest[:8]}"
        request = settings.training_request(tuning, job, values)
        self._jobs.submit("Training", request | {"TuningJobArn": tuning[KIND.arn_member]})
        tuning["Trials"].append(trials.begun(tuning, values, self._jobs.describe("Training", job)))

    def _ended(self, kind: str, job: Document) -> None:
        if kind != "Training" or not job.get("TuningJobArn"):
            return
        name = job["TrainingJobName"]
        with self._lock:
            watched = self._watched.pop(name, None)
        tuning = self._aws.store.get(KIND.store_kind, _name(job["TuningJobArn"]))
        if tuning is None or tuning[KIND.status_member] not in OPEN:
            return
        found = tuning["Trials"]
        number = next(index for index, trial in enumerate(found) if trial["TrainingJobName"] == name)
        found[number] = trials.ended(tuning, found[number], job)
        if watched and watched.early and job["TrainingJobStatus"] == "Completed":
            self._aws.store.put(CURVES, f"{tuning[KIND.name_member]}/{name}", {"Values": watched.curve})
        self._judge(tuning)
        self._advance(tuning)

    def _judge(self, tuning: Document) -> None:
        """The best so far, and whether that is enough."""
        found, maximise = tuning["Trials"], settings.maximises(tuning)
        if top := trials.best(found, maximise):
            tuning["BestTrainingJob"] = top
        overall = trials.best([*self._identical(tuning), *found], maximise)
        if overall and tuning.get("WarmStartConfig", {}).get("WarmStartType") == "IdenticalDataAndAlgorithm":
            tuning["OverallBestTrainingJob"] = overall
        idle = trials.since_best(found, maximise)
        tuning["TuningJobCompletionDetails"] = {"NumberOfTrainingJobsObjectiveNotImproving": idle}
        if _enough(tuning, top, idle, maximise):
            tuning["Complete"] = True
            self._stop_running(tuning)

    def _end(self, tuning: Document) -> None:
        now, found = self._aws.clock.now(), tuning["Trials"]
        reason = tuning.get("FailureReason") or _fruitless(found)
        status = "Stopped" if tuning[KIND.status_member] == "Stopping" else "Failed" if reason else "Completed"
        spent = sum(
            trial["TrainingEndTime"] - trial["TrainingStartTime"] for trial in found if "TrainingStartTime" in trial
        )
        tuning["ConsumedResources"] = {"RuntimeInSeconds": round(spent)}
        KIND.finish(tuning, Outcome(status, reason if status == "Failed" else "", ended=now))
        for key, _ in self._aws.store.scan(CURVES, f"{tuning[KIND.name_member]}/"):
            self._aws.store.delete(CURVES, key)
        self._jobs.end(KIND.name, tuning)

    def _stop_running(self, tuning: Document) -> None:
        for trial in trials.running(tuning["Trials"]):
            self._jobs.stop("Training", trial["TrainingJobName"])

    # early stopping; called by the thread of a training job as lines of its log arrive

    def _observe(self, job: Document, metrics: Iterable[tuple[str, float]]) -> None:
        if not job.get("TuningJobArn"):
            return
        name = job["TrainingJobName"]
        with self._lock:
            watched = self._watched.get(name)
        if watched is None:
            watched = self._watch(job)
            with self._lock:
                self._watched[name] = watched
        for metric, value in metrics:
            if watched.early and not watched.stopped and metric == watched.metric:
                watched.curve.append(value)
                if median.hopeless(watched.curve, watched.earlier, watched.maximise):
                    watched.stopped = True
                    self._jobs.stop("Training", name)

    def _watch(self, job: Document) -> Watched:
        tuning = _name(job["TuningJobArn"])
        earlier = [document["Values"] for _, document in self._aws.store.scan(CURVES, f"{tuning}/")]
        return Watched(self._load(tuning), earlier)

    # where it comes from

    def _load(self, name: str) -> Document:
        document = self._aws.store.get(KIND.store_kind, name)
        if document is None:
            raise KIND.not_found(name)
        return document

    def _seed(self, tuning: Document) -> int:
        given = tuning["HyperParameterTuningJobConfig"].get("RandomSeed")
        name = f"{tuning[KIND.name_member]} {tuning['CreationTime']}"
        return int(given) if given is not None else int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])

    def _parents(self, tuning: Document) -> list[Document]:
        """The trials of the tuning jobs that this one starts warm from."""
        known = [self._aws.store.get(KIND.store_kind, name) for name in settings.parents_of(tuning)]
        return [trial for parent in known if parent for trial in parent["Trials"]]

    def _identical(self, tuning: Document) -> list[Document]:
        warm = (tuning.get("WarmStartConfig") or {}).get("WarmStartType")
        return self._parents(tuning) if warm == "IdenticalDataAndAlgorithm" else []


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _enough(tuning: Document, top: Document | None, idle: int, maximise: bool) -> bool:
    """Whether the completion criteria, or the lack of any objective, end the tuning job."""
    found = tuning["Trials"]
    failed = [trial for trial in found if trial["ObjectiveStatus"] == "Failed"]
    if top is None:
        return len(failed) >= FRUITLESS
    criteria = tuning["HyperParameterTuningJobConfig"].get("TuningJobCompletionCriteria") or {}
    target, value = criteria.get("TargetObjectiveMetricValue"), trials.score(top) or 0.0
    if target is not None and (value >= target if maximise else value <= target):
        return True
    patience = (criteria.get("BestObjectiveNotImproving") or {}).get("MaxNumberOfTrainingJobsNotImproving")
    return patience is not None and idle >= patience


def _fruitless(found: list[Document]) -> str:
    """Why a tuning job without a best training job failed; "" when it has one."""
    if any(trial["ObjectiveStatus"] == "Succeeded" and trial["TrainingJobStatus"] == "Completed" for trial in found):
        return ""
    ran = [trial["TrainingJobStatus"] for trial in found if trial["TrainingJobStatus"] != "Stopped"]
    if ran and set(ran) == {"Failed"}:
        return "All training jobs failed. Please take a look at the training jobs failures to get more details."
    return (
        f"No objective metrics found after running {len(found)} training jobs. Please ensure that the custom algorithm"
        " is emitting the objective metric as defined by the regular expression provided."
    )
