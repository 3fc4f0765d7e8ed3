"""The templates of the deployment, unchanged: endpoints with alarms and scaling, a new version, and nothing left."""

from pathlib import Path
from typing import Any

import pytest
from asynchronous_kit import connect, eventually
from botocore.exceptions import WaiterError
from endpoints_kit import APP
from serving_kit import IMAGE, SERVING, artefact

TEMPLATES = Path(__file__).parents[3] / "model_deploy" / "templates"

PARAMETERS: dict[str, Any] = {
    "SageMakerProjectName": "credit",
    "SageMakerProjectId": "p-demo",
    "StageName": "prod",
    "ModelVersion": 1,
    "ModelExecutionRoleArn": "arn:aws:iam::123456789012:role/model",
    "DataBucketName": "models",
}

#: Behind the name of the mode.
OF_MODE: dict[str, Any] = {
    "InstanceType": "ml.m5.large",
    "Instances": 1,
    "CapturePercent": 0,
    "Minimum": 1,
    "Maximum": 2,
    "InvocationsPerInstance": 100,
    "ScaleInSeconds": 300,
    "ScaleOutSeconds": 60,
    "OffHoursStart": "cron(0 20 * * ? *)",
    "OffHoursEnd": "cron(0 6 * * ? *)",
    "OffHoursTimezone": "Europe/Berlin",
    "Strategy": "ALL_AT_ONCE",
    "StepPercent": 10,
    "WaitSeconds": 0,
    "TerminationSeconds": 0,
    "TimeoutSeconds": 600,
    "ErrorShare": 0.05,
    "LatencyMicroseconds": 500000,
    "Mismatches": 1,
    "AlarmMinutes": 3,
    "AlarmBreaching": 2,
    "Concurrency": 2,
    "BacklogPerInstance": 5,
    "MemoryMegabytes": 2048,
    "MaxConcurrency": 5,
    "ProvisionedMinimum": 1,
    "ProvisionedMaximum": 2,
    "Utilisation": 0.7,
}

#: What the second version changes beside the model: scaling in place.
CHANGED = {"Maximum": 3, "ProvisionedMaximum": 3, "OffHoursStart": "", "InvocationsPerInstance": 50, "Utilisation": 0.5}

MODES = {
    "real_time": ("RealTime", ""),
    "serverless": ("Serverless", "-serverless"),
    "asynchronous": ("Asynchronous", "-async"),
}


@pytest.fixture(scope="module")
def package(served: Any) -> str:
    """The ARN of a version that can be served."""
    served.s3.put_object(Bucket="models", Key="package.tar.gz", Body=artefact(APP))
    container = {"Image": IMAGE, "ModelDataUrl": "s3://models/package.tar.gz", "Environment": SERVING}
    served.sagemaker.create_model_package_group(ModelPackageGroupName="credit")
    arn = served.sagemaker.create_model_package(
        ModelPackageGroupName="credit",
        InferenceSpecification={
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelApprovalStatus="Approved",
    )["ModelPackageArn"]
    return str(arn)


class Stack:
    """A mode's template on the server."""

    def __init__(self, client: Any, mode: str, package: str) -> None:
        self.client = client
        self.prefix, suffix = MODES[mode]
        self.name = f"stack-{self.prefix}"
        self.endpoint = f"credit-prod{suffix}"
        self.text = (TEMPLATES / f"{mode}.yml").read_text()
        self.package = package

    def request(self, version: int) -> dict[str, Any]:
        declared = self.client.cloudformation.validate_template(TemplateBody=self.text)["Parameters"]
        given = PARAMETERS | {"ModelPackageName": self.package, "ModelVersion": version}
        given |= {f"{self.prefix}{name}": value for name, value in (OF_MODE | (CHANGED if version > 1 else {})).items()}
        if self.prefix == "Asynchronous":
            given["AsynchronousMinimum"] = 0
        names = [parameter["ParameterKey"] for parameter in declared]
        chosen = [{"ParameterKey": name, "ParameterValue": str(given[name])} for name in names if name in given]
        return {"StackName": self.name, "TemplateBody": self.text, "Parameters": chosen}

    def wait(self, waiter: str) -> None:
        quick = {"Delay": 0.1, "MaxAttempts": 1200}
        try:
            self.client.cloudformation.get_waiter(waiter).wait(StackName=self.name, WaiterConfig=quick)
        except WaiterError as error:
            events = self.client.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
            raise AssertionError([event.get("ResourceStatusReason") for event in events]) from error

    @property
    def place(self) -> dict[str, str]:
        dimension = "DesiredProvisionedConcurrency" if self.prefix == "Serverless" else "DesiredInstanceCount"
        return {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{self.endpoint}/variant/AllTraffic",
            "ScalableDimension": f"sagemaker:variant:{dimension}",
        }


@pytest.mark.parametrize("mode", MODES)
def test_a_template_from_creation_over_a_new_version_to_its_end(served: Any, package: str, mode: str) -> None:
    stack = Stack(served, mode, package)
    scaling = connect(served, "application-autoscaling")
    served.cloudformation.create_stack(**stack.request(1))
    stack.wait("stack_create_complete")
    first = served.sagemaker.describe_endpoint(EndpointName=stack.endpoint)["EndpointConfigName"]
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["ResourceId"] == stack.place["ResourceId"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0 if mode == "asynchronous" else 1, 2)
    policies = scaling.describe_scaling_policies(**stack.place)["ScalingPolicies"]
    assert {policy["PolicyName"]: len(policy["Alarms"]) for policy in policies} == {
        "real_time": {"invocations-per-instance": 2},
        "serverless": {"provisioned-concurrency-utilisation": 2},
        "asynchronous": {"backlog-per-instance": 2, "wake-from-zero": 1},
    }[mode]
    actions = scaling.describe_scheduled_actions(**stack.place)["ScheduledActions"]
    assert len(actions) == (2 if mode == "real_time" else 0)
    if mode != "asynchronous":
        assert served.invoke(stack.endpoint, b"answer") == b"answer"
    served.cloudformation.update_stack(**stack.request(2))
    stack.wait("stack_update_complete")
    assert served.sagemaker.describe_endpoint(EndpointName=stack.endpoint)["EndpointConfigName"] != first
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert target["MaxCapacity"] == 3
    assert not scaling.describe_scheduled_actions(**stack.place)["ScheduledActions"]
    changed = scaling.describe_scaling_policies(**stack.place)["ScalingPolicies"]
    assert {policy["PolicyARN"] for policy in changed} == {policy["PolicyARN"] for policy in policies}
    tracking = [policy.get("TargetTrackingScalingPolicyConfiguration") for policy in changed]
    goal = {"real_time": 50.0, "serverless": 0.5, "asynchronous": 5.0}[mode]
    assert [settings["TargetValue"] for settings in tracking if settings] == [goal]
    served.cloudformation.delete_stack(StackName=stack.name)
    stack.wait("stack_delete_complete")
    eventually(lambda: not served.sagemaker.list_endpoints(NameContains=stack.endpoint)["Endpoints"])
    assert not scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert not served.cloudwatch.describe_alarms()["MetricAlarms"]
