"""Tuning jobs, seen by boto3; their training jobs are real ones."""

import itertools
import json
import time
from typing import Any

import pytest
from archives_kit import tar
from botocore.exceptions import ClientError
from tuning_kit import PROGRAM, RANGES, create, definition, wait

from local_aws.jobs.tuning import median, ranges, sampler


def listed(jobs: Any, name: str, **more: Any) -> list[dict[str, Any]]:
    return jobs.sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(  # type: ignore[no-any-return]
        HyperParameterTuningJobName=name, MaxResults=100, **more
    )["TrainingJobSummaries"]


def test_the_best_training_job_is_found_and_told(jobs: Any) -> None:
    name = create(jobs, PROGRAM, jobs_at_most=8, parallel=2)
    found = wait(jobs, name)
    assert found["HyperParameterTuningJobStatus"] == "Completed"
    assert found["TrainingJobStatusCounters"]["Completed"] == 8
    assert found["ObjectiveStatusCounters"] == {"Succeeded": 8, "Pending": 0, "Failed": 0}
    trials = listed(jobs, name, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    best = found["BestTrainingJob"]
    assert trials[0]["TrainingJobName"] == best["TrainingJobName"]
    for trial in trials:
        values, metric = trial["TunedHyperParameters"], trial["FinalHyperParameterTuningJobObjectiveMetric"]
        assert 0.001 <= float(values["eta"]) <= 1
        assert 1 <= int(values["depth"]) <= 8
        assert (metric["Type"], metric["MetricName"]) == ("Maximize", "validation:auc")
        assert metric["Value"] == pytest.approx(1 - abs(float(values["eta"]) - 0.1) - int(values["depth"]) / 100, 1e-3)
    job = jobs.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert job["TuningJobArn"] == found["HyperParameterTuningJobArn"]
    assert best["TrainingJobName"].startswith(f"{name}-00")
    assert job["HyperParameters"]["fixed"] == "1"
    assert job["HyperParameters"]["_tuning_objective_metric"] == "validation:auc"
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"/{best['TrainingJobName']}/output/model.tar.gz")
    assert [row["HyperParameterTuningJobName"] for row in summaries(jobs, name)] == [name]


def summaries(jobs: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = jobs.sagemaker.list_hyper_parameter_tuning_jobs(NameContains=name)[
        "HyperParameterTuningJobSummaries"
    ]
    assert found[0]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    return found


def test_no_more_than_the_parallel_limit_run_at_a_time(jobs: Any) -> None:
    name = create(jobs, "import time; time.sleep(.3)\n" + PROGRAM, jobs_at_most=3, parallel=1)
    wait(jobs, name)
    spans = sorted((trial["CreationTime"], trial["TrainingEndTime"]) for trial in listed(jobs, name))
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))


def test_the_grid_is_walked_once(jobs: Any) -> None:
    categories = [{"Name": "a", "Values": ["1", "2"]}, {"Name": "b", "Values": ["x", "y", "z"]}]
    source = "import sys; print('[0]\\ttrain-auc:0\\tvalidation-auc:%s' % (sys.argv[sys.argv.index('-a') + 1] + '.5'))"
    name = create(jobs, source, strategy="Grid", ranges={"CategoricalParameterRanges": categories}, jobs_at_most=None)
    found = wait(jobs, name)
    tried = {tuple(sorted(trial["TunedHyperParameters"].items())) for trial in listed(jobs, name)}
    assert len(tried) == found["TrainingJobStatusCounters"]["Completed"] == 6
    assert found["BestTrainingJob"]["TunedHyperParameters"]["a"] == "2"


def test_seeded_searches_repeat_themselves(jobs: Any) -> None:
    names = [create(jobs, PROGRAM, strategy="Random", jobs_at_most=3, parallel=1, seed=7) for _ in range(2)]
    first, second = (
        [trial["TunedHyperParameters"] for trial in listed(jobs, name)] for name in names if wait(jobs, name)
    )
    assert first == second
    assert len({str(values) for values in first}) == 3


def test_hopeless_training_jobs_are_stopped_early(jobs: Any) -> None:
    source = (
        "import sys, time\nargs = dict(zip(sys.argv[1::2], sys.argv[2::2]))\nworth = float(args['-a'])\n"
        "for epoch in range(400 if worth < 0 else 4):\n"
        "    print('[%d]\\ttrain-auc:0\\tvalidation-auc:%f' % (epoch, worth + epoch / 1000), flush=True)\n"
        "    time.sleep(.1 if worth < 0 else 0)\n"
    )
    values = [{"Name": "a", "Values": ["0.5", "0.6", "0.7", "0.8", "-1"]}]
    name = create(
        jobs, source, strategy="Grid", ranges={"CategoricalParameterRanges": values}, parallel=1, early="Auto"
    )
    found = wait(jobs, name)
    assert found["HyperParameterTuningJobStatus"] == "Completed"
    assert found["TrainingJobStatusCounters"] == {
        "Completed": 4,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 1,
    }
    stopped = listed(jobs, name, StatusEquals="Stopped")
    assert stopped[0]["TunedHyperParameters"] == {"a": "-1"}
    assert found["BestTrainingJob"]["TunedHyperParameters"] == {"a": "0.8"}


def test_a_warm_start_knows_its_parents(jobs: Any) -> None:
    parent = create(jobs, PROGRAM, jobs_at_most=4, parallel=2, seed=1)
    before = wait(jobs, parent)
    warm = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
        "WarmStartType": "IdenticalDataAndAlgorithm",
    }
    worse = "print('[0]\\ttrain-auc:0\\tvalidation-auc:-5')"
    found = wait(jobs, create(jobs, worse, jobs_at_most=1, parallel=1, seed=1, WarmStartConfig=warm))
    assert found["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == -5
    assert found["OverallBestTrainingJob"]["TrainingJobName"] == before["BestTrainingJob"]["TrainingJobName"]
    missing = {**warm, "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}]}
    with pytest.raises(ClientError, match="does not exist"):
        create(jobs, worse, WarmStartConfig=missing)


def test_a_stopped_tuning_job_stops_its_training_jobs(jobs: Any) -> None:
    name = create(jobs, "import time\nprint('up', flush=True)\ntime.sleep(600)", jobs_at_most=9, parallel=2)
    jobs.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    found = wait(jobs, name)
    assert found["HyperParameterTuningJobStatus"] == "Stopped"
    assert found["TrainingJobStatusCounters"]["Stopped"] == len(listed(jobs, name)) == 2


def test_failures_have_reasons(jobs: Any) -> None:
    found = wait(jobs, create(jobs, "raise SystemExit(3)", jobs_at_most=2, parallel=2))
    assert found["HyperParameterTuningJobStatus"] == "Failed"
    assert "All training jobs failed" in found["FailureReason"]
    found = wait(jobs, create(jobs, "print('nothing to tell')", jobs_at_most=2, parallel=2))
    assert "No objective metrics found" in found["FailureReason"]


def test_a_target_ends_the_search(jobs: Any) -> None:
    found = wait(jobs, create(jobs, PROGRAM, jobs_at_most=50, parallel=1, target=-50.0))
    assert found["HyperParameterTuningJobStatus"] == "Completed"
    assert found["TrainingJobStatusCounters"]["Completed"] == 1


def test_a_killed_server_goes_on(jobs: Any) -> None:
    name = create(jobs, "import time; time.sleep(.2)\n" + PROGRAM, jobs_at_most=4, parallel=1)
    end = time.monotonic() + 60
    while len(listed(jobs, name)) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    jobs.kill()
    jobs.up()
    found = wait(jobs, name)
    assert found["TrainingJobStatusCounters"]["Completed"] == len(listed(jobs, name)) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"strategy": "Hyperband"}, "does not support the tuning strategy Hyperband"),
        ({"Autotune": {"Mode": "Enabled"}}, "does not support Autotune"),
        ({"parallel": 3, "jobs_at_most": 2}, "MaxParallelTrainingJobs"),
        (
            {"ranges": {"ContinuousParameterRanges": [{"Name": "eta", "MinValue": "2", "MaxValue": "1"}]}},
            "below its MinValue",
        ),
        (
            {
                "ranges": {
                    "ContinuousParameterRanges": [
                        {"Name": "eta", "MinValue": "0", "MaxValue": "1", "ScalingType": "Logarithmic"}
                    ]
                }
            },
            "above 0",
        ),
        ({"strategy": "Grid"}, "categorical"),
        ({"static": {"eta": "1"}}, "in one only"),
    ],
)
def test_what_cannot_be_is_refused(jobs: Any, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match=words):
        create(jobs, PROGRAM, **change)


def test_several_definitions_are_refused_by_name(jobs: Any) -> None:
    row = definition("s3://jobs/code", {})
    with pytest.raises(ClientError, match="does not support TrainingJobDefinitions"):
        create(jobs, PROGRAM, TrainingJobDefinitions=[row, row])


def test_a_tuning_step_has_its_best_job_as_property_and_is_cached(jobs: Any) -> None:
    code = jobs.put("code/step/sourcedir.tar.gz", tar({"train.py": PROGRAM}))
    tune = {
        "Name": "Tune",
        "Type": "Tuning",
        "Arguments": {
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
                "ParameterRanges": RANGES,
            },
            "TrainingJobDefinition": definition(code, {})
            | {"OutputDataConfig": {"S3OutputPath": {"Std:Join": {"On": "/", "Values": [
                "s3://jobs", {"Get": "Execution.PipelineExecutionId"}]}}}},
        },
        "CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"},
    }  # fmt: skip
    names = [
        {"Get": f"Steps.Tune.{path}"}
        for path in (
            "BestTrainingJob.TrainingJobName",
            "TrainingJobSummaries[0].TrainingJobName",
            "TrainingJobDefinition.OutputDataConfig.S3OutputPath",
        )
    ]
    say = {"Name": "Say", "Type": "Fail", "Arguments": {"ErrorMessage": {"Std:Join": {"On": " ", "Values": names}}}}
    text = json.dumps({"Version": "2020-12-01", "Metadata": {}, "Parameters": [], "Steps": [tune, say]})
    jobs.sagemaker.create_pipeline(
        PipelineName="tuned", PipelineDefinition=text, RoleArn="arn:aws:iam::123456789012:role/jobs",
        ClientRequestToken="t" * 32,
    )  # fmt: skip
    said = []
    for hit in (False, True):
        arn = jobs.sagemaker.start_pipeline_execution(PipelineName="tuned")["PipelineExecutionArn"]
        jobs._wait(
            lambda arn=arn: jobs.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn),
            "PipelineExecutionStatus",
            lambda status: status == "Failed",
        )
        steps = jobs.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)["PipelineExecutionSteps"]
        told = {step["StepName"]: step for step in steps}
        assert ("CacheHitResult" in told["Tune"]) == hit
        assert len(told["Tune"]["Metadata"]["TuningJob"]["Arn"].rpartition("/")[2]) <= 32
        said.append(told["Say"]["FailureReason"])
    best, top, place = said[0].split()
    assert best == top
    assert said[1] == said[0], "a cached step tells of the run that it took"
    assert jobs.get(f"{place}/{best}/output/model.tar.gz")


def test_the_median_rule() -> None:
    earlier = [[0.5, 0.7], [0.6, 0.8], [0.4, 0.6], [0.9]]
    assert not median.hopeless([0.61], earlier, maximise=True), "the median of the first values is .55"
    assert median.hopeless([0.54], earlier, maximise=True)
    assert median.hopeless([0.9, 0.59], earlier, maximise=True), "the median of .6, .7 and .5 is .6"
    assert not median.hopeless([0.9, 0.59], earlier, maximise=False)
    assert not median.hopeless([0.0, 0.0, 0.0], earlier, maximise=True), "nobody came so far"


def test_scalings() -> None:
    rows = ranges.read(
        {
            "ContinuousParameterRanges": [
                {"Name": "m", "MinValue": "0.5", "MaxValue": "0.999", "ScalingType": "ReverseLogarithmic"},
                {"Name": "l", "MinValue": "0.0001", "MaxValue": "1", "ScalingType": "Logarithmic"},
                {"Name": "u", "MinValue": "0.0001", "MaxValue": "1", "ScalingType": "Linear"},
            ]
        }
    )
    drawn = [sampler.ask("Random", rows, seed, [], [], True) for seed in range(200)]
    above = {name: sum(float(values[name]) > border for values in drawn) / 200 for name, border in
             {"m": 0.978, "l": 0.01, "u": 0.5}.items()}  # fmt: skip
    assert all(0.35 < share < 0.65 for share in above.values()), above
    for row in rows:
        assert all(row.outside(row.inside(values[row.name])) for values in drawn)


def test_the_search_learns() -> None:
    rows = ranges.read(RANGES)
    past: list[sampler.Trial] = []
    for _ in range(30):
        values = sampler.ask("Bayesian", rows, 3, past, [], True)
        past.append(sampler.Trial(values, -((float(values["eta"]) - 0.1) ** 2) - int(values["depth"])))
    late = [trial.score or 0.0 for trial in past]
    assert sum(late[20:]) / 10 > sum(late[:5]) / 5
