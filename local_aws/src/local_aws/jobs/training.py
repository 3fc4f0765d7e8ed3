"""Training jobs: channels in, a program per host, a model out."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.jobs import checkpoints, inputs, outputs, spot, toolkit
from local_aws.jobs.failure import JobError, message_in, reason_of
from local_aws.jobs.folder import HostFolder, resource_config
from local_aws.jobs.kind import Document, Live, Outcome
from local_aws.jobs.programs import ProgramKind
from local_aws.jobs.run import run
from local_aws.operations import Aws
from local_aws.processes.boot.program import Program
from local_aws.processes.images import Image
from local_aws.processes.watch import End

#: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html
DAY = 24 * 3600

#: Members that would change what happens, and that nothing here honours.
NOT_HERE = (
    "DebugRuleConfigurations",
    "ProfilerRuleConfigurations",
    "TensorBoardOutputConfig",
    "ServerlessJobConfig",
    "ModelPackageConfig",
)

_MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job exceeded MaxWaitTimeInSeconds provided",
    "Interrupted": "Training job interrupted: the managed Spot instances were taken back",
}


class Training(ProgramKind):
    """CreateTrainingJob and the contract of its containers
    (https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html).
    """

    name = "Training"
    exists = (
        "Training job names must be unique within an AWS account and region, and a training job with this name"
        " already exists ({arn})"
    )
    missing = "Requested resource not found."
    grace = 120.0
    logs_metrics = True

    def run(self, aws: Aws, document: Document, live: Live, ending: Callable[[], bool]) -> Outcome:
        return run(self, aws, document, live, ending)

    def check(self, aws: Aws, request: Document) -> Document:
        algorithm = request.get("AlgorithmSpecification", {})
        if not algorithm.get("TrainingImage"):
            raise NotSupported("a training job without AlgorithmSpecification.TrainingImage")
        if algorithm.get("TrainingInputMode") == "Pipe":
            raise NotSupported("TrainingInputMode Pipe")
        for member in NOT_HERE:
            if request.get(member):
                raise NotSupported(f"{member} of a training job")
        image = aws.images.find(algorithm["TrainingImage"])
        if image.metric and algorithm.get("MetricDefinitions"):
            raise AwsError(
                "ValidationException",
                "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the request"
                " without specifying metric definitions.",
            )
        resources = request.get("ResourceConfig", {})
        if not resources.get("InstanceType") or not resources.get("InstanceCount"):
            raise NotSupported("a training job whose ResourceConfig has no InstanceType and InstanceCount")
        own = algorithm.get("ContainerEntrypoint") or _program(request) or not image.train
        spot.check(request, DAY, resumable=bool(own or request.get("CheckpointConfig")))
        for channel in request.get("InputDataConfig", []):
            _check_channel(channel)
        return {"StoppingCondition": {"MaxRuntimeInSeconds": DAY}, "HyperParameters": {}, **request}

    def image_of(self, document: Document) -> str:
        return str(document["AlgorithmSpecification"]["TrainingImage"])

    def hosts_of(self, document: Document) -> list[str]:
        return [f"algo-{number + 1}" for number in range(document["ResourceConfig"]["InstanceCount"])]

    def limit_of(self, document: Document) -> float:
        return float(document["StoppingCondition"].get("MaxRuntimeInSeconds", DAY))

    def latest_of(self, document: Document) -> float:
        wait = document["StoppingCondition"].get("MaxWaitTimeInSeconds")
        spot_job = document.get("EnableManagedSpotTraining") and wait
        return float(document["CreationTime"] + wait) if spot_job else math.inf

    def interruption_of(self, aws: Aws, document: Document, started: float) -> spot.Interruption:
        spot_job = document.get("EnableManagedSpotTraining")
        return spot.upcoming(aws, document, started) if spot_job else spot.Interruption()

    def kept(self, aws: Aws, document: Document, folders: Sequence[HostFolder]) -> AbstractContextManager[object]:
        return checkpoints.Sync(aws, document, folders) if document.get("CheckpointConfig") else nullcontext()

    def on_interruption(self, document: Document) -> str:
        how = (
            "restarts with what is in its checkpoints"
            if document.get("CheckpointConfig")
            else "has no CheckpointConfig and restarts from the beginning"
        )
        return f"local_aws: the Spot instances were taken back: the job {how}."

    def prepare(self, aws: Aws, document: Document, image: Image, folders: Sequence[HostFolder], /) -> list[Program]:
        for channel in document.get("InputDataConfig", []):
            _download(aws, channel, folders)
        names = [folder.name for folder in folders]
        config = document["ResourceConfig"]
        return [
            self._program(aws, document, image, folder, resource_config(names, folder.name, config["InstanceType"]))
            for folder in folders
        ]

    def _program(
        self, aws: Aws, document: Document, image: Image, folder: HostFolder, resources: dict[str, Any]
    ) -> Program:
        for path in ("/opt/ml/model", "/opt/ml/output/data", "/opt/ml/input/data"):
            folder.real(path).mkdir(parents=True, exist_ok=True)
        checkpoints.restore(aws, document, folder)
        channels = {channel["ChannelName"]: _channel_config(channel) for channel in document.get("InputDataConfig", [])}
        folder.write("/opt/ml/input/config/hyperparameters.json", document["HyperParameters"])
        folder.write("/opt/ml/input/config/inputdataconfig.json", channels)
        folder.write("/opt/ml/input/config/resourceconfig.json", resources)
        network = not document.get("EnableNetworkIsolation", False)
        environment = folder.environment(aws, network=network) | {
            "TRAINING_JOB_NAME": document["TrainingJobName"],
            "TRAINING_JOB_ARN": document["TrainingJobArn"],
            **document.get("Environment", {}),
        }
        algorithm = document["AlgorithmSpecification"]
        hyperparameters = toolkit.plain(document["HyperParameters"])
        program = toolkit.script_mode(hyperparameters, environment)
        if algorithm.get("ContainerEntrypoint"):
            command = [*algorithm["ContainerEntrypoint"], *algorithm.get("ContainerArguments", [])]
            return folder.program(command, environment, network=network)
        if image.toolkit and program:
            toolkit.unpack(aws, folder, str(hyperparameters.get("sagemaker_submit_directory", toolkit.CODE)))
            environment |= toolkit.environment(
                program, hyperparameters, resources, channels, document["TrainingJobName"]
            )
            environment["PYTHONPATH"] = ":".join(filter(None, [toolkit.CODE, environment.get("PYTHONPATH")]))
            return folder.program(
                toolkit.command(program, hyperparameters), environment, folder=toolkit.CODE, network=network
            )
        if image.train:
            environment["PYTHONPATH"] = ":".join(filter(None, [folder.stand_in(image), environment.get("PYTHONPATH")]))
            return folder.program(image.train, environment, network=network)
        raise JobError(
            f"ClientError: the image {image.repository} has no algorithm of its own on this machine: use script mode"
            " (hyperparameters sagemaker_program and sagemaker_submit_directory), or ContainerEntrypoint."
        )

    def collect(
        self, aws: Aws, document: Document, folders: Sequence[HostFolder], status: str
    ) -> Iterator[outputs.Output]:
        """The model of a completed or stopped job, and /opt/ml/output/data of every job."""
        base = _output_base(document)
        models = [folder.real("/opt/ml/model") for folder in folders]
        if status != "Failed" and _packed(document):
            yield outputs.pack(aws, models, f"{base}/output/model.tar.gz")
        elif status != "Failed":
            for model in models:
                yield from outputs.upload(aws, model, f"{base}/output/model/")
        data = [folder.real("/opt/ml/output/data") for folder in folders]
        if any(outputs.files_below(folder) for folder in data):
            yield outputs.pack(aws, data, f"{base}/output/output.tar.gz")

    def explain(self, folders: Sequence[HostFolder], end: End, last_lines: Sequence[str]) -> tuple[str, str]:
        if end.failed is None:
            return "", ""
        text = message_in(folders[end.failed].real("/opt/ml/output/failure"))
        return reason_of(text or last_lines[end.failed], end.codes[end.failed]), ""

    def progress(self, document: Document, phase: str, now: float) -> None:
        transitions = document.setdefault("SecondaryStatusTransitions", [])
        if transitions:
            transitions[-1]["EndTime"] = now
        transitions.append({"Status": phase, "StartTime": now, "StatusMessage": _MESSAGES[phase]})
        document["SecondaryStatus"] = phase
        if phase == "Downloading":
            document.setdefault("TrainingStartTime", now)

    def finish(self, document: Document, outcome: Outcome) -> None:
        phase = "MaxRuntimeExceeded" if outcome.overtime else outcome.status
        phase = "MaxWaitTimeExceeded" if outcome.overwait else phase
        self.progress(document, phase, outcome.ended)
        document["SecondaryStatusTransitions"][-1]["EndTime"] = outcome.ended
        document["TrainingJobStatus"] = outcome.status
        document["TrainingEndTime"] = outcome.ended
        document["FinalMetricDataList"] = outcome.metrics
        if started := document.get("TrainingStartTime"):
            # Nothing is paid between instances. AWS also takes off the discount of Spot, which has no price here.
            waited = spot.waited(document["SecondaryStatusTransitions"])
            billable = max(1, round(outcome.ended - started - waited))
            document["BillableTimeInSeconds"] = billable
            document["TrainingTimeInSeconds"] = billable + math.ceil(waited)
        if outcome.reason:
            document["SecondaryStatusTransitions"][-1]["StatusMessage"] = outcome.reason
            document["FailureReason"] = outcome.reason
        if outcome.status != "Failed" and outcome.uploads:
            tail = "output/model.tar.gz" if _packed(document) else "output/model/"
            document["ModelArtifacts"] = {"S3ModelArtifacts": f"{_output_base(document)}/{tail}"}


def _output_base(document: Document) -> str:
    return f"{document['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{document['TrainingJobName']}"


def _packed(document: Document) -> bool:
    return bool(document["OutputDataConfig"].get("CompressionType", "GZIP") == "GZIP")


def _program(request: Document) -> str | None:
    """The program of script mode, if it is that."""
    hyperparameters = toolkit.plain(request.get("HyperParameters", {}))
    return toolkit.script_mode(hyperparameters, request.get("Environment", {}))


def _check_channel(channel: Document) -> None:
    name = channel["ChannelName"]
    source = channel["DataSource"].get("S3DataSource")
    if not source:
        raise NotSupported(f"the channel {name} without an S3DataSource")
    if channel.get("InputMode") == "Pipe":
        raise NotSupported(f"InputMode Pipe of the channel {name}")
    if channel.get("CompressionType", "None") != "None":
        raise NotSupported(f"CompressionType {channel['CompressionType']} of the channel {name}")
    if channel.get("RecordWrapperType", "None") != "None" or "ShuffleConfig" in channel:
        raise NotSupported(f"RecordWrapperType and ShuffleConfig of the channel {name}")
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise NotSupported(f"S3DataType {source['S3DataType']} of the channel {name}")
    if source.get("InstanceGroupNames") or source.get("ModelAccessConfig") or source.get("HubAccessConfig"):
        raise NotSupported(f"InstanceGroupNames, ModelAccessConfig and HubAccessConfig of the channel {name}")


def _download(aws: Aws, channel: Document, folders: Sequence[HostFolder]) -> None:
    source = channel["DataSource"]["S3DataSource"]
    sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
    found = inputs.items(aws, inputs.Source(source["S3Uri"], source["S3DataType"] == "ManifestFile"))
    for number, folder in enumerate(folders):
        mine = inputs.share(found, number, len(folders)) if sharded else found
        inputs.download(aws, mine, folder.real(f"/opt/ml/input/data/{channel['ChannelName']}"), folder)


def _channel_config(channel: Document) -> dict[str, str]:
    """The channel's entry in `inputdataconfig.json`."""
    source = channel["DataSource"]["S3DataSource"]
    config = {
        "TrainingInputMode": channel.get("InputMode", "File"),
        "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "RecordWrapperType": "None",
    }
    return config | ({"ContentType": channel["ContentType"]} if channel.get("ContentType") else {})
