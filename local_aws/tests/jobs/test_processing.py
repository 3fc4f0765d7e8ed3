"""Processing jobs, seen by boto3 and by the programs inside."""

import json
import re
import subprocess
from typing import Any

import pytest
from botocore.exceptions import ClientError

SHOW = "import json, os, pathlib; out = pathlib.Path('/opt/ml/processing/out'); "


def test_files_in_a_program_files_out(jobs: Any) -> None:
    jobs.put("in/a/one.txt", "1")
    jobs.put("in/two.txt", "2")
    found = jobs.python(
        "import pathlib\n"
        "for path in pathlib.Path('/opt/ml/processing/in').rglob('*.txt'):\n"
        "    pathlib.Path('/opt/ml/processing/out/' + path.name).write_text(path.read_text() * 2)\n"
        "pathlib.Path('/opt/ml/processing/out/deep').mkdir()\n"
        "pathlib.Path('/opt/ml/processing/out/deep/x').write_text(str(sorted(pathlib.Path('/opt/ml/processing/in').rglob('*'))))",
        inputs={"in": {"S3Uri": "s3://jobs/in/"}},
    )
    name = found["ProcessingJobName"]
    assert found["ProcessingJobStatus"] == "Completed"
    assert found["CreationTime"] <= found["ProcessingStartTime"] <= found["ProcessingEndTime"]
    assert jobs.keys(f"{name}/") == [f"{name}/deep/x", f"{name}/one.txt", f"{name}/two.txt"]
    assert jobs.get(f"s3://jobs/{name}/one.txt") == b"11"
    assert b"in/a/one.txt" in jobs.get(f"s3://jobs/{name}/deep/x")


def test_paths_below_opt_ml_are_rewritten_where_they_are_paths(jobs: Any) -> None:
    found = jobs.process(
        [
            "python3",
            "-c",
            "import sys, os; open(sys.argv[1] + '/x', 'w').write(os.environ['WHERE'])",
            "/opt/ml/processing/out",
        ],
        Environment={"WHERE": "/opt/ml/model:/opt/mlx:s3://b/opt/ml/x"},
    )
    name = found["ProcessingJobName"]
    text = jobs.get(f"s3://jobs/{name}/x").decode()
    assert text == f"{jobs.folder(name) / 'ml'}/model:/opt/mlx:s3://b/opt/ml/x"


def test_the_environment_is_the_containers_and_not_the_servers(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = jobs.python(SHOW + "(out / 'env').write_text(json.dumps(dict(os.environ)))", Environment={"MINE": "yes"})
    seen = json.loads(jobs.get(f"s3://jobs/{found['ProcessingJobName']}/env"))
    assert seen["MINE"] == "yes"
    assert seen["AWS_REGION"] == "us-east-1"
    assert seen["AWS_ENDPOINT_URL"] == jobs.status.Endpoint
    assert not [name for name in seen if name.startswith(("SM_", "PYTEST", "VIRTUAL_ENV"))]


def test_the_configuration_of_hosts_and_job(jobs: Any) -> None:
    found = jobs.python(
        SHOW + "c = pathlib.Path('/opt/ml/config')\n"
        "host = json.loads((c / 'resourceconfig.json').read_text())\n"
        "job = json.loads((c / 'processingjobconfig.json').read_text())\n"
        "(out / host['current_host']).write_text(json.dumps([host['hosts'], job['ProcessingJobArn']]))",
        hosts=3,
    )
    name = found["ProcessingJobName"]
    assert jobs.keys(f"{name}/") == [f"{name}/algo-{n}" for n in (1, 2, 3)]
    hosts, arn = json.loads(jobs.get(f"s3://jobs/{name}/algo-2"))
    assert (hosts, arn) == (["algo-1", "algo-2", "algo-3"], found["ProcessingJobArn"])


@pytest.mark.parametrize("hosts", [1, 2, 3])
def test_sharded_keys_reach_one_host_each_and_replicated_ones_all(jobs: Any, hosts: int) -> None:
    for number in range(7):
        jobs.put(f"shards/{number}.csv", str(number))
    found = jobs.python(
        SHOW + "host = json.loads(open('/opt/ml/config/resourceconfig.json').read())['current_host']\n"
        "seen = [sorted(os.listdir(f'/opt/ml/processing/{x}')) for x in ('share', 'all')]\n"
        "(out / host).write_text(json.dumps(seen))",
        hosts=hosts,
        inputs={
            "share": {"S3Uri": "s3://jobs/shards/", "S3DataDistributionType": "ShardedByS3Key"},
            "all": {"S3Uri": "s3://jobs/shards", "S3DataDistributionType": "FullyReplicated"},
        },
    )
    seen = [json.loads(jobs.get(f"s3://jobs/{key}")) for key in jobs.keys(found["ProcessingJobName"] + "/")]
    assert len(seen) == hosts
    assert sorted(name for share, _ in seen for name in share) == [f"{n}.csv" for n in range(7)]
    assert all(every == [f"{n}.csv" for n in range(7)] for _, every in seen)


def test_a_manifest_names_its_keys(jobs: Any) -> None:
    jobs.put("m/deep/one.txt", "1")
    jobs.put("m/two.txt", "2")
    manifest = jobs.put("m.manifest", json.dumps([{"prefix": "s3://jobs/m/"}, "deep/one.txt"]))
    found = jobs.python(
        SHOW + "(out / 'seen').write_text(str([str(p) for p in pathlib.Path('/opt/ml/processing/in').rglob('*.txt')]))",
        inputs={"in": {"S3Uri": manifest, "S3DataType": "ManifestFile"}},
    )
    assert jobs.get(f"s3://jobs/{found['ProcessingJobName']}/seen") == b"['/opt/ml/processing/in/deep/one.txt']"


def test_a_job_that_spoils_its_input_leaves_s3_alone(jobs: Any) -> None:
    uri = jobs.put("precious/data.bin", b"precious")
    found = jobs.python(
        "import os\npath = '/opt/ml/processing/in/data.bin'\nos.chmod(path, 0o666)\n"
        "open(path, 'r+b').write(b'spoiled!')\nassert open(path, 'rb').read() == b'spoiled!'",
        inputs={"in": {"S3Uri": "s3://jobs/precious/"}},
    )
    assert found["ProcessingJobStatus"] == "Completed"
    assert jobs.get(uri) == b"precious"


def test_a_large_input_is_no_copy_and_cannot_be_written(jobs: Any, request: pytest.FixtureRequest) -> None:
    uri = jobs.put("large/data.bin", bytes(64 << 20))
    source = (
        "import os\nassert os.stat('/opt/ml/processing/in/data.bin').st_size == 64 << 20\n"
        "for path in (os.environ['P'], '/opt/ml/processing/in/data.bin'):\n"
        "    try:\n        os.chmod(path, 0o777)\n        open(path, 'r+b').write(b'spoiled')\n"
        "    except OSError as error:\n        print(error)\n"
    )
    found = jobs.python(
        source, inputs={"in": {"S3Uri": "s3://jobs/large/"}}, Environment={"P": "/opt/ml/processing/in/data.bin"}
    )
    request.addfinalizer(lambda: jobs.s3.delete_object(Bucket="jobs", Key="large/data.bin"))
    assert found["ProcessingJobStatus"] == "Completed"
    assert jobs.get(uri) == bytes(64 << 20)
    if jobs.log(found["ProcessingJobName"]):  # the kernel refused
        path = jobs.folder(found["ProcessingJobName"]) / "ml/processing/in/data.bin"
        assert path.stat().st_nlink == 2


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_NAMESPACES", "0")


def test_without_namespaces_paths_are_rewritten_and_the_log_says_so(no_namespaces: None, own_jobs: Any) -> None:
    uri = own_jobs.put("large/data.bin", bytes(64 << 20))
    prefix = own_jobs.put("script/main.py", "import os\nopen(os.environ['P'] + '/data.bin', 'r+b').write(b'spoiled')\n"
        "assert not os.path.exists('/opt/ml/processing')").removesuffix("main.py")  # fmt: skip
    found = own_jobs.process(
        ["python3", "/opt/ml/processing/code/main.py"],
        inputs={"in": {"S3Uri": "s3://jobs/large/"}, "code": {"S3Uri": prefix}},
        Environment={"P": "/opt/ml/processing/in"},
        NetworkConfig={"EnableNetworkIsolation": True},
    )
    assert found["ProcessingJobStatus"] == "Completed", found["FailureReason"]
    assert own_jobs.get(uri) == bytes(64 << 20)
    said = own_jobs.log(found["ProcessingJobName"])[0]
    assert said.startswith("local_aws: no namespaces on this machine: /opt/ml is not this job's folder")
    assert said.endswith("the network is reachable although the job asks for isolation.")


def test_an_input_that_is_not_there_fails_the_job_in_words(jobs: Any) -> None:
    found = jobs.python("1", inputs={"in": {"S3Uri": "s3://jobs/nothing/here/"}})
    assert found["ProcessingJobStatus"] == "Failed"
    assert 'No S3 objects found under S3 URL "s3://jobs/nothing/here/"' in found["FailureReason"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("raise ValueError('no luck')", r"AlgorithmError: ValueError: no luck, exit code: 1"),
        ("import sys; sys.exit('in words')", r"AlgorithmError: in words, exit code: 1"),
        ("import sys; sys.exit(7)", r"AlgorithmError: , exit code: 7"),
        ("import os; os.kill(os.getpid(), 9)", r"AlgorithmError: , exit code: 137"),
        ("x = 'long' * 1000; raise ValueError(x)", r"AlgorithmError: ValueError: (long)+(l|lo|lon)?, exit code: 1"),
        ("import pathlib; p = pathlib.Path('/opt/ml/output'); p.mkdir(); (p / 'message').write_text('because'); 1 / 0",
         r"AlgorithmError: because, exit code: 1"),
    ],
)  # fmt: skip
def test_a_failure_says_why_and_uploads_nothing(jobs: Any, source: str, reason: str) -> None:
    found = jobs.python("open('/opt/ml/processing/out/x', 'w').write('x')\n" + source)
    assert found["ProcessingJobStatus"] == "Failed"
    assert re.fullmatch(reason, found["FailureReason"])
    assert len(found["FailureReason"]) <= 1024
    assert jobs.keys(found["ProcessingJobName"] + "/") == []


def test_one_failing_host_fails_the_job_with_its_own_reason(jobs: Any) -> None:
    found = jobs.python(
        "import json, time\nhost = json.load(open('/opt/ml/config/resourceconfig.json'))['current_host']\n"
        "if host == 'algo-2': raise ValueError('it was I')\ntime.sleep(50)",
        hosts=2,
    )
    assert found["FailureReason"] == "AlgorithmError: ValueError: it was I, exit code: 1"
    took = found["ProcessingEndTime"] - found["ProcessingStartTime"]
    assert took.total_seconds() < 25, "the other host sleeps on for 50 s unless it is ended"


def test_hosts_that_overwrite_each_other_are_warned_of(jobs: Any) -> None:
    found = jobs.python("open('/opt/ml/processing/out/same', 'w').write('x')", hosts=2)
    name = found["ProcessingJobName"]
    assert jobs.keys(f"{name}/") == [f"{name}/same"]
    assert jobs.log(name) == [f"local_aws: warning: 2 hosts wrote s3://jobs/{name}/same: one of them counts."]


def test_continuous_outputs_survive_a_failure(jobs: Any) -> None:
    found = jobs.python("open('/opt/ml/processing/out/x', 'w').write('x'); 1 / 0", upload="Continuous")
    assert jobs.keys(found["ProcessingJobName"] + "/") == [f"{found['ProcessingJobName']}/x"]


def test_an_exit_message(jobs: Any) -> None:
    found = jobs.python(
        "import pathlib; p = pathlib.Path('/opt/ml/output'); p.mkdir(); (p / 'message').write_text('all is well')"
    )
    assert (found["ProcessingJobStatus"], found["ExitMessage"]) == ("Completed", "all is well")


def test_no_network_when_isolated(jobs: Any) -> None:
    source = (
        "import os, socket, urllib.request\n"
        "assert 'AWS_ENDPOINT_URL' not in os.environ\n"
        f"socket.create_connection(('127.0.0.1', {jobs.status.Endpoint.rpartition(':')[2]}), 2)"
    )
    isolated = jobs.python(source, NetworkConfig={"EnableNetworkIsolation": True})
    assert isolated["FailureReason"].startswith("AlgorithmError: ConnectionRefusedError")
    reached = jobs.python(source.replace("not in", "in"))
    assert reached["ProcessingJobStatus"] == "Completed"


def test_a_job_calls_this_machines_aws(jobs: Any) -> None:
    found = jobs.python(
        "import boto3; boto3.client('s3').put_object(Bucket='jobs', Key='by-the-job', Body=b'x')", image="bare"
    )
    assert found["ProcessingJobStatus"] == "Completed"
    assert jobs.keys("by-the-job") == ["by-the-job"]


def test_names_are_unique_and_missing_jobs_are_missing(jobs: Any) -> None:
    name = jobs.python("1")["ProcessingJobName"]
    with pytest.raises(ClientError, match=rf"job with this name already exists \(arn:.*/{name}\)") as caught:
        jobs.create_processing(["true"], name=name)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"
    for call in ("describe_processing_job", "stop_processing_job", "delete_processing_job"):
        with pytest.raises(ClientError, match="Could not find requested job with name: nobody") as caught:
            getattr(jobs.sagemaker, call)(ProcessingJobName="nobody")
        assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_an_ended_job_cannot_be_stopped_but_deleted(jobs: Any) -> None:
    name = jobs.python("1")["ProcessingJobName"]
    with pytest.raises(ClientError, match="status Completed"):
        jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    jobs.sagemaker.delete_processing_job(ProcessingJobName=name)
    assert not jobs.folder(name).exists()
    with pytest.raises(ClientError, match="Could not find"):
        jobs.sagemaker.describe_processing_job(ProcessingJobName=name)


def test_lists_by_status_and_name(jobs: Any) -> None:
    good = jobs.python("1", name="listed-good")["ProcessingJobName"]
    bad = jobs.python("1 / 0", name="listed-bad")["ProcessingJobName"]
    listed = jobs.sagemaker.list_processing_jobs(NameContains="listed")["ProcessingJobSummaries"]
    assert [job["ProcessingJobName"] for job in listed] == [good, bad], "oldest first: the API reference's default"
    failed = jobs.sagemaker.list_processing_jobs(NameContains="listed", StatusEquals="Failed")["ProcessingJobSummaries"]
    assert [(job["ProcessingJobName"], "FailureReason" in job) for job in failed] == [(bad, True)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": "unknown:3"}, r'add an \[\[image\]\] table with repository = "unknown"'),
        ({"image": "small:2"}, r'tags = \["2"\]'),
        ({"inputs": {"in": {"S3Uri": "s3://jobs/in/", "S3InputMode": "Pipe"}}}, "Pipe"),
        ({"inputs": {"in": {"S3Uri": "s3://jobs/in/", "LocalPath": "/etc"}}}, "must be below /opt/ml/processing"),
        ({"inputs": {"in": {"S3Uri": "s3://jobs/in/", "LocalPath": "/opt/ml/processing/../../x"}}}, "must be below"),
    ],
)
def test_what_cannot_be_is_refused_by_name(jobs: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        jobs.create_processing(["true"], **change)


def test_the_command_is_noted_and_runs_by_hand(jobs: Any) -> None:
    found = jobs.process(["python3", "-c", "import os; print(os.environ['A'], os.getcwd())"], Environment={"A": "b"})
    folder = jobs.folder(found["ProcessingJobName"])
    noted = json.loads((folder / "command.json").read_text())
    seen = subprocess.run(
        noted["Command"], env=noted["Environment"], cwd=noted["Folder"], capture_output=True, text=True, check=True
    )
    assert seen.stdout == f"b {folder / 'ml'}\n"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (["a", "a/b"], r"the key '.*a/b' is no file"),
        (["s/" + "k" * 300], r"the key '.*has a part that is too long"),
        (["s//x", "s/x"], r"the keys '.*s//x' and '.*s/x' in jobs lead to the same file"),
    ],
)
def test_keys_that_cannot_be_files_are_named(jobs: Any, keys: list[str], reason: str) -> None:
    prefix = f"odd/{len(keys[0])}-{len(keys)}/"
    for key in keys:
        jobs.put(prefix + key, "x")
    found = jobs.process(["true"], inputs={"in": {"S3Uri": f"s3://jobs/{prefix}"}})
    assert found["ProcessingJobStatus"] == "Failed"
    assert re.match(f"ClientError: Data download failed: {reason}", found["FailureReason"])


def test_an_empty_command_and_one_that_no_kernel_takes(jobs: Any) -> None:
    assert jobs.process([""])["FailureReason"].startswith("ClientError: The command of the container")
    found = jobs.process(["echo", "a\0b"])
    assert found["FailureReason"] == (
        "AlgorithmError: local_aws: the program cannot start: embedded null byte, exit code: 126"
    )
    assert jobs.process(["true"])["ProcessingJobStatus"] == "Completed"
