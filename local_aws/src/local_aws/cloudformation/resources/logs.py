"""Log groups."""

from local_aws.cloudformation.resources.calls import call, tag_map
from local_aws.cloudformation.resources.kind import Document, Made, ResourceType
from local_aws.errors import AwsError, NotSupported
from local_aws.operations import Aws

_RENEWED = frozenset({"RetentionInDays"})


def _create(aws: Aws, name: str, properties: Document) -> Made:
    call(
        aws,
        "logs",
        "CreateLogGroup",
        logGroupName=name,
        kmsKeyId=properties.get("KmsKeyId"),
        logGroupClass=properties.get("LogGroupClass"),
        tags=tag_map(properties.get("Tags")) or None,
    )
    made = Made(name, {"Arn": aws.arn("logs", f"log-group:{name}:*")})
    return _retain(aws, made, properties)


def _retain(aws: Aws, made: Made, properties: Document) -> Made:
    if "RetentionInDays" in properties:
        call(aws, "logs", "PutRetentionPolicy", logGroupName=made.id, retentionInDays=properties["RetentionInDays"])
    else:
        call(aws, "logs", "DeleteRetentionPolicy", logGroupName=made.id)
    return made


def _update(aws: Aws, made: Made, before: Document, now: Document) -> Made:
    names = before.keys() | now.keys()
    if changed := sorted(name for name in names - _RENEWED if before.get(name) != now.get(name)):
        raise NotSupported(f"an update of {changed[0]} of AWS::Logs::LogGroup")
    return _retain(aws, made, now)


def _delete(aws: Aws, made: Made, _: Document) -> None:
    call(aws, "logs", "DeleteLogGroup", logGroupName=made.id)


def _repeated(aws: Aws, name: str, properties: Document) -> Made:
    """A group of this stack that a killed server left behind is taken as made."""
    try:
        return _create(aws, name, properties)
    except AwsError as error:
        wanted = tag_map(properties.get("Tags"))
        groups = call(aws, "logs", "DescribeLogGroups", logGroupNamePrefix=name)["logGroups"]
        found: Document = next((group for group in groups if group["logGroupName"] == name), {})
        if error.code != "ResourceAlreadyExistsException" or found.get("tags") != wanted:
            raise
    return _retain(aws, Made(name, {"Arn": aws.arn("logs", f"log-group:{name}:*")}), properties)


TYPES = (
    ResourceType(
        "AWS::Logs::LogGroup",
        frozenset({"KmsKeyId", "LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"}),
        _repeated,
        _delete,
        _update,
        name="LogGroupName",
        outside=True,
    ),
)
