"""Faults in the project's own stack: foundation, build, delivery, promotion."""

from tests.model_deploy.faults import GONE, Fault

DEPLOY, BUILD = "Resources/DeployPipeline/Properties", "Resources/BuildPipeline/Properties"
SOURCE, RENDER, STAGING, TEST, APPROVE, ADMIT, TEST_PROD = (f"{DEPLOY}/Stages/{index}/Actions/0" for index in range(7))
BEGIN, PROD, WATCH = (f"{DEPLOY}/Stages/5/Actions/{index}" for index in (1, 2, 3))
RENDERER, TESTER, MODELBUILD = (f"Resources/{name}Project/Properties" for name in ("Render", "Test", "ModelBuild"))
FUNCTION, CHANGED = "Resources/PromotionFunction/Properties", "Resources/ApprovalChanged/Properties"
DETAIL = f"{CHANGED}/EventPattern/detail"
BUCKET, KEY = "Resources/Bucket/Properties", "Resources/Key/Properties"
TLS = "Resources/BucketPolicy/Properties/PolicyDocument/Statement/0"
CONNECTED = f"{SOURCE}/Configuration/Fn::If/1"


def statement(role: str, index: int) -> str:
    return f"Resources/{role}/Properties/Policies/0/PolicyDocument/Statement/{index}"


#: The SageMaker pipeline itself, which an event can start and nobody then tells of data, registry and champion.
PAST = {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:pipeline/credit"}

FAULTS: dict[str, Fault] = {
    # the pipeline
    "type V1": (f"{DEPLOY}/PipelineType", "V1", "pipeline-type"),
    "later versions overtake": (f"{DEPLOY}/ExecutionMode", "SUPERSEDED", "pipeline-mode"),
    "mode misspelt": (f"{DEPLOY}/ExecutionMode", "QUEUE", "api-shape"),
    "mode left out": (f"{BUILD}/ExecutionMode", GONE, "pipeline-mode"),
    "artifacts without the key": (f"{DEPLOY}/ArtifactStore/EncryptionKey", GONE, "pipeline-store"),
    "artifacts elsewhere": (f"{DEPLOY}/ArtifactStore/Location", "artifacts", "pipeline-store"),
    "variable misspelt": (f"{DEPLOY}/Variables/0/Name", "ModelPackage", "pipeline-variables"),
    "no tests of staging": (f"{DEPLOY}/Stages/3", GONE, "pipeline-stages"),
    "no approval": (f"{DEPLOY}/Stages/4", GONE, "pipeline-stages"),
    "production before the approval": (
        f"{DEPLOY}/Stages",
        lambda stages: [*stages[:4], stages[5], stages[4], stages[6]],
        "pipeline-stages",
    ),
    "approval within the deployment": (
        f"{DEPLOY}/Stages/5/Actions",
        lambda actions: [
            {
                **actions[0],
                "Name": "Approve",
                "ActionTypeId": {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"},
            },
            *actions,
        ],
        "pipeline-stages",
    ),
    "nobody admits": (ADMIT, GONE, "pipeline-stages"),
    "admitted while it is deployed": (f"{PROD}/RunOrder", 1, "admission"),
    "admitted by nobody": (f"{ADMIT}/Configuration/FunctionName", "promotion", "admission"),
    "approval waits for ever": (f"{APPROVE}/TimeoutInMinutes", GONE, "approval"),
    "approval of two minutes": (f"{APPROVE}/TimeoutInMinutes", 2, "api-shape"),
    "nobody is asked": (f"{APPROVE}/Configuration/NotificationArn", GONE, "approval"),
    "category unknown": (f"{TEST}/ActionTypeId/Category", "Testing", "api-shape"),
    "provider unknown": (f"{STAGING}/ActionTypeId/Provider", "Cloudformation", "pipeline-provider"),
    "artifact of nobody": (f"{STAGING}/InputArtifacts/0/Name", "BuildArtifact", "pipeline-artifact"),
    "artifact made twice": (f"{TEST_PROD}/OutputArtifacts/0/Name", "StagingReport", "pipeline-artifact"),
    "staging's stack into production": (
        f"{PROD}/Configuration/StackName",
        {"Fn::Sub": "sagemaker-${SageMakerProjectName}-${SageMakerProjectId}-deploy-staging"},
        "deploy",
    ),
    "staging's template into production": (
        f"{PROD}/Configuration/TemplatePath",
        "Build::staging-template-export.yml",
        "deploy",
    ),
    "template misspelt": (f"{STAGING}/Configuration/TemplatePath", "Build::staging-template.yml", "deploy"),
    "configuration left out": (f"{STAGING}/Configuration/TemplateConfiguration", GONE, "deploy"),
    "production deleted when it failed": (f"{PROD}/Configuration/ActionMode", "REPLACE_ON_FAILURE", "deploy"),
    "deployed with the pipeline's role": (
        f"{PROD}/Configuration/RoleArn",
        {"Fn::GetAtt": ["DeployPipelineRole", "Arn"]},
        "deploy",
    ),
    "production in staging's account": (
        f"{PROD}/RoleArn",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${StagingAccountId}:role/${SageMakerProjectName}-act"},
        "deploy",
    ),
    "production tested as staging": (
        f"{TEST_PROD}/Configuration/EnvironmentVariables",
        '[{"name": "STAGE_NAME", "value": "staging"}]',
        "build-environment",
    ),
    "environment is no JSON": (f"{TEST}/Configuration/EnvironmentVariables", "STAGE_NAME=staging", "build-environment"),
    "version not passed on": (f"{RENDER}/Configuration/EnvironmentVariables", GONE, "build-environment"),
    "variable of nobody": (
        f"{RENDER}/Configuration/EnvironmentVariables",
        '[{"name": "MODEL_PACKAGE_ARN", "value": "#{variables.Package}"}]',
        "pipeline-variables",
    ),
    "primary source left out": (f"{TEST}/Configuration/PrimarySource", GONE, "build-project"),
    "build runs the tests": (f"{RENDER}/Configuration/ProjectName", {"Ref": "TestProject"}, "build-project"),
    "build of nobody": (f"{RENDER}/Configuration/ProjectName", "render", "build-project"),
    "commits unseen": (f"{CONNECTED}/DetectChanges", "false", "source"),
    "branch written out": (f"{CONNECTED}/BranchName", "master", "source"),
    "connection left out": (f"{CONNECTED}/ConnectionArn", GONE, "source"),
    "polled as well": (f"{SOURCE}/Configuration/Fn::If/2/PollForSourceChanges", "true", "source"),
    "pipeline with the build's role": (f"{DEPLOY}/RoleArn", {"Fn::GetAtt": ["RenderRole", "Arn"]}, "iam-trust"),
    # the builds
    "buildspec that is not there": (f"{RENDERER}/Source/BuildSpec", "buildspec-deploy.yml", "buildspec"),
    "variable left out": (f"{RENDERER}/Environment/EnvironmentVariables/0", GONE, "build-environment"),
    "bucket of another project": (
        f"{RENDERER}/Environment/EnvironmentVariables/2/Value",
        {"Ref": "ArtifactBucket"},
        "environment",
    ),
    "secret in plain text": (
        f"{MODELBUILD}/Environment/EnvironmentVariables/0",
        {"Name": "GITHUB_TOKEN", "Value": "x"},
        "build-secret",
    ),
    "privileged": (f"{TESTER}/Environment/PrivilegedMode", True, "build-privileged"),
    "image of nobody": (f"{TESTER}/Environment/Image", "python:3.12", "build-image"),
    "compute type unknown": (f"{TESTER}/Environment/ComputeType", "BUILD_GENERAL1_TINY", "api-shape"),
    "timeout too short": (f"{TESTER}/TimeoutInMinutes", 1, "api-shape"),
    "builds without the key": (f"{TESTER}/EncryptionKey", GONE, "build-key"),
    "artifacts to S3": (f"{TESTER}/Artifacts/Type", "S3", "build-source"),
    "build with the function's role": (f"{TESTER}/ServiceRole", {"Fn::GetAtt": ["PromotionRole", "Arn"]}, "iam-trust"),
    # the promotion
    "rejections unheard": (f"{DETAIL}/ModelApprovalStatus", ["Approved"], "event-approval"),
    "pending versions act": (f"{DETAIL}/ModelApprovalStatus", GONE, "event-approval"),
    "every group acts": (f"{DETAIL}/ModelPackageGroupName", GONE, "event-approval"),
    "status misspelt": (f"{DETAIL}/ModelApprovalStatus", ["approved", "rejected"], "event-pattern"),
    "detail type misspelt": (
        f"{CHANGED}/EventPattern/detail-type/0",
        "SageMaker Model Package Status Change",
        "event-pattern",
    ),
    "operator misspelt": (
        f"{DETAIL}/ModelApprovalStatus",
        [{"anything-except": ["PendingManualApproval"]}],
        "event-pattern",
    ),
    "ends unheard": (
        "Resources/DeploymentChanged/Properties/EventPattern/detail/state",
        ["STARTED"],
        "event-deployment",
    ),
    "waiting unheard": (
        "Resources/DeploymentWaits/Properties/EventPattern/detail/type/category",
        ["Deploy"],
        "event-deployment",
    ),
    "rule switched off": (f"{CHANGED}/State", "DISABLED", "event-state"),
    "state misspelt": (f"{CHANGED}/State", "ENABLE", "api-shape"),
    "rule may not call": ("Resources/ApprovalChangedPermission", GONE, "event-permission"),
    "another may call": (
        "Resources/ApprovalChangedPermission/Properties/Principal",
        "sns.amazonaws.com",
        "event-permission",
    ),
    "undelivered events lost": (f"{CHANGED}/Targets/0/DeadLetterConfig", GONE, "event-dead-letter"),
    "queue closed to the rule": (
        "Resources/PromotionFailuresPolicy/Properties/PolicyDocument/Statement/0/Condition/ArnEquals/aws:SourceArn",
        {"Fn::GetAtt": ["DeployFailed", "Arn"]},
        "event-dead-letter",
    ),
    "failed events lost": (f"{FUNCTION}/DeadLetterConfig", GONE, "function-dead-letter"),
    "handler of nobody": (f"{FUNCTION}/Handler", "index.handler", "function-handler"),
    "runtime of yesterday": (f"{FUNCTION}/Runtime", "python3.8", "function-runtime"),
    "function of a moment": (f"{FUNCTION}/Timeout", 3, "function-timeout"),
    "timeout beyond the limit": (f"{FUNCTION}/Timeout", 1200, "function-timeout"),
    "never runs": (f"{FUNCTION}/ReservedConcurrentExecutions", 0, "function-concurrency"),
    "pipeline not named": (f"{FUNCTION}/Environment/Variables/DEPLOY_PIPELINE_NAME", GONE, "function-environment"),
    "another pipeline named": (
        f"{FUNCTION}/Environment/Variables/DEPLOY_PIPELINE_NAME",
        {"Ref": "BuildPipeline"},
        "environment",
    ),
    "code that never changes": (f"{FUNCTION}/Code/S3Key", "promotion.zip", "function-code"),
    "logs for ever": ("Resources/PromotionLogs/Properties/LogGroupName", "/aws/lambda/promotion", "function-logs"),
    "retention of 100 days": ("Resources/PromotionLogs/Properties/RetentionInDays", 100, "E3030"),
    "approves by itself": (statement("PromotionRole", 1), GONE, "iam-approval"),
    "pipeline approves its own model": (f"{statement('PipelineExecutionRole', 0)}/Effect", "Allow", "iam-approval"),
    "denies another status": (
        f"{statement('PipelineExecutionRole', 0)}/Condition/StringEquals/sagemaker:ModelApprovalStatus",
        "Rejected",
        "iam-approval",
    ),
    "promotion cannot stop": (f"{statement('PromotionRole', 5)}/Action/6", GONE, "iam-missing"),
    # the foundation
    "not versioned": (f"{BUCKET}/VersioningConfiguration/Status", "Suspended", "s3-versioning"),
    "public policies possible": (f"{BUCKET}/PublicAccessBlockConfiguration/BlockPublicPolicy", False, "s3-public"),
    "public access not blocked": (f"{BUCKET}/PublicAccessBlockConfiguration", GONE, "s3-public"),
    "AWS's key": (
        f"{BUCKET}/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault",
        {"SSEAlgorithm": "AES256"},
        "s3-encryption",
    ),
    "not encrypted": ("Resources/ArtifactBucket/Properties/BucketEncryption", GONE, "s3-encryption"),
    "owned by the writer": (f"{BUCKET}/OwnershipControls/Rules/0/ObjectOwnership", "ObjectWriter", "s3-ownership"),
    "plain HTTP": (TLS, GONE, "s3-transport"),
    "plain HTTP allowed": (f"{TLS}/Condition/Bool/aws:SecureTransport", "true", "s3-transport"),
    "plain HTTP for objects": (f"{TLS}/Resource/1", GONE, "s3-transport"),
    "arrivals unheard": (f"{BUCKET}/NotificationConfiguration", GONE, "s3-events"),
    "bucket open to an account": (
        "Resources/BucketPolicy/Properties/PolicyDocument/Statement/2/Condition",
        GONE,
        "iam-principal",
    ),
    "bucket open to everybody": (
        "Resources/BucketPolicy/Properties/PolicyDocument/Statement/2/Principal",
        "*",
        "iam-principal",
    ),
    "key never changes": (f"{KEY}/EnableKeyRotation", False, "kms-rotation"),
    "key that nobody manages": (f"{KEY}/KeyPolicy/Statement/0", GONE, "kms-administration"),
    "key deleted when replaced": ("Resources/Key/UpdateReplacePolicy", "Delete", "E9002"),
    "alias that no role knows": (
        "Resources/KeyAlias/Properties/AliasName",
        {"Fn::Sub": "alias/${SageMakerProjectName}"},
        "kms-alias",
    ),
    "topic in plain text": ("Resources/NotificationTopic/Properties/KmsMasterKeyId", GONE, "sns-encryption"),
    "topic open to any account": (
        "Resources/NotificationTopicPolicy/Properties/PolicyDocument/Statement/0/Condition",
        GONE,
        "iam-deputy",
    ),
    "failures for a minute": ("Resources/PromotionFailures/Properties/MessageRetentionPeriod", 60, "sqs-retention"),
    "alarm of a minute ago": ("Resources/PromotionFailuresAlarm/Properties/Period", 10, "alarm-periods"),
    "group condition turned round": (
        "Conditions/CreatesGroup",
        {"Fn::Not": [{"Fn::Equals": [{"Ref": "ModelPackageGroupName"}, ""]}]},
        "environment",
    ),
    # what other accounts and services need
    "production cannot decrypt": (f"{KEY}/KeyPolicy/Statement/1/Action/1", GONE, "sharing"),
    "production left out": (f"{KEY}/KeyPolicy/Statement/1/Principal/AWS/1", GONE, "sharing"),
    "alarms cannot tell": (f"{KEY}/KeyPolicy/Statement/2/Principal/Service/0", GONE, "sharing"),
    "models unread": ("Resources/BucketPolicy/Properties/PolicyDocument/Statement/2", GONE, "sharing"),
    "registry closed": ("Resources/ModelPackageGroup/Properties/ModelPackageGroupPolicy", GONE, "sharing"),
    "service of nobody": (
        f"{KEY}/KeyPolicy/Statement/2/Principal/Service/0",
        "cloudwatchs.amazonaws.com",
        "iam-principal",
    ),
    # names and grants
    "bucket without its name": ("Resources/ArtifactBucket/Properties/BucketName", GONE, "name"),
    "topic of another project": ("Resources/NotificationTopic/Properties/TopicName", "notifications", "name"),
    "rule called as another": (
        "Resources/DeployFailed/Properties/Name",
        {"Fn::Sub": "${SageMakerProjectName}-${SageMakerProjectId}-deployment-changed"},
        "name",
    ),
    "bucket of nobody": (
        f"{statement('PromotionRole', 3)}/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::ledger-${SageMakerProjectName}/*"},
        "arn-foreign",
    ),
    "a build that writes where it reads others' data": (
        f"{statement('ModelBuildRole', 8)}/Fn::If/1/Action",
        ["s3:GetObject", "s3:PutObject"],
        "arn-foreign",
    ),
    "queue where a topic is meant": (
        f"{statement('PromotionRole', 6)}/Resource",
        {"Fn::GetAtt": ["PromotionFailures", "Arn"]},
        "iam-service",
    ),
    "policy of 2008": ("Resources/RenderRole/Properties/Policies/0/PolicyDocument/Version", GONE, "iam-version"),
    "network for the jobs": (f"{statement('PipelineExecutionRole', 1)}/Condition/BoolIfExists", GONE, "iam-isolation"),
    "network for every processing job": (statement("PipelineExecutionRole", 2), GONE, "iam-isolation"),
    "network for more than Clarify's checks": (
        f"{statement('PipelineExecutionRole', 2)}/Fn::If/1/NotResource/0",
        {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:processing-job/*"},
        "iam-isolation",
    ),
    "network for Clarify's checks without any": (
        f"{statement('PipelineExecutionRole', 2)}/Fn::If/2",
        lambda either: {"Fn::If": ["HasConnection", {"Ref": "AWS::NoValue"}, either]},
        "iam-isolation",
    ),
    "endpoints without Clarify's checks": (
        f"{statement('PipelineExecutionRole', 4)}/Fn::If/0",
        "HasConnection",
        "iam-switched",
    ),
    "Clarify's checks without endpoints": (
        f"{statement('PipelineExecutionRole', 3)}/Fn::If/1/Action",
        "sagemaker:CreateModel",
        "iam-switched",
    ),
    "what is registered is not read": (f"{statement('ModelBuildRole', 5)}/Action/0", GONE, "iam-missing"),
    "any source": (f"{CHANGED}/EventPattern/source", GONE, "event-wide"),
    "every end of every pipeline": (
        "Resources/DeploymentChanged/Properties/EventPattern/detail/pipeline",
        GONE,
        "event-wide",
    ),
    "uploads for ever": (f"{BUCKET}/LifecycleConfiguration", GONE, "s3-lifecycle"),
    "nothing said of the bucket": ("Resources/Bucket/UpdateReplacePolicy", GONE, "E9007"),
    "the other repository": (f"{CONNECTED}/FullRepositoryId", {"Ref": "BuildRepository"}, "source"),
    "watch begins beside the deployment": (f"{BEGIN}/RunOrder", 3, "pipeline-watch"),
    "deployment without a watch": (BEGIN, GONE, "pipeline-watch"),
    "watch that nobody reads": (WATCH, GONE, "pipeline-watch"),
    "watch of another execution": (
        f"{WATCH}/Configuration/EnvironmentVariables",
        lambda given: given.replace("#{codepipeline.PipelineExecutionId}", "1"),
        "build-environment",
    ),
    "watch that may not begin": (statement("TestRole", 7), GONE, "iam-missing"),
    # building anew
    "schedule of nothing": ("Resources/BuildScheduled/Properties/ScheduleExpression", GONE, "event-pattern"),
    "schedule of the deployment": (
        "Resources/BuildScheduled/Properties/Targets/0/Arn",
        {"Fn::Sub": "arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:nobody"},
        "event-target",
    ),
    "schedule past the build, which looks the champion up": (
        "Resources/BuildScheduled/Properties/Targets/0/Arn",
        PAST,
        "event-target",
    ),
    "arrival past the build": (
        "Resources/BuildDataArrived/Properties/Targets/0/Arn",
        PAST,
        "event-target",
    ),
    "every object builds": ("Resources/BuildDataArrived/Properties/EventPattern/detail/object", GONE, "event-wide"),
    "builds start themselves": (
        "Resources/BuildDataArrived/Properties/EventPattern/detail/object/key/0/prefix",
        {"Fn::Sub": "${SageMakerProjectName}/"},
        "event-loop",
    ),
    "nobody hears of a failed build": (
        "Resources/BuildFailed/Properties/EventPattern/detail/state/0",
        "FAIL",
        "event-pattern",
    ),
}
