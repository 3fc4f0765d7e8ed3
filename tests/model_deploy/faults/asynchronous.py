"""Faults in asynchronous.yml: results and topics, and the way to zero and back."""

from tests.model_deploy.faults import GONE, Fault

MODEL, CONFIG = (f"Resources/Asynchronous{name}/Properties" for name in ("Model", "EndpointConfig"))
OUTPUT = f"{CONFIG}/AsyncInferenceConfig/OutputConfig"
TARGET = "Resources/AsynchronousScalableTarget/Properties"
TRACKING = "Resources/AsynchronousScalingPolicy/Properties/TargetTrackingScalingPolicyConfiguration"
METRIC = f"{TRACKING}/CustomizedMetricSpecification"
STEP = "Resources/AsynchronousWakePolicy/Properties/StepScalingPolicyConfiguration"
WAKE = "Resources/AsynchronousWakeAlarm/Properties"

FAULTS: dict[str, Fault] = {
    "successes to the error topic": (
        f"{OUTPUT}/NotificationConfig/SuccessTopic",
        {"Ref": "AsynchronousErrorTopic"},
        "async-topics",
    ),
    "errors told to nobody": (f"{OUTPUT}/NotificationConfig/ErrorTopic", GONE, "async-topics"),
    "topic by its name": (
        f"{OUTPUT}/NotificationConfig/ErrorTopic",
        {"Fn::GetAtt": ["AsynchronousErrorTopic", "TopicName"]},
        "api-shape",
    ),
    "no place for results": (f"{OUTPUT}/S3OutputPath", GONE, "async-output"),
    "failures among the results": (
        f"{OUTPUT}/S3FailurePath",
        {"Fn::Sub": "s3://${DataBucketName}/deployments/${SageMakerProjectName}/${StageName}/async/out"},
        "async-output",
    ),
    "results of all stages in one place": (
        f"{OUTPUT}/S3OutputPath",
        {"Fn::Sub": "s3://${DataBucketName}/results"},
        "async-output",
    ),
    "output left out": (OUTPUT, GONE, "api-shape"),
    "results without the key": (f"{OUTPUT}/KmsKeyId", GONE, "intent-key"),
    "no queue at all": (f"{CONFIG}/AsyncInferenceConfig", GONE, "intent"),
    "data capture": (f"{CONFIG}/DataCaptureConfig", {"EnableCapture": True}, "mode"),
    "two variants": (f"{CONFIG}/ProductionVariants", lambda variants: variants * 2, "mode"),
    "two containers": (f"{MODEL}/Containers", lambda containers: containers * 2, "mode"),
    "concurrency of none": (
        f"{CONFIG}/AsyncInferenceConfig/ClientConfig/MaxConcurrentInvocationsPerInstance",
        0,
        "api-shape",
    ),
    "topic in plain text": ("Resources/AsynchronousErrorTopic/Properties/KmsMasterKeyId", GONE, "sns-encryption"),
    "never to zero": (f"{TARGET}/MinCapacity", 1, "intent"),
    "backlog of the whole endpoint": (f"{METRIC}/MetricName", "ApproximateBacklogSize", "scaling-metric"),
    "backlog with the variant": (
        f"{METRIC}/Dimensions",
        lambda dimensions: [*dimensions, {"Name": "VariantName", "Value": "AllTraffic"}],
        "scaling-metric",
    ),
    "backlog of another endpoint": (f"{METRIC}/Dimensions/0/Value", {"Ref": "SageMakerProjectName"}, "scaling-metric"),
    "backlog as a sum": (f"{METRIC}/Statistic", "Sum", "scaling-metric"),
    "scaled by invocations": (
        TRACKING,
        {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "TargetValue": 5,
        },
        "scaling-metric",
    ),
    "nothing wakes it": ("Resources/AsynchronousWakeAlarm", GONE, "scaling-wake"),
    "alarm wakes nobody": (f"{WAKE}/AlarmActions", GONE, "scaling-wake"),
    "alarm on the backlog": (f"{WAKE}/MetricName", "ApproximateBacklogSize", "scaling-wake"),
    "alarm with the variant": (
        f"{WAKE}/Dimensions",
        lambda dimensions: [*dimensions, {"Name": "VariantName", "Value": "AllTraffic"}],
        "alarm-dimensions",
    ),
    "wakes by a percentage": (f"{STEP}/AdjustmentType", "PercentChangeInCapacity", "scaling-policy"),
    "wakes downwards": (f"{STEP}/StepAdjustments/0/ScalingAdjustment", -1, "scaling-policy"),
    "step above the alarm": (f"{STEP}/StepAdjustments/0/MetricIntervalLowerBound", 5, "scaling-policy"),
    "wakes and rolls back": (
        "Resources/AsynchronousEndpoint/Properties/DeploymentConfig/AutoRollbackConfiguration/Alarms",
        lambda alarms: [*alarms, {"AlarmName": {"Ref": "AsynchronousWakeAlarm"}}],
        "rollback",
    ),
    "two instances at a time": (
        "Resources/AsynchronousWakePolicy/Properties/StepScalingPolicyConfiguration/StepAdjustments/0/ScalingAdjustment",
        2,
        "scaling-policy",
    ),
    "no step": (
        "Resources/AsynchronousWakePolicy/Properties/StepScalingPolicyConfiguration/StepAdjustments",
        [],
        "scaling-policy",
    ),
    "ten minutes until it wakes": ("Resources/AsynchronousWakeAlarm/Properties/EvaluationPeriods", 10, "alarm-periods"),
    "limit of a synchronous request": (
        "Resources/AsynchronousModel/Properties/Containers/0/Environment/MAX_CONTENT_LENGTH",
        GONE,
        "model-environment",
    ),
}
