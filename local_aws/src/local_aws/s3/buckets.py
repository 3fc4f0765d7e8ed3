"""Buckets: create, find, list, delete, and whether they keep versions."""

import json
import re
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws, Request, Result
from local_aws.s3 import multipart, objects
from local_aws.s3.requests import OWNER, S3Operations

operations = S3Operations("s3")

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = re.compile(r"(?!xn--|sthree-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@operations("CreateBucket")
def create_bucket(aws: Aws, request: Request) -> Result:
    name = request["Bucket"]
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
    with aws.store.transaction():
        if aws.store.sql("SELECT 1 FROM buckets WHERE name = ?", (name,)).fetchone():
            if aws.region == "us-east-1":  # where S3 has always let an owner create a bucket twice
                return {"Location": f"/{name}"}
            message = "Your previous request to create the named bucket succeeded and you already own it."
            raise AwsError("BucketAlreadyOwnedByYou", message, status=409, BucketName=name)
        aws.store.sql("INSERT INTO buckets VALUES (?, ?, ?)", (name, aws.clock.now(), json.dumps({})))
    return {"Location": f"/{name}"}


@operations("HeadBucket")
def head_bucket(aws: Aws, request: Request) -> Result:
    objects.bucket(aws, request["Bucket"])
    return {"BucketRegion": aws.region}


@operations("GetBucketLocation")
def get_bucket_location(aws: Aws, request: Request) -> Result:
    objects.bucket(aws, request["Bucket"])
    return {"LocationConstraint": "" if aws.region == "us-east-1" else aws.region}


@operations("ListBuckets")
def list_buckets(aws: Aws, request: Request) -> Result:
    prefix, limit = request.get("Prefix", ""), request.get("MaxBuckets", 10_000)
    rows = aws.store.sql(
        "SELECT name, created FROM buckets WHERE substr(name, 1, ?) = ? AND name > ? ORDER BY name LIMIT ?",
        (len(prefix), prefix, request.get("ContinuationToken", ""), limit + 1),
    ).fetchall()
    found: dict[str, Any] = {
        "Buckets": [{"Name": name, "CreationDate": created} for name, created in rows[:limit]],
        "Owner": OWNER,
    }
    if len(rows) > limit:
        found["ContinuationToken"] = rows[limit - 1][0]
    return found


@operations("DeleteBucket")
def delete_bucket(aws: Aws, request: Request) -> Result:
    name = request["Bucket"]
    with aws.store.transaction():
        objects.bucket(aws, name)
        if aws.store.sql("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1", (name,)).fetchone():
            raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", status=409, BucketName=name)
        multipart.end_all(aws, name)
        aws.store.sql("DELETE FROM buckets WHERE name = ?", (name,))
    return None


@operations("PutBucketVersioning")
def put_bucket_versioning(aws: Aws, request: Request) -> Result:
    wanted = request.get("VersioningConfiguration", {})
    if wanted.get("Status") not in ("Enabled", "Suspended"):
        raise AwsError(
            "IllegalVersioningConfigurationException", "The versioning status is neither Enabled nor Suspended."
        )
    if wanted.get("MFADelete") == "Enabled":
        raise AwsError("NotImplemented", "local_aws does not support MFADelete.", status=501)
    with aws.store.transaction():
        document = objects.bucket(aws, request["Bucket"])
        objects.update_bucket(aws, request["Bucket"], document | {"Versioning": wanted["Status"]})
    return None


@operations("GetBucketVersioning")
def get_bucket_versioning(aws: Aws, request: Request) -> Result:
    return {"Status": objects.bucket(aws, request["Bucket"]).get("Versioning")}
