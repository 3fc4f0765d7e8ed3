"""Training jobs, seen by boto3 and by the programs inside."""

import io
import json
import tarfile
from typing import Any

import pytest
from archives_kit import tar
from botocore.exceptions import ClientError

SAVE = "import json, os, pathlib, sys\nmodel = pathlib.Path(os.environ['SM_MODEL_DIR'])\n"


def unpacked(jobs: Any, uri: str) -> dict[str, bytes]:
    """The files of a tar.gz in S3."""
    with tarfile.open(fileobj=io.BytesIO(jobs.get(uri))) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive if info.isfile()}  # type: ignore[union-attr]


def test_script_mode_gives_the_program_what_the_toolkit_gives(jobs: Any) -> None:
    jobs.put("train/a.csv", "1,2\n")
    found = jobs.train(
        SAVE + "(model / 'seen').write_text(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd(),\n"
        "    json.load(open('/opt/ml/input/config/hyperparameters.json')),\n"
        "    json.load(open('/opt/ml/input/config/inputdataconfig.json')),\n"
        "    open(os.environ['SM_CHANNEL_TRAIN'] + '/a.csv').read()]))",
        hyperparameters={"eta": "0.3", "depth": "3", "objective": "binary:logistic", "n": "1"},
        channels={"train": {"S3Uri": "s3://jobs/train/"}},
        Environment={"MINE": "/opt/ml/model"},
    )
    assert found["TrainingJobStatus"] == found["SecondaryStatus"] == "Completed"
    seen = unpacked(jobs, found["ModelArtifacts"]["S3ModelArtifacts"])
    arguments, environment, folder, hyperparameters, channels, data = json.loads(seen["seen"])
    root = jobs.folder(found["TrainingJobName"], "Training") / "ml"
    assert arguments == ["--depth", "3", "--eta", "0.3", "-n", "1", "--objective", "binary:logistic"]
    assert folder == str(root / "code")
    assert environment["MINE"] == environment["SM_MODEL_DIR"] == str(root / "model")
    assert environment["SM_CHANNELS"] == '["code","train"]'
    assert json.loads(environment["SM_HPS"]) == {"depth": 3, "eta": 0.3, "n": 1, "objective": "binary:logistic"}
    assert (environment["SM_HOSTS"], environment["SM_CURRENT_HOST"]) == ('["algo-1"]', "algo-1")
    assert environment["TRAINING_JOB_NAME"] == found["TrainingJobName"]
    assert hyperparameters["eta"] == "0.3"
    assert hyperparameters["sagemaker_submit_directory"] == "/opt/ml/input/data/code/sourcedir.tar.gz"
    assert channels["train"]["TrainingInputMode"] == "File"
    assert data == "1,2\n"


def test_its_life_is_told_as_on_aws(jobs: Any) -> None:
    found = jobs.train("1")
    told = [transition["Status"] for transition in found["SecondaryStatusTransitions"]]
    assert told == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert found["CreationTime"] <= found["TrainingStartTime"] <= found["TrainingEndTime"]
    assert found["BillableTimeInSeconds"] == found["TrainingTimeInSeconds"] >= 1
    assert (
        found["ModelArtifacts"]["S3ModelArtifacts"]
        == f"s3://jobs/models/{found['TrainingJobName']}/output/model.tar.gz"
    )


def test_equal_models_are_equal_archives(jobs: Any) -> None:
    source = SAVE + "(model / 'b').write_text('b'); (model / 'a').mkdir(); (model / 'a' / 'x').write_text('x')\n"
    source += "for path in (model / 'b', model / 'a', model / 'a' / 'x'): os.utime(path, (%d, %d))"
    models = [jobs.train(source % (when, when))["ModelArtifacts"] for when in (1_000_000_000, 1_500_000_000)]
    first, second = (jobs.get(model["S3ModelArtifacts"]) for model in models)
    assert first == second
    assert first[4:8] == bytes(4), "gzip's own time"


def test_the_data_folder_becomes_output_tar(jobs: Any) -> None:
    found = jobs.train("import os; open(os.environ['SM_OUTPUT_DATA_DIR'] + '/plot', 'w').write('p')")
    base = f"models/{found['TrainingJobName']}/output"
    assert jobs.keys(base) == [f"{base}/model.tar.gz", f"{base}/output.tar.gz"]
    assert unpacked(jobs, f"s3://jobs/{base}/output.tar.gz") == {"plot": b"p"}


def test_an_uncompressed_model(jobs: Any) -> None:
    output = {"S3OutputPath": "s3://jobs/models", "CompressionType": "NONE"}
    name = "uncompressed"
    code = jobs.put("code/u/sourcedir.tar.gz", tar({"train.py": SAVE + "(model / 'm').write_text('m')"}))
    jobs.sagemaker.create_training_job(
        TrainingJobName=name,
        RoleArn="arn:aws:iam::123456789012:role/jobs",
        AlgorithmSpecification={"TrainingImage": "a/small:1", "TrainingInputMode": "File"},
        HyperParameters={"sagemaker_program": "train.py", "sagemaker_submit_directory": code},
        OutputDataConfig=output,
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    )
    found = jobs.wait_training(name)
    assert found["ModelArtifacts"]["S3ModelArtifacts"] == "s3://jobs/models/uncompressed/output/model/"
    assert jobs.get("s3://jobs/models/uncompressed/output/model/m") == b"m"


def test_the_images_own_metrics_and_the_last_value_counts(jobs: Any) -> None:
    found = jobs.train(
        "print('[0]\\ttrain-auc:0.5\\tvalidation-auc:0.4')\nprint('[1]\\ttrain-auc:0.9\\tvalidation-auc:0.8')"
    )
    metrics = {metric["MetricName"]: round(metric["Value"], 3) for metric in found["FinalMetricDataList"]}
    assert metrics == {"train:auc": 0.9, "validation:auc": 0.8}


def test_metric_definitions_belong_to_images_without_their_own(jobs: Any) -> None:
    algorithm = {
        "TrainingImage": "a/small:1",
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*?);"}],
    }
    with pytest.raises(ClientError, match="You can't override the metric definitions"):
        jobs.create_training("1", AlgorithmSpecification=algorithm)
    found = jobs.train(
        AlgorithmSpecification={
            **algorithm,
            "TrainingImage": "a/bare:1",
            "ContainerEntrypoint": ["python3", "-c"],
            "ContainerArguments": ["print('loss=3.5;'); print('loss=nan;'); print('loss=words;')"],
        }
    )
    assert [(m["MetricName"], m["Value"]) for m in found["FinalMetricDataList"]] == [("loss", 3.5)]


def test_the_failure_file_is_the_reason(jobs: Any) -> None:
    found = jobs.train("open('/opt/ml/output/failure', 'w').write('the data is odd'); raise SystemExit(3)")
    assert found["TrainingJobStatus"] == found["SecondaryStatus"] == "Failed"
    assert found["FailureReason"] == "AlgorithmError: the data is odd, exit code: 3"
    assert "ModelArtifacts" not in found
    assert jobs.keys(f"models/{found['TrainingJobName']}/") == []


def test_every_host_trains_and_their_models_are_one(jobs: Any) -> None:
    """Each sees its share of the keys of a sharded channel, and all keys of any other."""
    for number in range(3):
        jobs.put(f"shared-out/{number}.csv", f"{number}")
    source = {"S3Uri": "s3://jobs/shared-out/"}
    found = jobs.train(
        SAVE + "seen = [sorted(os.listdir(os.environ['SM_CHANNEL_' + name])) for name in ('SHARE', 'ALL')]\n"
        "(model / os.environ['SM_CURRENT_HOST']).write_text(json.dumps([os.environ['SM_HOSTS'], *seen]))",
        hosts=2,
        channels={"share": {**source, "S3DataDistributionType": "ShardedByS3Key"}, "all": source},
    )
    seen = unpacked(jobs, found["ModelArtifacts"]["S3ModelArtifacts"])
    hosts, files = '["algo-1","algo-2"]', ["0.csv", "1.csv", "2.csv"]
    assert {name: json.loads(content) for name, content in seen.items()} == {
        "algo-1": [hosts, ["0.csv", "2.csv"], files],
        "algo-2": [hosts, ["1.csv"], files],
    }


def test_checkpoints_come_and_go(jobs: Any) -> None:
    source = (
        "import pathlib\npath = pathlib.Path('/opt/ml/checkpoints/n')\n"
        "path.write_text(str(int(path.read_text()) + 1 if path.exists() else 0))"
    )
    for expected in (b"0", b"1"):
        jobs.train(source, CheckpointConfig={"S3Uri": "s3://jobs/checkpoints/x"})
        assert jobs.get("s3://jobs/checkpoints/x/n") == expected


def test_a_program_below_folders_of_its_bundle(jobs: Any) -> None:
    found = jobs.train(
        "from room.deep import VALUE\nimport os\nopen(os.environ['SM_MODEL_DIR'] + '/v', 'w').write(VALUE)",
        files={"room/__init__.py": "", "room/deep.py": "VALUE = 'deep'"},
    )
    assert unpacked(jobs, found["ModelArtifacts"]["S3ModelArtifacts"]) == {"v": b"deep"}


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"files": {"requirements.txt": "x"}}, "put them as wheels in the bundle"),
        ({"hyperparameters": {"sagemaker_submit_directory": "s3://jobs/no.tar.gz"}}, "key does not exist"),
        ({"hyperparameters": {"sagemaker_program": ""}}, "no algorithm of its own on this machine"),
        ({"image": "bare:1"}, "no algorithm of its own on this machine"),
    ],
)
def test_what_cannot_start_says_why(jobs: Any, options: dict[str, Any], reason: str) -> None:
    found = jobs.train("1", **options)
    assert found["TrainingJobStatus"] == "Failed"
    assert found["FailureReason"].startswith("ClientError: ")
    assert reason in found["FailureReason"]


@pytest.mark.parametrize(
    ("member", "value", "message"),
    [
        ("AlgorithmSpecification", {"TrainingImage": "a/small:1", "TrainingInputMode": "Pipe"}, "Pipe"),
        ("TensorBoardOutputConfig", {"S3OutputPath": "s3://jobs/t"}, "TensorBoardOutputConfig"),
    ],
)
def test_what_is_not_here_is_refused_by_name(jobs: Any, member: str, value: Any, message: str) -> None:
    with pytest.raises(ClientError, match=message) as caught:
        jobs.create_training("1", **{member: value})
    assert caught.value.response["Error"]["Code"] == "NotImplemented"


def test_a_duplicate_and_a_missing_job(jobs: Any) -> None:
    name = jobs.train("1")["TrainingJobName"]
    with pytest.raises(ClientError, match="training job with this name already exists") as caught:
        jobs.create_training("1", name=name)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"
    with pytest.raises(ClientError, match="Requested resource not found") as caught:
        jobs.sagemaker.describe_training_job(TrainingJobName="nobody")
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_an_algorithm_that_stands_in_for_the_images_own(jobs: Any) -> None:
    found = jobs.train(image="stand-in:1", hyperparameters={"k": "3"})
    assert unpacked(jobs, found["ModelArtifacts"]["S3ModelArtifacts"]) == {"m": b"stand-in"}


def test_spot_needs_a_longest_wait(jobs: Any) -> None:
    with pytest.raises(ClientError, match="MaxWaitTimeInSeconds"):
        jobs.create_training("1", EnableManagedSpotTraining=True)


COMPANY = """
import os, socket, time
port = 29000
if os.environ["SM_CURRENT_HOST"] == "algo-1":
    with socket.create_server(("", port)) as server:
        for _ in range(2):
            server.accept()[0].sendall(b"from the first")
else:
    while True:
        try:
            connection = socket.create_connection(("algo-1", port))
            break
        except ConnectionRefusedError:
            time.sleep(0.01)
    assert connection.recv(99) == b"from the first"
try:
    socket.create_connection(("127.0.0.1", OUTSIDE), 2)
    raise SystemExit("the isolated network has a way out")
except ConnectionRefusedError:
    pass
"""


def test_isolated_hosts_of_a_job_know_each_other_by_name_and_nobody_else(jobs: Any) -> None:
    source = COMPANY.replace("OUTSIDE", jobs.status.Endpoint.rpartition(":")[2])
    found = jobs.train(source, hosts=3, EnableNetworkIsolation=True)
    assert found["TrainingJobStatus"] == "Completed", found["FailureReason"]
