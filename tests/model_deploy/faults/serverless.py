"""Faults in serverless.yml: what Serverless Inference excludes, and warm copies."""

from tests.model_deploy.faults import GONE, Fault

MODEL, CONFIG, ENDPOINT = (f"Resources/Serverless{name}/Properties" for name in ("Model", "EndpointConfig", "Endpoint"))
VARIANT = f"{CONFIG}/ProductionVariants/0"
POLICY = f"{ENDPOINT}/DeploymentConfig/BlueGreenUpdatePolicy"
TARGET = "Resources/ServerlessScalableTarget/Properties"
TRACKING = "Resources/ServerlessScalingPolicy/Properties/TargetTrackingScalingPolicyConfiguration"

FAULTS: dict[str, Fault] = {
    "isolated": (f"{MODEL}/EnableNetworkIsolation", True, "mode"),
    "in a VPC": (f"{MODEL}/VpcConfig", {"Subnets": ["subnet-0aaa"], "SecurityGroupIds": ["sg-0bbb"]}, "mode"),
    "with instances": (f"{VARIANT}/InstanceType", "ml.m5.large", "mode"),
    "two containers": (f"{MODEL}/Containers", lambda containers: containers * 2, "mode"),
    "two variants": (f"{CONFIG}/ProductionVariants", lambda variants: variants * 2, "mode"),
    "data capture": (
        f"{CONFIG}/DataCaptureConfig",
        {
            "EnableCapture": True,
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": "s3://captures/here",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
        "mode",
    ),
    "canary": (
        f"{POLICY}/TrafficRoutingConfiguration",
        {"Type": "CANARY", "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10}, "WaitIntervalInSeconds": 300},
        "mode",
    ),
    "size of a canary left": (
        f"{POLICY}/TrafficRoutingConfiguration/CanarySize",
        {"Type": "CAPACITY_PERCENT", "Value": 10},
        "routing",
    ),
    "memory of 3000 MB": (f"{VARIANT}/ServerlessConfig/MemorySizeInMB", 3000, "intent"),
    "memory beyond the limit": (f"{VARIANT}/ServerlessConfig/MemorySizeInMB", 8192, "api-shape"),
    "concurrency beyond the limit": (f"{VARIANT}/ServerlessConfig/MaxConcurrency", 500, "api-shape"),
    "concurrency left out": (f"{VARIANT}/ServerlessConfig/MaxConcurrency", GONE, "api-shape"),
    "always warm": (f"{VARIANT}/ServerlessConfig/ProvisionedConcurrency", 2, "intent"),
    "more warm than at most": (f"{VARIANT}/ServerlessConfig/ProvisionedConcurrency", 150, "mode"),
    "target of instances": (f"{TARGET}/ScalableDimension", "sagemaker:variant:DesiredInstanceCount", "scaling-target"),
    "target in another endpoint": (
        f"{TARGET}/ResourceId",
        {"Fn::Sub": "endpoint/${SageMakerProjectName}-${StageName}/variant/AllTraffic"},
        "scaling-target",
    ),
    "utilisation in percent": (f"{TRACKING}/TargetValue", 70, "scaling-metric"),
    "scaled by invocations": (
        f"{TRACKING}/PredefinedMetricSpecification/PredefinedMetricType",
        "SageMakerVariantInvocationsPerInstance",
        "scaling-metric",
    ),
    "condition turned round": (
        "Conditions/ServerlessIsWarm",
        {"Fn::Equals": [{"Ref": "ServerlessProvisionedMinimum"}, 0]},
        "intent",
    ),
    "policy without its condition": ("Resources/ServerlessScalingPolicy/Condition", GONE, "resolve"),
    "endpoint called as the real-time one": (
        f"{ENDPOINT}/EndpointName",
        {"Fn::Sub": "${SageMakerProjectName}-${StageName}"},
        "endpoint-name",
    ),
    "asynchronous as well": (
        f"{CONFIG}/AsyncInferenceConfig",
        {"OutputConfig": {"S3OutputPath": "s3://results/here"}},
        "mode",
    ),
    "limit of another mode": (
        "Resources/ServerlessModel/Properties/Containers/0/Environment/MAX_CONTENT_LENGTH",
        "26214400",
        "model-environment",
    ),
}
