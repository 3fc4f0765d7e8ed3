"""A server with a table of two small images, and a client that runs jobs on it."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from archives_kit import tar
from server_kit import Server, running

ACCOUNT = "683313688378.dkr.ecr.us-east-1.amazonaws.com"
ROLE = "arn:aws:iam::123456789012:role/jobs"

TABLE = r"""
[[image]]
repository = "small"
tags = ["1"]
toolkit = true
packages = ["numpy", "jmespath"]
metric = '(?P<set>train|validation)-(?P<name>\w+):(?P<value>\S+)'

[[image]]
repository = "bare"
packages = ["boto3", "botocore", "jmespath", "python-dateutil", "six", "s3transfer", "urllib3"]

[[image]]
repository = "served"
packages = ["numpy"]
serve = ["python3", "-m", "served"]
code = ["served"]

[[image]]
repository = "stand-in"
train = ["python3", "-m", "algorithm", "/opt/ml/model"]
code = ["algorithm"]
"""

#: Answers with `handler.answer(body, headers)` of the model, which gives a status and a body; /execution-parameters
#: with `handler.PARAMETERS`.
SERVED = """
import http.server, json, socket, handler

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        found = {} if self.path == "/ping" else getattr(handler, "PARAMETERS", None)
        self.say(404 if found is None else 200, json.dumps(found).encode())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.say(*handler.answer(body, self.headers))

    def say(self, status, body):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-type", "text/csv")
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("", 0), Handler, False)
server.socket.close()
server.socket = socket.socket(fileno=3)
server.serve_forever()
"""

_numbers = itertools.count(1)


class Client(Server):
    """Runs jobs and gives back what describe says of them."""

    table, bucket = TABLE, "jobs"

    def __init__(self, folder: Path) -> None:
        (folder / "algorithm").mkdir()
        (folder / "served").mkdir()
        (folder / "served/__main__.py").write_text(SERVED)
        (folder / "algorithm/__main__.py").write_text("import sys; open(sys.argv[1] + '/m', 'w').write('stand-in')")
        super().__init__(folder)

    def put(self, key: str, content: bytes | str) -> str:
        self.s3.put_object(Bucket="jobs", Key=key, Body=content)
        return f"s3://jobs/{key}"

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket="jobs", Prefix=prefix).get("Contents", [])
        return [entry["Key"] for entry in found]

    # processing

    def create_processing(
        self,
        command: Sequence[str],
        *,
        name: str = "",
        image: str = "small:1",
        hosts: int = 1,
        inputs: Mapping[str, Mapping[str, str]] | None = None,
        upload: str = "EndOfJob",
        seconds: int = 60,
        **request: Any,
    ) -> str:
        """Create a job whose folder /opt/ml/processing/out goes to s3://jobs/<name>/; its name.

        inputs  name → members of its S3Input; it appears as /opt/ml/processing/<name>
        """
        name = name or f"processing-{next(_numbers)}"
        self.sagemaker.create_processing_job(
            ProcessingJobName=name,
            RoleArn=ROLE,
            AppSpecification={"ImageUri": f"{ACCOUNT}/{image}", "ContainerEntrypoint": list(command)},
            ProcessingResources={
                "ClusterConfig": {"InstanceCount": hosts, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
            },
            StoppingCondition={"MaxRuntimeInSeconds": seconds},
            ProcessingInputs=[
                {
                    "InputName": key,
                    "S3Input": {"S3DataType": "S3Prefix", "LocalPath": f"/opt/ml/processing/{key}", **members},
                }
                for key, members in (inputs or {}).items()
            ],
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": "out",
                        "S3Output": {
                            "S3Uri": f"s3://jobs/{name}",
                            "LocalPath": "/opt/ml/processing/out",
                            "S3UploadMode": upload,
                        },
                    }
                ]
            },
            **request,
        )
        return name

    def process(self, command: Sequence[str], **options: Any) -> dict[str, Any]:
        return self.wait(self.create_processing(command, **options))

    def python(self, source: str, **options: Any) -> dict[str, Any]:
        """A processing job that runs a Python script."""
        return self.wait(self.start_python(source, **options))

    def start_python(self, source: str, **options: Any) -> str:
        prefix = f"scripts/{next(_numbers)}/"
        self.put(f"{prefix}main.py", source)
        inputs = {**options.pop("inputs", {}), "code": {"S3Uri": f"s3://jobs/{prefix}"}}
        return self.create_processing(["python3", "/opt/ml/processing/code/main.py"], inputs=inputs, **options)

    def wait(self, name: str, until: Callable[[str], bool] | None = None) -> dict[str, Any]:
        """Describe the processing job when it has ended, or when `until(status)`."""
        return self._wait(
            lambda: self.sagemaker.describe_processing_job(ProcessingJobName=name), "ProcessingJobStatus", until
        )

    # training

    def create_training(
        self,
        source: str = "",
        *,
        name: str = "",
        image: str = "small:1",
        hosts: int = 1,
        hyperparameters: Mapping[str, str] | None = None,
        channels: Mapping[str, Mapping[str, str]] | None = None,
        files: Mapping[str, str] | None = None,
        **request: Any,
    ) -> str:
        """Create a script-mode job that runs `source` as train.py; its name."""
        name = name or f"training-{next(_numbers)}"
        code = self.put(f"code/{name}/sourcedir.tar.gz", tar({"train.py": source, **(files or {})}))
        channels = {"code": {"S3Uri": code}, **(channels or {})}
        script = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "/opt/ml/input/data/code/sourcedir.tar.gz",
        }
        members: dict[str, Any] = {
            "AlgorithmSpecification": {"TrainingImage": f"{ACCOUNT}/{image}", "TrainingInputMode": "File"},
            "HyperParameters": {**(script if source else {}), **(hyperparameters or {})},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": hosts, "VolumeSizeInGB": 1},
        }
        self.sagemaker.create_training_job(
            TrainingJobName=name,
            RoleArn=ROLE,
            InputDataConfig=[
                {"ChannelName": key, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", **source_members}}}
                for key, source_members in channels.items()
            ],
            OutputDataConfig={"S3OutputPath": "s3://jobs/models"},
            **(members | request),
        )
        return name

    def train(self, source: str = "", **options: Any) -> dict[str, Any]:
        return self.wait_training(self.create_training(source, **options))

    def wait_training(self, name: str, until: Callable[[str], bool] | None = None) -> dict[str, Any]:
        return self._wait(
            lambda: self.sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus", until
        )

    @staticmethod
    def _wait(
        describe: Callable[[], dict[str, Any]], member: str, until: Callable[[str], bool] | None
    ) -> dict[str, Any]:
        wanted = until or (lambda status: status not in ("InProgress", "Stopping"))
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = describe()
            if wanted(found[member]):
                return found
            time.sleep(0.01)
        raise AssertionError(f"still {found[member]}")

    # transform

    def model(self, *sources: str, **environment: str) -> str:
        """A model with a container for each of `sources`, whose functions answer; its name."""
        name = f"model-{next(_numbers)}"
        containers = [
            {
                "Image": f"{ACCOUNT}/served:1",
                "ModelDataUrl": self.put(f"models/{name}/{number}/model.tar.gz", tar({"code/handler.py": source})),
                "Environment": {"PYTHONPATH": "/opt/ml/model/code", **environment},
            }
            for number, source in enumerate(sources)
        ]
        self.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=containers)
        return name

    def create_transform(
        self,
        model: str,
        files: Mapping[str, bytes | str],
        *,
        hosts: int = 1,
        input: Mapping[str, Any] | None = None,
        output: Mapping[str, Any] | None = None,
        **request: Any,
    ) -> str:
        """Create a job over `files`, of text/csv in lines; its results lie below s3://jobs/<name>/out/."""
        name = request.pop("name", "") or f"transform-{next(_numbers)}"
        for key, content in files.items():
            self.put(f"{name}/in/{key}", content)
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://jobs/{name}/in/"}
        self.sagemaker.create_transform_job(
            TransformJobName=name,
            ModelName=model,
            TransformInput={
                "DataSource": {"S3DataSource": source},
                "ContentType": "text/csv",
                "SplitType": "Line",
                **(input or {}),
            },
            TransformOutput={
                "S3OutputPath": f"s3://jobs/{name}/out",
                "Accept": "text/csv",
                "AssembleWith": "Line",
                **(output or {}),
            },
            TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": hosts},
            **request,
        )
        return name

    def transform(self, source: str, files: Mapping[str, bytes | str], **options: Any) -> dict[str, Any]:
        return self.wait_transform(self.create_transform(self.model(source), files, **options))

    def wait_transform(self, name: str, until: Callable[[str], bool] | None = None) -> dict[str, Any]:
        return self._wait(
            lambda: self.sagemaker.describe_transform_job(TransformJobName=name), "TransformJobStatus", until
        )

    def log(self, name: str, kind: str = "Processing", host: str = "algo-1") -> list[str]:
        """The lines of the newest stream of a host."""
        group = f"/aws/sagemaker/{kind}Jobs"
        found = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/{host}-")
        stream = found["logStreams"][-1]["logStreamName"]
        events = self.logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
        return [event["message"] for event in events]

    def folder(self, name: str, kind: str = "Processing", host: str = "algo-1") -> Path:
        """The folder that stands for the host."""
        return self.home / "jobs" / kind / name / host

    def appears(self, path: Path) -> None:
        """Wait for a file that a running job writes."""
        end = time.monotonic() + 30
        while not path.exists():
            assert time.monotonic() < end, f"{path} does not appear"
            time.sleep(0.01)


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The server that these tests share."""
    with running(Client, tmp_path_factory.mktemp("jobs")) as server:
        yield server


@pytest.fixture
def own_jobs(tmp_path: Path) -> Iterator[Client]:
    """A server that the test may kill."""
    with running(Client, tmp_path) as server:
        yield server
