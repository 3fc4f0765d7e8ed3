"""Training, models and their registration as steps."""

import json
import uuid
from typing import Any

from pipelines_kit import CACHED, IMAGE, OK, ROLE, Pipelines, definition, processing


def training(bucket: str, **more: Any) -> dict[str, Any]:
    program = "import os; open(os.path.join(os.environ['MODEL'], 'model'), 'w').write('weights')"
    arguments = {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["python3", "-c", program],
        },
        "Environment": {"MODEL": "/opt/ml/model"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10},
        "RoleArn": ROLE,
    }
    return {"Name": "Train", "Type": "Training", "Arguments": arguments | more}


def register(group: str, url: Any) -> dict[str, Any]:
    inference = {
        "Containers": [{"Image": IMAGE, "ModelDataUrl": url}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    arguments = {
        "ModelPackageGroupName": group,
        "ModelApprovalStatus": {"Get": "Parameters.Approval"},
        "InferenceSpecification": inference,
        "CustomerMetadataProperties": {"execution": {"Get": "Execution.PipelineExecutionId"}},
    }
    return {"Name": "Register", "Type": "RegisterModel", "Arguments": arguments}


APPROVAL = [{"Name": "Approval", "Type": "String", "DefaultValue": "PendingManualApproval"}]


def test_train_create_a_model_and_register_it(pipelines: Pipelines, s3: Any, bucket: str) -> None:
    url = {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    model = {
        "Name": "Model",
        "Type": "Model",
        "Arguments": {"ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl": url}},
    }
    tell = processing("Tell", OK)
    tell["Arguments"]["Environment"] = {
        "MODEL": {"Get": "Steps.Model.ModelName"},
        "VERSION": {"Std:Join": {"On": "", "Values": [{"Get": "Steps.Register.ModelPackageVersion"}]}},
    }
    group = f"g-{uuid.uuid4().hex[:8]}"
    name = pipelines.create([training(bucket), model, register(group, url), tell], APPROVAL)
    client = pipelines.sagemaker
    for version in (1, 2):
        arn = pipelines.start(name)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded", pipelines.steps(arn)
        steps = pipelines.steps(arn)
        package = client.describe_model_package(ModelPackageName=steps["Register"]["Metadata"]["RegisterModel"]["Arn"])
        assert package["ModelPackageVersion"] == version
        assert package["ModelApprovalStatus"] == "PendingManualApproval"
        assert package["CustomerMetadataProperties"] == {"execution": arn.rpartition("/")[2]}
        job = client.describe_processing_job(
            ProcessingJobName=steps["Tell"]["Metadata"]["ProcessingJob"]["Arn"].rpartition("/")[2]
        )
        assert job["Environment"]["VERSION"] == str(version)
        created = client.describe_model(ModelName=job["Environment"]["MODEL"])
        assert created["ModelArn"] == steps["Model"]["Metadata"]["Model"]["Arn"]
        assert created["PrimaryContainer"]["ModelDataUrl"].endswith("/output/model.tar.gz")


def test_a_registration_that_is_refused_registers_nothing(pipelines: Pipelines, bucket: str) -> None:
    group = f"g-{uuid.uuid4().hex[:8]}"
    name = pipelines.create([register(group, f"s3://{bucket}/absent.tar.gz")], APPROVAL)
    arn = pipelines.start(name)
    assert pipelines.end(arn)["PipelineExecutionStatus"] == "Failed"
    reason = pipelines.steps(arn)["Register"]["FailureReason"]
    assert reason.startswith("ClientError: Failed to invoke sagemaker:CreateModelPackage. Error Details:")
    assert "Could not find model data" in reason
    listed = pipelines.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
    assert listed == []


def test_training_is_cached_by_its_hyperparameters_and_not_by_its_cluster(pipelines: Pipelines, bucket: str) -> None:
    def steps(eta: str, size: int) -> list[dict[str, Any]]:
        resources = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": size}
        return [training(bucket, HyperParameters={"eta": eta}, ResourceConfig=resources) | CACHED]

    name = pipelines.create(steps("0.1", 10))
    hits = []
    for eta, size in (("0.1", 10), ("0.1", 20), ("0.2", 20)):
        text = json.dumps(definition(steps(eta, size)))
        pipelines.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=text)
        arn = pipelines.start(name)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded", pipelines.steps(arn)
        hits.append("CacheHitResult" in pipelines.steps(arn)["Train"])
    assert hits == [False, True, False]
