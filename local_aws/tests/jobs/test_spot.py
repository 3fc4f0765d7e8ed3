"""Managed Spot training: instances that are taken away, on purpose and by chance."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.jobs.kind import Outcome
from local_aws.jobs.training import Training

#: Counts to ten, one number a checkpoint, written by rename; goes on after the last one.
COUNT = """
import os, pathlib, time
PAUSE = int(os.environ.get("PAUSE", -1))
folder = pathlib.Path(os.environ.get("CHECKPOINTS", "/tmp/none"))
found = sorted(int(path.name) for path in folder.glob("[0-9]*")) if folder.is_dir() else []
print("found", found, flush=True)
for number in range(found[-1] + 1 if found else 0, 10):
    if folder.is_dir():
        (folder / ".new").write_text("x"); (folder / ".new").rename(folder / str(number))
    print("done", number, flush=True)
    time.sleep(20 if number == PAUSE else .05)
pathlib.Path(os.environ["SM_MODEL_DIR"], "m").write_text("model")
"""


def control(jobs: Any, **wanted: Any) -> dict[str, Any]:
    return sent(jobs, wanted)


def sent(jobs: Any, wanted: Any) -> dict[str, Any]:
    request = urllib.request.Request(f"{jobs.status.Endpoint}/_local/spot", json.dumps(wanted).encode())
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


@pytest.fixture(autouse=True)
def forgotten(jobs: Any) -> Iterator[None]:
    yield
    control(jobs)


def create(jobs: Any, name: str, source: str = COUNT, *, kept: bool = True, spot: bool = True, **request: Any) -> str:
    jobs.create_training(
        source,
        name=name,
        **({"EnableManagedSpotTraining": True} if spot else {}),
        **{
            "StoppingCondition": {"MaxRuntimeInSeconds": 600, **({"MaxWaitTimeInSeconds": 3600} if spot else {})},
            **({"CheckpointConfig": {"S3Uri": f"s3://jobs/checkpoints/{name}"}} if kept else {}),
            **({"Environment": {"CHECKPOINTS": "/opt/ml/checkpoints"}} if kept else {}),
            **request,
        },
    )
    return name


def told(found: dict[str, Any]) -> list[str]:
    return [row["Status"] for row in found["SecondaryStatusTransitions"]]


def logged(jobs: Any, name: str) -> list[str]:
    """The lines of all attempts."""
    group = "/aws/sagemaker/TrainingJobs"
    streams = jobs.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")["logStreams"]
    return [
        event["message"]
        for stream in streams
        for event in jobs.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]


def test_an_interrupted_job_goes_on_at_its_checkpoints(jobs: Any) -> None:
    control(jobs, TrainingJobName="spot-line", AtLogLine="^done 4$")
    environment = {"CHECKPOINTS": "/opt/ml/checkpoints", "PAUSE": "4"}
    found = jobs.wait_training(create(jobs, "spot-line", Environment=environment))
    first = ["Starting", "Downloading", "Training", "Interrupted"]
    assert told(found) == [*first, "Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert found["BillableTimeInSeconds"] < found["TrainingTimeInSeconds"]
    assert found["TrainingTimeInSeconds"] - found["BillableTimeInSeconds"] >= 1
    lines = logged(jobs, "spot-line")
    done = [int(line.split()[1]) for line in lines if line.startswith("done")]
    assert sorted(set(done)) == list(range(10))
    again = [line for line in lines if line.startswith("found")]
    assert again[0] == "found []"
    assert "4" in again[1], "what was done before the interruption came back"
    assert len(done) == 10, "and was not done again"
    assert any("restarts with what is in its checkpoints" in line for line in lines)
    assert "checkpoints/spot-line/9" in jobs.keys("checkpoints/spot-line/")


def test_without_checkpoints_it_begins_again_and_says_so(jobs: Any) -> None:
    control(jobs, TrainingJobName="spot-bare-*", AtLogLine="done 2", WaitSeconds=0)
    found = jobs.wait_training(create(jobs, "spot-bare-1", kept=False))
    assert found["TrainingJobStatus"] == "Completed"
    lines = logged(jobs, "spot-bare-1")
    assert lines.count("done 0") == 2
    assert any("restarts from the beginning" in line for line in lines)


def test_only_spot_jobs_are_interrupted_and_plans_are_spent(jobs: Any) -> None:
    said = control(jobs, TrainingJobName="*", AtLogLine="done 1", Times=2, WaitSeconds=0)
    assert said["Plans"][0]["Times"] == 2
    assert "Interrupted" not in told(jobs.wait_training(create(jobs, "on-demand", spot=False)))
    assert told(jobs.wait_training(create(jobs, "spot-twice", kept=False))).count("Interrupted") == 2
    assert control(jobs)["Plans"] == []
    assert "Interrupted" not in told(jobs.wait_training(create(jobs, "spot-free")))


def test_an_uninterrupted_job_costs_all_of_its_time(jobs: Any) -> None:
    found = jobs.wait_training(create(jobs, "spot-quiet"))
    assert found["BillableTimeInSeconds"] == found["TrainingTimeInSeconds"]


def test_a_rate_interrupts_by_chance(jobs: Any) -> None:
    control(jobs, Rate=3600 * 4, Seed=1, WaitSeconds=0)
    found = jobs.wait_training(create(jobs, "spot-rate"))
    assert found["TrainingJobStatus"] == "Completed"
    assert told(found).count("Interrupted") >= 1


def test_too_long_a_wait_ends_the_job(jobs: Any) -> None:
    control(jobs, TrainingJobName="spot-wait", AfterSeconds=0, WaitSeconds=600)
    limits = {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 2}
    source = "import time; time.sleep(600)"
    found = jobs.wait_training(create(jobs, "spot-wait", source, StoppingCondition=limits))
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert "ModelArtifacts" not in found or not found["ModelArtifacts"].get("S3ModelArtifacts")


def test_a_waiting_job_can_be_stopped(jobs: Any) -> None:
    control(jobs, TrainingJobName="spot-stop", AtLogLine="done 0", WaitSeconds=600)
    name = create(jobs, "spot-stop")
    jobs._wait(
        lambda: jobs.sagemaker.describe_training_job(TrainingJobName=name),
        "SecondaryStatusTransitions",
        lambda rows: any(row["Status"] == "Interrupted" for row in rows),
    )
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    assert jobs.wait_training(name)["TrainingJobStatus"] == "Stopped"


def test_checkpoints_outlive_a_killed_server(jobs: Any) -> None:
    name = create(jobs, "spot-killed", COUNT.replace("else .05", "else .4"))
    jobs._wait(lambda: {"keys": jobs.keys("checkpoints/spot-killed/")}, "keys", lambda keys: len(keys) > 2)
    jobs.kill()
    jobs.up()
    assert jobs.wait_training(name)["TrainingJobStatus"] == "Completed"
    again = [line for line in logged(jobs, name) if line.startswith("found")]
    assert again[0] == "found []"
    assert len(json.loads(again[-1].removeprefix("found "))) >= 2  # besides the one that was being written


def test_a_wait_without_spot_is_refused(jobs: Any) -> None:
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    for spot_job in ({}, {"EnableManagedSpotTraining": False}):
        with pytest.raises(ClientError, match="only supported when EnableManagedSpotTraining is set to true"):
            jobs.create_training("", StoppingCondition=limits, **spot_job)


def phases(**request: Any) -> dict[str, Any]:
    """A job that waited 5 s, loaded 10, trained 20, was away for 30, loaded 10 and trained 40, to the second 115."""
    times = {0: "Starting", 5: "Downloading", 15: "Training", 35: "Interrupted", 45: "Starting", 65: "Downloading"}
    document: dict[str, Any] = {"CreationTime": 0.0, "OutputDataConfig": {"S3OutputPath": "s3://a"}, **request}
    for time, phase in {**times, 75: "Training"}.items():
        Training().progress(document, phase, float(time))
    return document


def test_nothing_is_paid_between_instances() -> None:
    document = phases(TrainingJobName="a")
    Training().finish(document, Outcome("Completed", ended=115.0))
    assert document["TrainingTimeInSeconds"] == 110
    assert document["BillableTimeInSeconds"] == 80


def test_all_attempts_share_the_runtime_and_the_wait() -> None:
    limits = {"MaxRuntimeInSeconds": 100, "MaxWaitTimeInSeconds": 1000}
    document = phases(EnableManagedSpotTraining=True, StoppingCondition=limits)
    assert Training().deadline_of(document, 75.0) == 75 + 100 - 20, "20 of the 100 s are gone"
    document["StoppingCondition"]["MaxWaitTimeInSeconds"] = 120
    assert Training().deadline_of(document, 75.0) == 120, "waiting counts, also while it trains"
    document["EnableManagedSpotTraining"] = False
    assert Training().deadline_of(document, 75.0) == 155


def test_a_built_in_algorithm_without_checkpoints_waits_an_hour_at_most(jobs: Any) -> None:
    limits = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 3601}
    with pytest.raises(ClientError, match="at most 3600"):
        jobs.create_training(image="stand-in:1", EnableManagedSpotTraining=True, StoppingCondition=limits)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"Rat": 1}, "without Rat"),
        ({"Rate": -1}, "Rate must be a number"),
        ({"TrainingJobName": "a"}, "either AfterSeconds or AtLogLine"),
        ({"TrainingJobName": "a", "AtLogLine": "("}, "not a regular expression"),
        ({"TrainingJobName": "a", "AfterSeconds": 1, "Times": 0}, "Times"),
        ({"Seed": 1}, "Rate or TrainingJobName is needed"),
        ([1], "An object with"),
        ([], "An object with"),
        (None, "An object with"),
        ("Rate", "An object with"),
        ({"Rate": True}, "Rate must be a number"),
        ({"Rate": 10**400}, "Rate must be a number"),
        ({"TrainingJobName": "a", "AfterSeconds": 1, "Times": True}, "Times must be a whole number"),
        ({"TrainingJobName": None, "AfterSeconds": 1}, "TrainingJobName must be a pattern"),
        ({"TrainingJobName": "a", "AtLogLine": 5}, "not a regular expression"),
        ({"TrainingJobName": "a", "AtLogLine": "a{99999999999}"}, "not a regular expression"),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
def test_a_bad_wish_is_answered_with_a_sentence(jobs: Any, wanted: Any, words: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        sent(jobs, wanted)
    assert refused.value.code == 400
    assert words in json.load(refused.value)["Error"]
