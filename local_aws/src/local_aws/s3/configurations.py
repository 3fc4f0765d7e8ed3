"""Documents that hang on a bucket or an object: put, get, delete.

They are kept and given back as they came. What they ask for is not done here: nobody else reaches this machine, so that
policies and encryption have nothing to keep out, and life-cycle rules remove nothing.
"""

from dataclasses import dataclass
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws, Request, Result
from local_aws.s3 import objects
from local_aws.s3.requests import S3Operations, check_tags, entry_of, version_of
from local_aws.wire.http import Body

operations = S3Operations("s3")


@dataclass(frozen=True)
class Configuration:
    """One kind of document on a bucket.

    stem     Put…, Get… and Delete… make the operations' names;   delete  where the last is irregular
    member   of the request of Put;   shown   of the answer of Get, "" when its members are those of the document
    missing  code and message when there is none; () when Get then answers `default`
    """

    stem: str
    member: str
    shown: str = ""
    missing: tuple[str, str] | tuple[()] = ()
    default: Any = None
    delete: str = ""

    def put(self, aws: Aws, request: Request) -> Result:
        sent = request.get(self.member)
        value: Any = sent.read().decode("utf-8", "replace") if isinstance(sent, Body) else sent
        if value is None:
            message = "The XML you provided was not well-formed or did not validate against our published schema"
            raise AwsError("MalformedXML", message)
        if self.stem == "BucketTagging":
            check_tags(value["TagSet"], most=50)
        self._change(aws, request["Bucket"], value)
        return None

    def get(self, aws: Aws, request: Request) -> Result:
        value = objects.bucket(aws, request["Bucket"]).get(self.stem, self.default)
        if value is None and self.missing:
            raise AwsError(*self.missing, status=404, BucketName=request["Bucket"])
        return {self.shown: value} if self.shown else value

    def remove(self, aws: Aws, request: Request) -> Result:
        self._change(aws, request["Bucket"], None)
        return None

    def _change(self, aws: Aws, bucket: str, value: Any) -> None:
        with aws.store.transaction():
            document = objects.bucket(aws, bucket)
            document.pop(self.stem, None)
            objects.update_bucket(aws, bucket, document | ({self.stem: value} if value is not None else {}))


#: S3 encrypts every object with keys of its own unless a bucket says otherwise.
_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}

CONFIGURATIONS = (
    Configuration("BucketTagging", "Tagging", missing=("NoSuchTagSet", "The TagSet does not exist")),
    Configuration(
        "BucketPolicy", "Policy", "Policy", missing=("NoSuchBucketPolicy", "The bucket policy does not exist")
    ),
    Configuration(
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
        "PublicAccessBlockConfiguration",
        missing=(
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        ),
    ),
    Configuration(
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfiguration",
        default=_ENCRYPTION,
    ),
    Configuration(
        "BucketOwnershipControls",
        "OwnershipControls",
        "OwnershipControls",
        missing=("OwnershipControlsNotFoundError", "The bucket ownership controls were not found"),
    ),
    Configuration(
        "BucketCors",
        "CORSConfiguration",
        missing=("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    ),
    Configuration(
        "BucketLifecycleConfiguration",
        "LifecycleConfiguration",
        missing=("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
        delete="DeleteBucketLifecycle",
    ),
)

for _row in CONFIGURATIONS:
    operations(f"Put{_row.stem}")(_row.put)
    operations(f"Get{_row.stem}")(_row.get)
    operations(_row.delete or f"Delete{_row.stem}")(_row.remove)


# tags and attributes of an object


@operations("PutObjectTagging")
def put_object_tagging(aws: Aws, request: Request) -> Result:
    return _tag(aws, request, check_tags(request.get("Tagging", {}).get("TagSet", []), most=10))


@operations("DeleteObjectTagging")
def delete_object_tagging(aws: Aws, request: Request) -> Result:
    return _tag(aws, request, [])


def _tag(aws: Aws, request: Request, tags: list[dict[str, str]]) -> Result:
    with aws.store.transaction():
        entry = entry_of(aws, request["Bucket"], request["Key"], request.get("VersionId"))
        objects.update(aws, request["Bucket"], entry, entry.document | {"Tags": tags})
    return {"VersionId": version_of(aws, request["Bucket"], entry)}


@operations("GetObjectTagging")
def get_object_tagging(aws: Aws, request: Request) -> Result:
    entry = entry_of(aws, request["Bucket"], request["Key"], request.get("VersionId"))
    return {"TagSet": entry.document.get("Tags", []), "VersionId": version_of(aws, request["Bucket"], entry)}


@operations("GetObjectAttributes")
def get_object_attributes(aws: Aws, request: Request) -> Result:
    entry = entry_of(aws, request["Bucket"], request["Key"], request.get("VersionId"))
    asked = request["ObjectAttributes"]
    sizes = entry.document.get("Parts")
    first = request.get("PartNumberMarker", 0)
    last = first + request.get("MaxParts", 1000)
    parts = {
        "TotalPartsCount": len(sizes or ()),
        "PartNumberMarker": first,
        "NextPartNumberMarker": min(last, len(sizes or ())),
        "IsTruncated": last < len(sizes or ()),
        "Parts": [{"PartNumber": first + n + 1, "Size": size} for n, size in enumerate((sizes or [])[first:last])],
    }
    sums = entry.document.get("Checksums")
    found = {
        "ETag": entry.etag,
        "Checksum": sums,
        "ObjectParts": parts if sizes else None,
        "StorageClass": entry.document.get("Headers", {}).get("StorageClass", "STANDARD"),
        "ObjectSize": entry.size,
    }
    return {name: found[name] for name in asked if name in found} | {
        "LastModified": entry.modified,
        "VersionId": version_of(aws, request["Bucket"], entry),
    }
