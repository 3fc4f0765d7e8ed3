"""Faults in batch_transform.yml: the definition within the template, and what starts it."""

from collections.abc import Callable
from typing import Any

from tests.model_deploy.faults import GONE, Fault

MODEL, PIPELINE = (f"Resources/Batch{name}/Properties" for name in ("Model", "Pipeline"))
BODY = f"{PIPELINE}/PipelineDefinition/PipelineDefinitionBody/Fn::Sub/0"
SCHEDULED, ARRIVAL = (f"Resources/Batch{name}/Properties" for name in ("Scheduled", "Arrival"))
TARGET = f"{ARRIVAL}/Targets/0"
PATTERN = f"{ARRIVAL}/EventPattern"


def text(old: str, new: str) -> Callable[[Any], str]:
    """Change the definition's text."""

    def change(body: Any) -> str:
        assert old in body
        return str(body).replace(old, new)

    return change


FAULTS: dict[str, Fault] = {
    "definition is no JSON": (BODY, text('"Metadata": {},', '"Metadata": {}'), "definition"),
    "definition of another version": (BODY, text("2020-12-01", "2020-12-02"), "definition"),
    "step type misspelt": (BODY, text('"Type": "Transform"', '"Type": "TransformJob"'), "definition"),
    "strategy unknown": (BODY, text('"${BatchStrategy}"', '"Multi"'), "api-shape"),
    "instance type left out": (BODY, text('"InstanceType": "${BatchInstanceType}",', ""), "api-shape"),
    "member misspelt": (BODY, text('"SplitType"', '"SplitBy"'), "api-shape"),
    "instances as text": (BODY, text("${BatchInstances}", '"${BatchInstances}"'), "api-shape"),
    "records not split": (BODY, text('"SplitType": "Line"', '"SplitType": "None"'), "batch-lines"),
    "results not in lines": (BODY, text('"AssembleWith": "Line"', '"AssembleWith": "None"'), "batch-lines"),
    "answers of another type": (
        BODY,
        text('"Accept": "${BatchContentType}"', '"Accept": "application/json"'),
        "batch-lines",
    ),
    "strategy left out": (BODY, text('"BatchStrategy": "${BatchStrategy}",', ""), "batch-limits"),
    "payload left out": (BODY, text('"MaxPayloadInMB": ${BatchMaxPayloadMegabytes},', ""), "batch-limits"),
    "concurrency × payload": (BODY, text("${BatchConcurrency}", "60"), "batch-limits"),
    "results below the input": (BODY, text("/batch/out", "/batch/in/out"), "batch-places"),
    "all runs into one folder": (BODY, text('{"Get": "Execution.PipelineExecutionId"}', '"results"'), "batch-places"),
    "always the whole prefix": (BODY, text('{"Get": "Parameters.InputKey"}', '"in/"'), "batch-places"),
    "parameter not declared": (BODY, text("Parameters.InputKey", "Parameters.Input"), "api-shape"),
    "model by its ARN": (BODY, text("${BatchModel.ModelName}", "${BatchModel}"), "api-shape"),
    "model of yesterday": (BODY, text("${BatchModel.ModelName}", "credit-model"), "batch-model"),
    "filter ignored": (BODY, text("${BatchInputFilter}", "$"), "intent"),
    "results without the key": (BODY, text("${OutputKey}", ""), "intent-key"),
    "volumes without the key": (BODY, text("${VolumeKey}", ""), "intent-key"),
    "captures nothing": (BODY, text("${Capture}", ""), "intent"),
    "role of nobody": (f"{PIPELINE}/RoleArn", "batch", "api-shape"),
    "isolation off": (f"{MODEL}/EnableNetworkIsolation", "false", "intent-isolation"),
    "schedule of another pipeline": (
        f"{SCHEDULED}/Target/Arn",
        {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:pipeline/monitor"},
        "batch-start",
    ),
    "schedule without a role": (f"{SCHEDULED}/Target/RoleArn", GONE, "api-shape"),
    "schedule switched off": (f"{SCHEDULED}/State", "DISABLED", "batch-start"),
    "schedule written out": (f"{SCHEDULED}/ScheduleExpression", "rate(1 day)", "intent"),
    "schedule in another zone": (f"{SCHEDULED}/ScheduleExpressionTimezone", GONE, "intent"),
    "flexible window misspelt": (f"{SCHEDULED}/FlexibleTimeWindow/Mode", "NONE", "api-shape"),
    "another parameter": (
        f"{TARGET}/SageMakerPipelineParameters/PipelineParameterList/0/Name",
        "InputUrl",
        "batch-start",
    ),
    "key of another event": (
        f"{TARGET}/SageMakerPipelineParameters/PipelineParameterList/0/Value",
        "$.detail.key",
        "batch-start",
    ),
    "target without a role": (f"{TARGET}/RoleArn", GONE, "batch-start"),
    "event misspelt": (f"{PATTERN}/detail-type/0", "Object created", "event-pattern"),
    "source misspelt": (f"{PATTERN}/source/0", "aws.S3", "event-pattern"),
    "values without a list": (f"{PATTERN}/source", "aws.s3", "event-pattern"),
    "operator unknown": (f"{PATTERN}/detail/object/key/0", {"startswith": "in/"}, "event-pattern"),
    "another prefix": (f"{PATTERN}/detail/object/key/0/prefix", "batch/in/", "event-pattern"),
    "called as nobody calls it": (
        f"{PIPELINE}/PipelineName",
        {"Fn::Sub": "${SageMakerProjectName}-${StageName}-batches"},
        "batch-name",
    ),
    "role of those who start it": (
        f"{PIPELINE}/RoleArn",
        {
            "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
            "${SageMakerProjectName}-${SageMakerProjectId}-batch-start"
        },
        "batch-role",
    ),
    "captures among the results": (
        f"{PIPELINE}/PipelineDefinition/PipelineDefinitionBody/Fn::Sub/1/Capture/Fn::If/1/Fn::Sub/1/Prefix",
        {"Fn::Sub": "s3://${DataBucketName}/deployments/${SageMakerProjectName}/${StageName}/batch/out"},
        "batch-places",
    ),
    "rule without a pattern": (PATTERN, GONE, "event-pattern"),
    "results start the next run": (
        f"{PATTERN}/detail/object/key/0/prefix",
        {"Fn::Sub": "deployments/${SageMakerProjectName}/${StageName}/batch/"},
        "batch-loop",
    ),
    "any suffix": (f"{PATTERN}/detail/object/key/0", {"suffix": ".csv"}, "batch-loop"),
    "rule switched off": (f"{ARRIVAL}/State", "DISABLED", "event-state"),
    "rule without a target": (f"{ARRIVAL}/Targets", [], "event-target"),
    "arrival always": ("Resources/BatchArrival/Condition", GONE, "intent"),
    "arrivals in every bucket": (f"{PATTERN}/detail/bucket", GONE, "event-wide"),
    "requests of a minute": (
        f"{MODEL}/Containers/0/Environment/SAGEMAKER_MODEL_SERVER_TIMEOUT",
        GONE,
        "model-environment",
    ),
    "stages collide": (
        f"{PIPELINE}/PipelineName",
        {"Fn::Sub": "${SageMakerProjectName}-batch"},
        "name",
    ),
}
