"""What the tests of pipelines share: a server with an image, definitions in a few words, and a wait for the end."""

import json
import time
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server_kit import connect

from local_aws import launch

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/plain:1"
ROLE = "arn:aws:iam::123456789012:role/pipelines"

#: An image without packages of its own.
IMAGES = '[[image]]\nrepository = "plain"\ntags = ["1"]\npackages = []\n'


#: Programs of a step that works, and of one that does not.
OK, BAD = "print('ok')", "import sys; sys.exit('no good')"


#: A step whose results are kept for an hour.
CACHED = {"CacheConfig": {"Enabled": True, "ExpireAfter": "PT1H"}}


def write_images(folder: Path) -> Path:
    path = folder / "images.toml"
    path.write_text(IMAGES)
    return path


def processing(name: str, program: str, **more: Any) -> dict[str, Any]:
    """A Processing step that runs a line of Python. `outputs`: output name → S3 URI; `inputs`: S3 URIs."""
    outputs, inputs = more.pop("outputs", {}), more.pop("inputs", [])
    arguments = {
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
        },
        "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "-c", program]},
        "RoleArn": ROLE,
    }
    if outputs:
        arguments["ProcessingOutputConfig"] = {"Outputs": [_output(key, uri) for key, uri in outputs.items()]}
    if inputs:
        arguments["ProcessingInputs"] = [_input(f"in{index}", uri) for index, uri in enumerate(inputs)]
    arguments |= more.pop("arguments", {})
    return {"Name": name, "Type": "Processing", "Arguments": arguments, **more}


def _output(name: str, uri: Any) -> dict[str, Any]:
    path = f"/opt/ml/processing/{name}"
    return {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}}


def _input(name: str, uri: Any) -> dict[str, Any]:
    source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": source}


def writer(name: str, content: dict[str, Any]) -> str:
    """A program that writes a JSON document into the output `name`."""
    return (
        "import json, os\n"
        "folder = os.environ['OUT']\n"
        f"open(os.path.join(folder, '{name}.json'), 'w').write({json.dumps(json.dumps(content))})"
    )


def gate_step(bucket: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A step that writes gate.json and declares it as the property file Gate."""
    return processing(
        "Evaluate",
        writer("gate", content),
        outputs={"gate": f"s3://{bucket}/gate"},
        arguments={"Environment": {"OUT": "/opt/ml/processing/gate"}},
        PropertyFiles=[{"PropertyFileName": "Gate", "OutputName": "gate", "FilePath": "gate.json"}],
        **more,
    )


def gate_value(path: str) -> dict[str, Any]:
    return {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Gate"}, "Path": path}}


def condition(path: str, least: Any, yes: list[Any], no: list[Any]) -> dict[str, Any]:
    holds = {"Type": "GreaterThanOrEqualTo", "LeftValue": gate_value(path), "RightValue": least}
    return {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {"Conditions": [holds], "IfSteps": yes, "ElseSteps": no},
    }


def after(name: str, *others: str, program: str = OK) -> dict[str, Any]:
    return processing(name, program, DependsOn=list(others))


def fails(name: str, message: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


def definition(steps: list[dict[str, Any]], parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": parameters or [],
        "PipelineExperimentConfig": {
            "ExperimentName": {"Get": "Execution.PipelineName"},
            "TrialName": {"Get": "Execution.PipelineExecutionId"},
        },
        "Steps": steps,
    }


@dataclass
class Pipelines:
    """A client with the few calls that every test makes."""

    sagemaker: Any

    def create(self, steps: list[dict[str, Any]], parameters: list[dict[str, Any]] | None = None) -> str:
        """The name of a new pipeline."""
        name = f"p-{uuid.uuid4().hex[:12]}"
        text = json.dumps(definition(steps, parameters))
        self.sagemaker.create_pipeline(PipelineName=name, PipelineDefinition=text, RoleArn=ROLE)
        return name

    def start(self, name: str, **more: Any) -> str:
        return str(self.sagemaker.start_pipeline_execution(PipelineName=name, **more)["PipelineExecutionArn"])

    def end(self, arn: str, wait: float = 30) -> dict[str, Any]:
        """What describe says when the execution has ended."""
        until = time.monotonic() + wait
        while True:
            found: dict[str, Any] = self.sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
            if found["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
                return found
            assert time.monotonic() < until, (found, self.steps(arn))
            time.sleep(0.01)

    def steps(self, arn: str) -> dict[str, dict[str, Any]]:
        """The steps by name, in the order of their start."""
        pages = self.sagemaker.get_paginator("list_pipeline_execution_steps")
        found = [
            step
            for page in pages.paginate(PipelineExecutionArn=arn, SortOrder="Ascending")
            for step in page["PipelineExecutionSteps"]
        ]
        return {step["StepName"]: step for step in found}

    def run(self, steps: list[dict[str, Any]], **more: Any) -> tuple[str, dict[str, dict[str, Any]]]:
        """The status of one execution of a new pipeline, and its steps."""
        arn = self.start(self.create(steps), **more)
        return self.end(arn)["PipelineExecutionStatus"], self.steps(arn)


@dataclass
class Home:
    """A server of its own: where it lives, and clients for it."""

    path: Path
    images: Path
    endpoint: str = ""

    def up(self) -> "Home":
        self.endpoint = launch.up(self.path, self.images).Endpoint or ""
        return self

    def down(self) -> None:
        launch.down(self.path)

    def client(self, service: str) -> Any:
        return connect(service, self.endpoint)

    def clock(self, offset: float) -> None:
        """Move the server's clock forward."""
        body = json.dumps({"Offset": offset}).encode()
        with urllib.request.urlopen(f"{self.endpoint}/_local/clock", body, timeout=5) as answer:
            assert answer.status == 200


def home(folder: Path) -> Home:
    return Home(folder / "home", write_images(folder))
