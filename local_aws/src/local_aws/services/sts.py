"""STS: who am I. Every caller is the account's owner."""

from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("sts")


@operations("GetCallerIdentity")
def get_caller_identity(aws: Aws, _: Request) -> Result:
    return {"Account": aws.account, "UserId": "AIDALOCALAWSUSER0000", "Arn": f"arn:aws:iam::{aws.account}:user/local"}
