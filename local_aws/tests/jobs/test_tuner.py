"""Tuning jobs whose training jobs never run: their ends are scripted, and what the tuner makes of them is looked at."""

import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tuning_kit import RANGES, definition

from local_aws.clock import Clock
from local_aws.errors import AwsError
from local_aws.jobs.jobs import KINDS, Jobs
from local_aws.jobs.kind import Outcome
from local_aws.jobs.tuning import median, operations, ranges, sampler, trials
from local_aws.jobs.tuning.tuner import FRUITLESS, Tuner
from local_aws.operations import Aws
from local_aws.store import Store

METRIC = "validation:auc"

#: What a scripted training job does, by its number and its values: it completes with this objective, fails, ends
#: without an objective ("silent"), or prints these objectives first and then fails.
Script = Callable[[int, dict[str, str]], float | str | list[float]]


class Lab:
    """A machine without workers."""

    def __init__(self, home: Path) -> None:
        images = SimpleNamespace(find=lambda _: SimpleNamespace(metric="an expression", train=()))
        self.aws = Aws(home, Store(home), Clock(), "us-east-1", "http://127.0.0.1", cast(Any, images))
        self.jobs = Jobs(self.aws)
        self.aws.parts[Jobs] = self.jobs
        Tuner(self.aws)
        self._numbers, self._prints = itertools.count(1), itertools.count(1)

    def create(
        self, *, goal: str = "Maximize", most: int = 4, parallel: int = 1, metric: str = METRIC, **more: Any
    ) -> str:
        """A new tuning job's name. `more` goes into its configuration, `WarmStartConfig` beside it."""
        name = f"tuned-{next(self._numbers)}"
        warm = {"WarmStartConfig": more.pop("warm")} if "warm" in more else {}
        config = {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": goal, "MetricName": metric},
            "ResourceLimits": {"MaxParallelTrainingJobs": parallel, "MaxNumberOfTrainingJobs": most},
            "ParameterRanges": RANGES,
            "RandomSeed": 3,
            **more,
        }
        self.jobs.submit(
            "HyperParameterTuning",
            {
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobConfig": config,
                "TrainingJobDefinition": definition("s3://jobs/code", {}),
                **warm,
            },
        )
        return name

    def describe(self, name: str) -> dict[str, Any]:
        return self.jobs.describe("HyperParameterTuning", name)

    def play(self, name: str, script: Script, until: int = 1000) -> dict[str, Any]:
        """End the oldest running training job after the script, one after the other; the tuning job at last."""
        numbers = itertools.count(1)
        while running := trials.running(self.describe(name)["Trials"]):
            number = next(numbers)
            if number > until:
                break
            trial = self.jobs.describe("Training", running[0]["TrainingJobName"])
            told = script(number, running[0]["TunedHyperParameters"])
            if isinstance(told, list):
                for value in told:
                    self.print(trial, value)
                told = "Failed"
            elif isinstance(told, float):
                self.print(trial, told)
            self.end(trial["TrainingJobName"], told)
        return self.describe(name)

    def print(self, trial: dict[str, Any], value: float) -> None:
        """The objective, beside another metric that is worse each time."""
        for observer in self.jobs.observers:
            observer(trial, [("train:auc", -float(next(self._prints))), (METRIC, value)])

    def end(self, name: str, told: float | str) -> None:
        with self.aws.store.transaction():
            job = self.jobs.describe("Training", name)
            stopped = job["TrainingJobStatus"] == "Stopping"
            status = "Stopped" if stopped else "Failed" if told == "Failed" else "Completed"
            metrics = [{"MetricName": METRIC, "Value": told}] if isinstance(told, float) else []
            KINDS["Training"].finish(job, Outcome(status, metrics=metrics, ended=self.aws.clock.now()))
            self.jobs.end("Training", job)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def by_number(*values: float) -> Script:
    return lambda number, _: values[number - 1]


@pytest.mark.parametrize(("goal", "best"), [("Maximize", 0.9), ("Minimize", 0.1)])
def test_the_best_is_the_one_that_the_objective_asks_for(lab: Lab, goal: str, best: float) -> None:
    found = lab.play(lab.create(goal=goal), by_number(0.5, 0.9, 0.1, 0.6))
    assert found["HyperParameterTuningJobStatus"] == "Completed"
    assert trials.score(found["BestTrainingJob"]) == best


@pytest.mark.parametrize(("goal", "jobs"), [("Maximize", 3), ("Minimize", 2)])
def test_a_target_is_reached_from_the_side_of_the_objective(lab: Lab, goal: str, jobs: int) -> None:
    target = {"TargetObjectiveMetricValue": 0.5}
    values = (0.4, 0.45, 0.5) if goal == "Maximize" else (0.6, 0.5)
    found = lab.play(lab.create(goal=goal, most=9, TuningJobCompletionCriteria=target), by_number(*values))
    assert len(found["Trials"]) == jobs
    assert found["HyperParameterTuningJobStatus"] == "Completed"


def test_a_search_that_no_longer_gets_better_ends(lab: Lab) -> None:
    criteria = {"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}
    found = lab.play(lab.create(most=9, TuningJobCompletionCriteria=criteria), by_number(0.5, 0.6, 0.5, 0.4, 0.3))
    assert len(found["Trials"]) == 5
    assert found["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == 3
    assert found["HyperParameterTuningJobStatus"] == "Completed"


def test_a_search_without_any_objective_ends_early_and_says_why(lab: Lab) -> None:
    silent = lab.play(lab.create(most=50), lambda *_: "silent")
    assert len(silent["Trials"]) == FRUITLESS
    assert silent["HyperParameterTuningJobStatus"] == "Failed"
    assert "No objective metrics found" in silent["FailureReason"]
    failed = lab.play(lab.create(most=12, parallel=3), lambda *_: "Failed")
    assert [trial["TrainingJobStatus"] for trial in failed["Trials"]] == ["Failed"] * 5 + ["Stopped"] * 2
    assert failed["FailureReason"].startswith("All training jobs failed")


def test_jobs_without_an_objective_are_not_listed_by_objective(lab: Lab) -> None:
    name = lab.create(most=3)
    lab.play(name, lambda number, _: "silent" if number == 2 else number / 10)
    wanted = {"HyperParameterTuningJobName": name, "SortOrder": "Descending"}

    def listed(**more: str) -> list[Any]:
        found = operations.list_training_jobs(lab.aws, wanted | more)
        return [trials.score(row) for row in cast(Any, found)["TrainingJobSummaries"]]

    assert listed(SortBy="FinalObjectiveMetricValue") == [0.3, 0.1]
    assert sorted(map(str, listed(SortBy="CreationTime"))) == ["0.1", "0.3", "None"]


def test_curves_of_failed_jobs_stop_nobody(lab: Lab) -> None:
    """A fourth job is held against three that completed, not against three that failed."""
    for others, stopped in (([0.9], False), (0.9, True)):
        name = lab.create(TrainingJobEarlyStoppingType="Auto")
        found = lab.play(name, lambda number, _, others=others: 0.1 if number == 4 else others)  # type: ignore[misc]
        assert (found["Trials"][3]["TrainingJobStatus"] == "Stopped") == stopped, others


def test_other_metrics_than_the_objective_stop_nobody(lab: Lab) -> None:
    found = lab.play(lab.create(TrainingJobEarlyStoppingType="Auto"), lambda *_: 0.9)
    assert {trial["TrainingJobStatus"] for trial in found["Trials"]} == {"Completed"}


def test_a_search_knows_its_parents(lab: Lab) -> None:
    """Eight earlier jobs say that small values are good: what comes next is not what a search without them tries."""

    def worth(_: int, values: dict[str, str]) -> float:
        return -float(values["eta"]) - int(values["depth"])

    parent = lab.create(most=8)
    lab.play(parent, worth)
    names = lab.create(), lab.create(warm=warm(parent))
    alone, knowing = (lab.describe(name)["Trials"][0]["TunedHyperParameters"] for name in names)
    assert worth(0, knowing) > worth(0, alone)


def warm(parent: str) -> dict[str, Any]:
    parents = [{"HyperParameterTuningJobName": parent}]
    return {"ParentHyperParameterTuningJobs": parents, "WarmStartType": "TransferLearning"}


def test_a_parent_must_fit(lab: Lab) -> None:
    running = lab.create()
    with pytest.raises(AwsError, match="has not ended"):
        lab.create(warm=warm(running))
    lab.play(running, lambda *_: 0.5)
    with pytest.raises(AwsError, match="has another objective metric"):
        lab.create(warm=warm(running), goal="Minimize")
    with pytest.raises(AwsError, match="has another objective metric"):
        lab.create(warm=warm(running), metric="validation:logloss")
    lab.create(warm=warm(running))


def test_a_stopped_job_is_never_the_best() -> None:
    def trial(status: str, value: float) -> dict[str, Any]:
        return {"TrainingJobStatus": status, "FinalHyperParameterTuningJobObjectiveMetric": {"Value": value}}

    found = [trial("Stopped", 0.9), trial("Completed", 0.5), trial("Stopped", 0.1)]
    assert trials.best(found, maximise=True) == trials.best(found, maximise=False) == found[1]
    assert trials.best(found[::2], maximise=True) is None


def test_the_search_goes_where_the_objective_asks() -> None:
    rows = ranges.read(RANGES)
    for maximise in (True, False):
        past: list[sampler.Trial] = []
        for _ in range(25):
            values = sampler.ask("Bayesian", rows, 3, past, [], maximise)
            past.append(sampler.Trial(values, float(int(values["depth"]))))
        late = sum(trial.score or 0 for trial in past[-8:]) / 8
        assert late > 6 if maximise else late < 3, late


def test_a_running_job_keeps_the_search_away_from_its_values() -> None:
    """Trials that run count as bad ones for the while, so that those beside them try something else."""
    rows = ranges.read(RANGES)
    past = [sampler.Trial({"eta": str(number / 20), "depth": "4"}, -abs(number - 5)) for number in range(1, 20)]

    def asked(running: bool) -> list[dict[str, str]]:
        """What comes after each trial that would have come itself: it runs, or has failed."""
        first = [sampler.ask("Bayesian", rows, seed, [*past, sampler.Trial({})], [], True) for seed in range(5)]
        lasts = [sampler.Trial(values, running=running) for values in first]
        return [sampler.ask("Bayesian", rows, seed, [*past, last], [], True) for seed, last in enumerate(lasts)]

    assert asked(True) != asked(False)


def test_the_median_rule_needs_three_and_compares_running_means() -> None:
    two = [[0.9, 0.9], [0.8, 0.8]]
    assert not median.hopeless([0.1], two, maximise=True)
    assert median.hopeless([0.1], [*two, [0.7, 0.7]], maximise=True)
    rising = [[0.5, 0.7], [0.6, 0.8], [0.4, 0.6]]
    assert not median.hopeless([0.5, 0.65], rising, maximise=True), "above the median of the means, .6"
    falling = [[0.7, 0.5], [0.8, 0.6], [0.6, 0.4]]
    assert not median.hopeless([0.7, 0.55], falling, maximise=False), "below the median of the means, .6"
    same = [[0.5]] * 3
    assert not any(median.hopeless([0.5], same, maximise=maximise) for maximise in (True, False)), "as good as it"


BEYOND = {
    "infinite": ("Continuous", "0", "inf"),
    "infinite when read": ("Continuous", "0", "1e400"),
    "minus infinity": ("Continuous", "-inf", "0"),
    "no number": ("Continuous", "nan", "1"),
    "too far apart": ("Continuous", "-1e308", "1e308"),
    "a text": ("Continuous", "a", "1"),
    "a whole number beyond floats": ("Integer", "1", "1" + "0" * 400),
    "a whole number beyond Python": ("Integer", "1", "1" * 5000),
    "half": ("Integer", "1", "2.5"),
}


@pytest.mark.parametrize("case", BEYOND)
def test_a_range_without_finite_ends_is_refused(case: str) -> None:
    kind, low, high = BEYOND[case]
    with pytest.raises(AwsError, match=r"of the hyperparameter a must be (numbers|integers), finite"):
        ranges.read({f"{kind}ParameterRanges": [{"Name": "a", "MinValue": low, "MaxValue": high}]})


@pytest.mark.parametrize("kind", ["Continuous", "Integer"])
def test_a_range_may_be_one_value(kind: str) -> None:
    rows = ranges.read({f"{kind}ParameterRanges": [{"Name": "a", "MinValue": "5", "MaxValue": "5"}]})
    assert float(sampler.ask("Random", rows, 1, [], [], True)["a"]) == 5
