"""Processing jobs: folders in, a program per host, folders out."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.jobs import inputs, outputs
from local_aws.jobs.failure import message_in, reason_of
from local_aws.jobs.folder import HostFolder, resource_config
from local_aws.jobs.kind import Document, Live, Outcome
from local_aws.jobs.programs import ProgramKind
from local_aws.jobs.run import run
from local_aws.operations import Aws
from local_aws.processes.boot.program import Program
from local_aws.processes.images import Image
from local_aws.processes.watch import End

#: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingStoppingCondition.html
DAY = 24 * 3600


class Processing(ProgramKind):
    """CreateProcessingJob and the contract of its containers
    (https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html).
    """

    name = "Processing"
    exists = "Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})"
    missing = "Could not find requested job with name: {name}"

    def run(self, aws: Aws, document: Document, live: Live, ending: Callable[[], bool]) -> Outcome:
        return run(self, aws, document, live, ending)

    def check(self, aws: Aws, request: Document) -> Document:
        cluster = request["ProcessingResources"]["ClusterConfig"]
        if not cluster.get("InstanceType") or not cluster.get("InstanceCount"):
            if cluster.get("InstancePreferences"):
                raise NotSupported("ClusterConfig.InstancePreferences of a processing job")
            raise AwsError("ValidationException", "InstanceType and InstanceCount are required in ClusterConfig.")
        image = aws.images.find(request["AppSpecification"]["ImageUri"])
        if not request["AppSpecification"].get("ContainerEntrypoint") and not image.process:
            raise NotSupported(
                f"a processing job without ContainerEntrypoint: {request['AppSpecification']['ImageUri']} has no"
                " program of its own on this machine"
            )
        for entry in request.get("ProcessingInputs", []):
            _check_input(entry)
        for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            _check_output(entry)
        return {"StoppingCondition": {"MaxRuntimeInSeconds": DAY}, **request}

    def image_of(self, document: Document) -> str:
        return str(document["AppSpecification"]["ImageUri"])

    def hosts_of(self, document: Document) -> list[str]:
        count = document["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
        return [f"algo-{number + 1}" for number in range(count)]

    def limit_of(self, document: Document) -> float:
        return float(document["StoppingCondition"]["MaxRuntimeInSeconds"])

    def prepare(self, aws: Aws, document: Document, image: Image, folders: Sequence[HostFolder], /) -> list[Program]:
        for entry in document.get("ProcessingInputs", []):
            self._download(aws, entry, folders)
        for entry in document.get("ProcessingOutputConfig", {}).get("Outputs", []):
            for folder in folders:
                folder.real(entry["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        application = document["AppSpecification"]
        own = application.get("ContainerEntrypoint")
        command = [*(own or image.process), *application.get("ContainerArguments", [])]
        network = not document.get("NetworkConfig", {}).get("EnableNetworkIsolation", False)
        instance = document["ProcessingResources"]["ClusterConfig"]["InstanceType"]
        names = [folder.name for folder in folders]
        programs = []
        for folder in folders:
            folder.write("/opt/ml/config/processingjobconfig.json", _config(document))
            folder.write("/opt/ml/config/resourceconfig.json", resource_config(names, folder.name, instance))
            environment = folder.environment(aws, network=network) | document.get("Environment", {})
            environment |= {} if own else {"PYTHONPATH": folder.stand_in(image)}
            programs.append(folder.program(command, environment, network=network))
        return programs

    def _download(self, aws: Aws, entry: Document, folders: Sequence[HostFolder]) -> None:
        source = entry["S3Input"]
        sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        found = inputs.items(aws, inputs.Source(source["S3Uri"], source["S3DataType"] == "ManifestFile"))
        for number, folder in enumerate(folders):
            mine = inputs.share(found, number, len(folders)) if sharded else found
            inputs.download(aws, mine, folder.real(source["LocalPath"]), folder)

    def collect(
        self, aws: Aws, document: Document, folders: Sequence[HostFolder], status: str
    ) -> Iterator[outputs.Output]:
        """Outputs at the end of a completed job; those with Continuous upload also when it failed or was stopped."""
        for entry in document.get("ProcessingOutputConfig", {}).get("Outputs", []):
            wanted = entry["S3Output"]
            if status == "Completed" or wanted["S3UploadMode"] == "Continuous":
                for folder in folders:
                    yield from outputs.upload(aws, folder.real(wanted["LocalPath"]), wanted["S3Uri"])

    def explain(self, folders: Sequence[HostFolder], end: End, last_lines: Sequence[str]) -> tuple[str, str]:
        message = next(filter(None, (message_in(folder.real("/opt/ml/output/message")) for folder in folders)), "")
        if end.failed is None:
            return "", message
        return reason_of(message or last_lines[end.failed], end.codes[end.failed]), message

    def progress(self, document: Document, phase: str, now: float) -> None:
        if phase == self.phases[1]:
            document["ProcessingStartTime"] = now

    def finish(self, document: Document, outcome: Outcome) -> None:
        document["ProcessingJobStatus"] = outcome.status
        document["ProcessingEndTime"] = outcome.ended
        if outcome.started:
            document["ProcessingStartTime"] = outcome.started
        if outcome.reason:
            document["FailureReason"] = outcome.reason
        if outcome.message:
            document["ExitMessage"] = outcome.message


def _check_input(entry: Document) -> None:
    if "DatasetDefinition" in entry:
        raise NotSupported("ProcessingInput.DatasetDefinition (Athena, Redshift)")
    source = entry.get("S3Input")
    if not source or not source.get("LocalPath"):
        raise AwsError("ValidationException", f"The input {entry['InputName']} needs an S3Input with a LocalPath.")
    if source.get("S3InputMode") == "Pipe" or source.get("S3CompressionType") == "Gzip":
        raise NotSupported("ProcessingS3Input with S3InputMode Pipe or S3CompressionType Gzip")
    _check_path(source["LocalPath"], entry["InputName"])


def _check_output(entry: Document) -> None:
    if "S3Output" not in entry:
        raise NotSupported(f"the output {entry['OutputName']} without an S3Output (FeatureStoreOutput)")
    if not entry["S3Output"].get("LocalPath"):
        raise AwsError("ValidationException", f"The output {entry['OutputName']} needs a LocalPath.")
    _check_path(entry["S3Output"]["LocalPath"], entry["OutputName"])


def _check_path(path: str, name: str) -> None:
    if not path.startswith("/opt/ml/processing/") or ".." in path.split("/"):
        raise AwsError("ValidationException", f"LocalPath {path} of {name} must be below /opt/ml/processing.")


def _config(document: Document) -> dict[str, Any]:
    """`processingjobconfig.json`: the request, and the job's ARN."""
    members = (
        "ProcessingJobArn",
        "ProcessingJobName",
        "AppSpecification",
        "Environment",
        "ProcessingInputs",
        "ProcessingOutputConfig",
        "ProcessingResources",
        "RoleArn",
        "StoppingCondition",
    )
    return {member: document.get(member) for member in members}
