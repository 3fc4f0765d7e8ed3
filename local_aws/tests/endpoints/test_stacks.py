"""Stacks with endpoints: made, updated through a deployment, removed without a trace."""

import json
from typing import Any

TEMPLATE = {
    "Parameters": {"Model": {"Type": "String"}, "Name": {"Type": "String"}},
    "Resources": {
        "Config": {
            "Type": "AWS::SageMaker::EndpointConfig",
            "Properties": {
                "ProductionVariants": [
                    {
                        "VariantName": "AllTraffic",
                        "ModelName": {"Ref": "Model"},
                        "InstanceType": "ml.m5.large",
                        "InitialInstanceCount": "1",
                        "InitialVariantWeight": 1,
                    }
                ]
            },
        },
        "Endpoint": {
            "Type": "AWS::SageMaker::Endpoint",
            "Properties": {
                "EndpointName": {"Ref": "Name"},
                "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]},
                "DeploymentConfig": {
                    "BlueGreenUpdatePolicy": {
                        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
                        "TerminationWaitInSeconds": 0,
                        "MaximumExecutionTimeoutInSeconds": 600,
                    }
                },
            },
        },
    },
    "Outputs": {"ConfigName": {"Value": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}}},
}


def test_a_stack_with_an_endpoint(served: Any) -> None:
    name = served.name("stack-endpoint")
    stack: dict[str, Any] = {"StackName": name, "TemplateBody": json.dumps(TEMPLATE)}

    def parameters(model: str) -> list[dict[str, str]]:
        values = {"Model": model, "Name": name}
        return [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]

    def wait(waiter: str) -> dict[str, Any]:
        quick = {"Delay": 0.05, "MaxAttempts": 2000}
        served.cloudformation.get_waiter(waiter).wait(StackName=name, WaiterConfig=quick)
        found = served.cloudformation.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found[0]["Outputs"]}

    served.cloudformation.create_stack(**stack, Parameters=parameters(served.model("a")))
    first = wait("stack_create_complete")["ConfigName"]
    assert served.invoke(name) == b"ax"
    served.cloudformation.update_stack(**stack, Parameters=parameters(served.model("b")))
    second = wait("stack_update_complete")["ConfigName"]
    assert served.invoke(name) == b"bx"
    assert served.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] == second != first
    served.cloudformation.delete_stack(StackName=name)
    quick = {"Delay": 0.05, "MaxAttempts": 2000}
    served.cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=quick)
    assert not served.sagemaker.list_endpoints(NameContains=name)["Endpoints"]
