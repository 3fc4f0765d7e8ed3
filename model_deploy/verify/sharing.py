"""What resource policies must grant for staging and production in other accounts, and for services that tell."""

from collections.abc import Iterable, Iterator

from model_deploy.verify.findings import Finding
from model_deploy.verify.policies import of
from model_deploy.verify.resolve import Resource, Stack

KEY = ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")
READ = ("s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketLocation")
GROUP = ("sagemaker:CreateModel", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages")
TELLING = ("Service:cloudwatch.amazonaws.com", "Service:events.amazonaws.com")


def check(stack: Stack) -> Iterator[Finding]:
    if "ProdAccountId" not in stack.parameters:
        return
    accounts = {stack.parameters["StagingAccountId"], stack.parameters["ProdAccountId"]}
    roots = [f"AWS:arn:aws:iam::{account}:root" for account in sorted(accounts)]
    for key in stack.of("AWS::KMS::Key"):
        yield from _granted(key, [key], roots, KEY)
        yield from _granted(key, [key], TELLING, ("kms:Decrypt", "kms:GenerateDataKey"))
    for bucket in stack.of("AWS::S3::Bucket"):
        own = [one for one in stack.of("AWS::S3::BucketPolicy") if one.properties.get("Bucket") == bucket.name]
        yield from _granted(bucket, own, roots, READ)
    for topic in stack.of("AWS::SNS::Topic"):
        policies = [one for one in stack.of("AWS::SNS::TopicPolicy") if topic.arn in one.properties.get("Topics", [])]
        yield from _granted(topic, policies, TELLING, ("sns:Publish",))
    if accounts != {stack.own_account}:
        for group in stack.of("AWS::SageMaker::ModelPackageGroup"):
            yield from _granted(group, [group], roots, GROUP)


def _granted(
    resource: Resource, policies: Iterable[Resource], principals: Iterable[str], actions: Iterable[str]
) -> Iterator[Finding]:
    allowed = [one for policy in policies for one in of(policy) if one.effect == "Allow" and one.use == "resource"]
    for principal in principals:
        has = {action for one in allowed if principal in one.principals for action in one.actions}
        missing = [] if "kms:*" in has else sorted(set(actions) - has)
        if missing:
            yield Finding(resource.logical, "sharing", f"{principal.split(':', 1)[1]} lacks {', '.join(missing)}")
