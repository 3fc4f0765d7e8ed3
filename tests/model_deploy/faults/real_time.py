"""Faults in real_time.yml."""

from tests.model_deploy.faults import GONE, Fault

MODEL, CONFIG, ENDPOINT = (f"Resources/RealTime{name}/Properties" for name in ("Model", "EndpointConfig", "Endpoint"))
VARIANT = f"{CONFIG}/ProductionVariants/0"
CAPTURE = f"{CONFIG}/DataCaptureConfig/Fn::If/1"
POLICY = f"{ENDPOINT}/DeploymentConfig/BlueGreenUpdatePolicy"
TRAFFIC = f"{POLICY}/TrafficRoutingConfiguration"
ROLLBACK = f"{ENDPOINT}/DeploymentConfig/AutoRollbackConfiguration"
ERRORS, LATENCY = "Resources/RealTimeErrorsAlarm/Properties", "Resources/RealTimeLatencyAlarm/Properties"
MISMATCH = "Resources/RealTimeMismatchAlarm/Properties"
TARGET, SCALING = "Resources/RealTimeScalableTarget/Properties", "Resources/RealTimeScalingPolicy/Properties"
TRACKING = f"{SCALING}/TargetTrackingScalingPolicyConfiguration"

FAULTS: dict[str, Fault] = {
    # names and references
    "model named": (f"{MODEL}/ModelName", "credit", "E9001"),
    "endpoint configuration named": (f"{CONFIG}/EndpointConfigName", {"Fn::Sub": "${StageName}-config"}, "E9001"),
    "model referred to by Ref": (f"{VARIANT}/ModelName", {"Ref": "RealTimeModel"}, "variant-model"),
    "configuration referred to by Ref": (
        f"{ENDPOINT}/EndpointConfigName",
        {"Ref": "RealTimeEndpointConfig"},
        "endpoint-config",
    ),
    "model of another stack": (f"{VARIANT}/ModelName", "credit-model", "variant-model"),
    "reference to nothing": (f"{VARIANT}/ModelName", {"Fn::GetAtt": ["Model", "ModelName"]}, "resolve"),
    "attribute that is none": (f"{VARIANT}/ModelName", {"Fn::GetAtt": ["RealTimeModel", "Name"]}, "E1010"),
    "alarm waits for the endpoint": (
        f"{ERRORS}/Dimensions/0/Value",
        {"Fn::GetAtt": ["RealTimeEndpoint", "EndpointName"]},
        "E3004",
    ),
    "endpoint name without the stage": (
        f"{ENDPOINT}/EndpointName",
        {"Fn::Sub": "${SageMakerProjectName}"},
        "endpoint-name",
    ),
    "endpoint name of staging written out": (
        f"{ENDPOINT}/EndpointName",
        {"Fn::Sub": "${SageMakerProjectName}-staging"},
        "endpoint-name",
    ),
    # replacement and rollback
    "old model not retained": ("Resources/RealTimeModel/UpdateReplacePolicy", GONE, "E9002"),
    "old configuration deleted": ("Resources/RealTimeEndpointConfig/UpdateReplacePolicy", "Delete", "E9002"),
    "deleted stack leaves its model": ("Resources/RealTimeModel/DeletionPolicy", "Retain", "E9003"),
    "variant named after the version": (f"{VARIANT}/VariantName", {"Fn::Sub": "v${ModelVersion}"}, "E9004"),
    "no deployment configuration": (f"{ENDPOINT}/DeploymentConfig", GONE, "routing"),
    "no rollback": (ROLLBACK, GONE, "rollback"),
    "rollback without the latency alarm": (f"{ROLLBACK}/Alarms/1", GONE, "rollback"),
    "rollback with an alarm of nobody": (f"{ROLLBACK}/Alarms/0/AlarmName", "errors", "rollback"),
    "rolling update instead": (f"{ENDPOINT}/DeploymentConfig", {"RollingUpdatePolicy": {}}, "routing"),
    "live configuration not put out": ("Outputs/RealTimeEndpointConfigName", GONE, "endpoint-output"),
    # traffic
    "canary misspelt": (f"{TRAFFIC}/Type", "Canary", "api-shape"),
    "canary always": (f"{TRAFFIC}/Type", "CANARY", "intent"),
    "canary without its size": (f"{TRAFFIC}/CanarySize", GONE, "routing"),
    "canary of 60 percent": (f"{TRAFFIC}/CanarySize/Fn::If/1/Value", 60, "routing"),
    "canary in instances": (f"{TRAFFIC}/CanarySize/Fn::If/1/Type", "INSTANCE_COUNT", "routing"),
    "step under the wrong condition": (f"{TRAFFIC}/LinearStepSize/Fn::If/0", "RealTimeIsCanary", "routing"),
    "condition compares with the wrong text": ("Conditions/RealTimeIsCanary/Fn::Equals/1", "canary", "routing"),
    "wait of two hours": (f"{TRAFFIC}/WaitIntervalInSeconds", 7200, "api-shape"),
    "no bake": (f"{TRAFFIC}/WaitIntervalInSeconds", 0, "bake"),
    "wait and termination swapped": (f"{POLICY}/TerminationWaitInSeconds", {"Ref": "RealTimeWaitSeconds"}, "intent"),
    "timeout below the shifting": (f"{POLICY}/MaximumExecutionTimeoutInSeconds", 600, "routing"),
    "timeout below the minimum": (f"{POLICY}/MaximumExecutionTimeoutInSeconds", 60, "api-shape"),
    # alarms
    "alarm over both fleets": (f"{ERRORS}/Dimensions/2", GONE, "alarm-dimensions"),
    "alarm over another variant": (f"{LATENCY}/Dimensions/1/Value", "Main", "rollback"),
    "alarm over another endpoint": (f"{LATENCY}/Dimensions/0/Value", {"Fn::Sub": "${StageName}"}, "rollback"),
    "missing data breach": (f"{ERRORS}/TreatMissingData", "breaching", "alarm-missing-data"),
    "missing data left open": (f"{LATENCY}/TreatMissingData", GONE, "alarm-missing-data"),
    "alarm below its threshold": (f"{LATENCY}/ComparisonOperator", "LessThanThreshold", "alarm-comparison"),
    "comparison misspelt": (f"{LATENCY}/ComparisonOperator", "GreaterThan", "api-shape"),
    "metric misspelt": (f"{ERRORS}/MetricName", "Invocations5XXErrors", "alarm-metric"),
    "metric of another namespace": (f"{ERRORS}/Namespace", "AWS/Sagemaker", "alarm-metric"),
    "sum where a share is meant": (f"{ERRORS}/Statistic", "Sum", "alarm-statistic"),
    "two statistics": (f"{LATENCY}/Statistic", "Average", "alarm-statistic"),
    "latency in milliseconds": (f"{LATENCY}/Threshold", 500, "alarm-threshold"),
    "errors in percent": (f"{ERRORS}/Threshold", 5, "alarm-threshold"),
    "threshold of another alarm": (f"{MISMATCH}/Threshold", {"Ref": "RealTimeAlarmMinutes"}, "intent"),
    "alarm switched off": (f"{ERRORS}/ActionsEnabled", False, "alarm-actions"),
    "period of 45 seconds": (f"{ERRORS}/Period", 45, "alarm-periods"),
    "more datapoints than periods": (f"{MISMATCH}/DatapointsToAlarm", 3, "alarm-periods"),
    "unit that the metric has not": (f"{LATENCY}/Unit", "Milliseconds", "alarm-unit"),
    "alarm tells nobody": (f"{LATENCY}/AlarmActions", GONE, "intent"),
    # the model
    "image of one's own": (f"{MODEL}/Containers/0/Image", "algorithm:latest", "model-package"),
    "another version": (
        f"{MODEL}/Containers/0/ModelPackageName",
        "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/1",
        "model-package",
    ),
    "version not reported": (f"{MODEL}/Containers/0/Environment", GONE, "model-environment"),
    "artefact ignored": (f"{MODEL}/Containers/0/Environment/SAGEMAKER_PROGRAM", "serve.py", "model-environment"),
    "role written out": (
        f"{MODEL}/ExecutionRoleArn",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/Admin"},
        "model-role",
    ),
    "isolation left out": (f"{MODEL}/EnableNetworkIsolation", GONE, "intent-isolation"),
    "isolation off": (f"{MODEL}/EnableNetworkIsolation", False, "intent-isolation"),
    "VPC turned round": (f"{MODEL}/VpcConfig/Fn::If/0", {"Fn::Not": [{"Condition": "HasVpc"}]}, "E1028"),
    "VPC without its groups": (f"{MODEL}/VpcConfig/Fn::If/1/SecurityGroupIds", GONE, "api-shape"),
    "VPC left out": (f"{MODEL}/VpcConfig", GONE, "intent-vpc"),
    "VPC condition turned round": (
        "Conditions/HasVpc",
        {"Fn::Equals": [{"Fn::Join": ["", {"Ref": "SubnetIds"}]}, ""]},
        "intent-vpc",
    ),
    # variant and capture
    "instance type unknown": (f"{VARIANT}/InstanceType", "ml.m5.larg", "api-shape"),
    "instance type of EC2": (f"{VARIANT}/InstanceType", "m5.large", "api-shape"),
    "instances as text": (f"{VARIANT}/InitialInstanceCount", "two", "api-shape"),
    "no instance": (f"{VARIANT}/InitialInstanceCount", 0, "api-shape"),
    "one instance in production": (f"{VARIANT}/InitialInstanceCount", 1, "SageMaker.4"),
    "no traffic": (f"{VARIANT}/InitialVariantWeight", 0, "variant-weight"),
    "member misspelt": (f"{VARIANT}/InitialInstancesCount", 2, "api-shape"),
    "key left out": (f"{CONFIG}/KmsKeyId", GONE, "intent-key"),
    "captures without the key": (f"{CAPTURE}/KmsKeyId", GONE, "intent-key"),
    "capture switched off": (f"{CAPTURE}/EnableCapture", False, "capture"),
    "only inputs captured": (f"{CAPTURE}/CaptureOptions/1", GONE, "capture"),
    "capture mode misspelt": (f"{CAPTURE}/CaptureOptions/1/CaptureMode", "Outputs", "api-shape"),
    "captures as base64": (f"{CAPTURE}/CaptureContentTypeHeader", GONE, "capture"),
    "captures of all stages in one place": (
        f"{CAPTURE}/DestinationS3Uri",
        {"Fn::Sub": "s3://${DataBucketName}/capture"},
        "capture",
    ),
    "capture address without s3": (f"{CAPTURE}/DestinationS3Uri", {"Ref": "DataBucketName"}, "api-shape"),
    "everything captured": (f"{CAPTURE}/InitialSamplingPercentage", 100, "intent"),
    "more than everything captured": (f"{CAPTURE}/InitialSamplingPercentage", 120, "api-shape"),
    # autoscaling
    "target of another variant": (
        f"{TARGET}/ResourceId",
        {"Fn::Sub": "endpoint/${SageMakerProjectName}-${StageName}/variant/Main"},
        "scaling-target",
    ),
    "target without its endpoint": ("Resources/RealTimeScalableTarget/DependsOn", GONE, "scaling-target"),
    "dimension of concurrency": (
        f"{TARGET}/ScalableDimension",
        "sagemaker:variant:DesiredProvisionedConcurrency",
        "scaling-target",
    ),
    "dimension misspelt": (f"{TARGET}/ScalableDimension", "sagemaker:variant:InstanceCount", "api-shape"),
    "namespace of ECS": (f"{TARGET}/ServiceNamespace", "ecs", "scaling-target"),
    "bounds swapped": (f"{TARGET}/MinCapacity", {"Ref": "RealTimeMaximum"}, "intent"),
    "to zero": (f"{TARGET}/MinCapacity", 0, "scaling-bounds"),
    "policy without a target": (f"{SCALING}/ScalingTargetId", "target", "scaling-policy"),
    "metric of concurrency": (
        f"{TRACKING}/PredefinedMetricSpecification/PredefinedMetricType",
        "SageMakerVariantProvisionedConcurrencyUtilization",
        "scaling-metric",
    ),
    "metric of Lambda": (
        f"{TRACKING}/PredefinedMetricSpecification/PredefinedMetricType",
        "LambdaProvisionedConcurrencyUtilization",
        "scaling-metric",
    ),
    "step policy with tracking": (f"{SCALING}/PolicyType", "StepScaling", "scaling-policy"),
    "cool-downs swapped": (f"{TRACKING}/ScaleInCooldown", {"Ref": "RealTimeScaleOutSeconds"}, "intent"),
    "never smaller again": (f"{TRACKING}/DisableScaleIn", True, "scaling-policy"),
    "no policy": ("Resources/RealTimeScalingPolicy", GONE, "scaling-policy"),
    "night with the bounds of the day": (
        f"{TARGET}/ScheduledActions/Fn::If/1/0/ScalableTargetAction/MaxCapacity",
        {"Ref": "RealTimeMaximum"},
        "intent",
    ),
    "night without a zone": (f"{TARGET}/ScheduledActions/Fn::If/1/1/Timezone", GONE, "intent"),
    # the template
    "parameter not described": ("Parameters/RealTimeInstances/Description", GONE, "E9005"),
    "parameter never used": (
        "Parameters/Unused",
        {"Type": "String", "Description": "Nothing reads it", "Default": ""},
        "W2001",
    ),
    "condition never used": ("Conditions/Unused", {"Fn::Equals": [{"Ref": "StageName"}, "prod"]}, "W8001"),
    "type unknown": ("Resources/RealTimeModel/Type", "AWS::SageMaker::Modell", "E3006"),
    "default out of bounds": ("Parameters/NetworkIsolation/Default", "yes", "E2015"),
    "wrong answers of ten minutes": (f"{MISMATCH}/EvaluationPeriods", 10, "alarm-periods"),
}
