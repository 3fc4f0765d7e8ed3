"""STS: who am I. Every caller is the account's owner; the credentials that are given out are as good as any."""

import secrets
from typing import Any

from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("sts")


@operations("GetCallerIdentity")
def get_caller_identity(aws: Aws, _: Request) -> Result:
    return {"Account": aws.account, "UserId": "AIDALOCALAWSUSER0000", "Arn": f"arn:aws:iam::{aws.account}:user/local"}


@operations("AssumeRole")
def assume_role(aws: Aws, request: Request) -> Result:
    name = request["RoleArn"].rpartition("/")[2]
    session = request["RoleSessionName"]
    return {
        "Credentials": _credentials(aws, request.get("DurationSeconds", 3600)),
        "AssumedRoleUser": {
            "AssumedRoleId": f"AROALOCALAWSROLE0000:{session}",
            "Arn": f"arn:aws:sts::{aws.account}:assumed-role/{name}/{session}",
        },
    }


@operations("GetSessionToken")
def get_session_token(aws: Aws, request: Request) -> Result:
    return {"Credentials": _credentials(aws, request.get("DurationSeconds", 43_200))}


def _credentials(aws: Aws, seconds: int) -> dict[str, Any]:
    return {
        "AccessKeyId": f"ASIA{secrets.token_hex(8).upper()}",
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(60),
        "Expiration": aws.clock.now() + seconds,
    }
