"""Faults in roles.yml: too much, too little, and grants that look right and are none."""

from tests.model_deploy.faults import GONE, Fault


def statement(role: str, index: int) -> str:
    return f"Resources/{role}/Properties/Policies/0/PolicyDocument/Statement/{index}"


def trust(role: str) -> str:
    return f"Resources/{role}/Properties/AssumeRolePolicyDocument/Statement/0"


SERVING, PASS, PASS_START = (statement("DeployRole", index) for index in (0, 11, 12))
READ, METRICS, NETWORK = (statement("ModelExecutionRole", index) for index in (0, 8, 10))

FAULTS: dict[str, Fault] = {
    "every action of a service": (f"{SERVING}/Action", ["sagemaker:*"], "iam-wildcard"),
    "every resource": (f"{SERVING}/Resource", "*", "iam-wildcard"),
    "every object of every bucket": (f"{READ}/Resource", {"Fn::Sub": "arn:${AWS::Partition}:s3:::*"}, "iam-wildcard"),
    "reason of a wildcard removed": (
        "Resources/ModelExecutionRole/Metadata/WildcardReasons/NetworkInterfaces",
        GONE,
        "iam-wildcard",
    ),
    "everything but": (f"{SERVING}/NotAction", ["iam:*"], "iam-not"),
    "administrator": (
        "Resources/DeployRole/Properties/ManagedPolicyArns",
        [{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"}],
        "iam-managed",
    ),
    "action unknown": (f"{SERVING}/Action", lambda actions: [*actions, "sagemaker:CreateEndpoints"], "W3037"),
    "service unknown": (f"{SERVING}/Action", lambda actions: [*actions, "sagemake:CreateModel"], "W3037"),
    "any role passed": (
        f"{PASS}/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/*"},
        "iam-pinned",
    ),
    "role passed to anybody": (f"{PASS}/Condition", GONE, "iam-pinned"),
    "role passed to another service": (f"{PASS}/Condition/StringEquals/iam:PassedToService", "*", "iam-pinned"),
    "service-linked role of anybody": (f"{statement('DeployRole', 5)}/Condition", GONE, "iam-pinned"),
    "metrics anywhere": (f"{METRICS}/Condition", GONE, "iam-pinned"),
    "makes roles": (f"{SERVING}/Action", lambda actions: [*actions, "iam:CreateRole"], "iam-powerful"),
    "action on the resource of another service": (f"{READ}/Action", "sagemaker:InvokeEndpoint", "iam-service"),
    "objects read from the bucket's own ARN": (
        f"{READ}/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ModelBucketName}"},
        "iam-s3",
    ),
    "bucket listed by its keys": (
        f"{statement('ModelExecutionRole', 2)}/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ModelBucketName}/*"},
        "iam-s3",
    ),
    "effect misspelt": (f"{READ}/Effect", "allow", "iam-effect"),
    "statement denies": (f"{READ}/Effect", "Deny", "iam-missing"),
    "anybody may take it on": (f"{trust('ModelExecutionRole')}/Principal", {"AWS": "*"}, "iam-principal"),
    "a whole account may take it on": (f"{trust('ActionRole')}/Condition", GONE, "iam-principal"),
    "any account's service": (f"{trust('DeployRole')}/Condition", GONE, "iam-deputy"),
    "taken on by another service": (f"{trust('DeployRole')}/Principal/Service", "codebuild.amazonaws.com", "iam-trust"),
    "service principal misspelt": (
        f"{trust('ModelExecutionRole')}/Principal/Service",
        "sagemaker.aws.com",
        "iam-principal",
    ),
    "trust without a way": (f"{trust('ModelExecutionRole')}/Action", "sts:GetCallerIdentity", "iam-trust"),
    "schedules cannot start": (f"{trust('BatchStartRole')}/Principal/Service", "events.amazonaws.com", "iam-trust"),
    "deploys without watching": (statement("DeployRole", 7), GONE, "iam-missing"),
    "updates no endpoint": (
        f"{SERVING}/Action",
        lambda actions: [one for one in actions if one != "sagemaker:UpdateEndpoint"],
        "iam-missing",
    ),
    "decrypts nothing": (
        f"{statement('ModelExecutionRole', 3)}/Action",
        ["kms:GenerateDataKey", "kms:DescribeKey"],
        "iam-missing",
    ),
    "captures nothing": (f"{statement('ModelExecutionRole', 1)}/Action", "s3:GetObject", "iam-missing"),
    "pulls no image": (f"{statement('ModelExecutionRole', 5)}/Action/0", GONE, "iam-missing"),
    "tells nobody of results": (statement("ModelExecutionRole", 9), GONE, "iam-missing"),
    "no interface in the VPC": (f"{NETWORK}/Action/0", GONE, "iam-missing"),
    "starts nothing": (f"{statement('BatchStartRole', 0)}/Action", "sagemaker:StopPipelineExecution", "iam-missing"),
    "role renamed": (
        "Resources/DeployRole/Properties/RoleName",
        {"Fn::Sub": "${SageMakerProjectName}-deployment"},
        "iam-name",
    ),
    "role's name left out": ("Resources/BatchRole/Properties/RoleName", GONE, "iam-name"),
    "policy version of another day": (
        "Resources/DeployRole/Properties/Policies/0/PolicyDocument/Version",
        "2012-10-18",
        "E3510",
    ),
    "role's name too long": ("Resources/DeployRole/Properties/RoleName", "d" * 70, "api-shape"),
    "account written out": (f"{READ}/Resource", "arn:aws:s3:::sagemaker-us-east-1-111122223333/*", "E9006"),
    "partition written out": (f"{READ}/Resource", {"Fn::Sub": "arn:aws:s3:::${ModelBucketName}/*"}, "E9006"),
    "roles not complete": ("Resources/ProofRole", GONE, "iam-roles"),
    "taken on by another role": (
        f"{trust('ActionRole')}/Condition/ArnEquals/aws:PrincipalArn",
        {"Fn::Sub": "arn:${AWS::Partition}:iam::${ToolingAccountId}:role/admin"},
        "iam-trust",
    ),
    "placeholder left": (
        f"{READ}/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:s3:::{ModelBucketName}/*"},
        "placeholder",
    ),
    "every key of the account": (f"{statement('ModelExecutionRole', 3)}/Condition", GONE, "iam-keys"),
    "type of resource misspelt": (
        f"{statement('BatchRole', 0)}/Resource",
        {"Fn::Sub": "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:transform-jobs/*"},
        "arn-type",
    ),
    "passed to a service that it does not trust": (
        f"{PASS_START}/Condition/StringEquals/iam:PassedToService",
        ["lambda.amazonaws.com"],
        "iam-passed",
    ),
}
