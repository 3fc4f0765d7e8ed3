"""Functions: made, changed, described; the same client test against moto where moto can do it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from functions_kit import ROLE, Lambda, zipped

SOURCE = "def handle(event, context):\n    return 1\n"


@pytest.fixture
def functions(client: Callable[..., Any]) -> Lambda:
    return Lambda(client)


def test_a_function_as_moto_has_it(aws_target: Any, fresh: Callable[[str], str]) -> None:
    client, name = aws_target.client("lambda"), fresh("function")
    aws_target.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    made = client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handle",
        Role=f"arn:aws:iam::123456789012:role/{name}",
        Code={"ZipFile": zipped(SOURCE)},
        Environment={"Variables": {"STAGE": "prod"}},
        Timeout=60,
        MemorySize=256,
        Tags={"owner": "us"},
    )
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    assert (made["State"], made["Version"], made["Timeout"]) == ("Active", "$LATEST", 60)
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    found = client.get_function(FunctionName=made["FunctionArn"])
    assert found["Configuration"]["Environment"]["Variables"] == {"STAGE": "prod"}
    assert found["Configuration"]["CodeSha256"] == made["CodeSha256"]
    assert found["Tags"] == {"owner": "us"}
    assert name in [one["FunctionName"] for one in client.list_functions()["Functions"]]
    changed = client.update_function_configuration(FunctionName=name, Timeout=5)
    assert (changed["Timeout"], changed["MemorySize"]) == (5, 256)
    updated = client.update_function_code(FunctionName=name, ZipFile=zipped("handle = print"))
    assert updated["CodeSha256"] != made["CodeSha256"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=3)
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3
    with pytest.raises(ClientError) as error:
        client.get_function(FunctionName=fresh("nowhere"))
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    client.delete_function(FunctionName=name)
    assert name not in [one["FunctionName"] for one in client.list_functions()["Functions"]]


def test_permissions_as_moto_has_them(aws_target: Any, fresh: Callable[[str], str]) -> None:
    client, name = aws_target.client("lambda"), fresh("function")
    aws_target.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    role = f"arn:aws:iam::123456789012:role/{name}"
    client.create_function(
        FunctionName=name, Runtime="python3.13", Handler="index.handle", Role=role, Code={"ZipFile": zipped(SOURCE)}
    )
    rule = "arn:aws:events:us-east-1:123456789012:rule/approved"
    given = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": rule}
    client.add_permission(FunctionName=name, StatementId="approved", **given)
    (statement,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert (statement["Sid"], statement["Principal"]) == ("approved", {"Service": "events.amazonaws.com"})
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": rule}}
    client.remove_permission(FunctionName=name, StatementId="approved")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_policy(FunctionName=name)


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"Runtime": "nodejs22.x"}, "NotImplemented", "the Lambda runtime nodejs22.x"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:a:1"]}, "NotImplemented", "Layers"),
        ({"PackageType": "Image"}, "NotImplemented", "images"),
        ({"Publish": True}, "NotImplemented", "versions"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "reserved keys"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip"),
        ({"Code": {"S3Bucket": "nowhere-at-all", "S3Key": "a"}}, "InvalidParameterValueException", "NoSuchBucket"),
        ({"Code": {}}, "InvalidParameterValueException", "provide a source"),
        ({"Handler": None}, "InvalidParameterValueException", "mandatory"),
        ({"Timeout": 901}, "InvalidParameterValueException", "900"),
    ],
)
def test_what_is_refused(
    functions: Lambda, fresh: Callable[[str], str], change: dict[str, Any], code: str, said: str
) -> None:
    given = {
        "FunctionName": fresh("refused"),
        "Runtime": "python3.13",
        "Handler": "index.handle",
        "Role": ROLE,
        "Code": {"ZipFile": zipped(SOURCE)},
    } | change
    with pytest.raises(ClientError, match=said) as error:
        functions.client("lambda").create_function(**{key: value for key, value in given.items() if value is not None})
    assert error.value.response["Error"]["Code"] == code


def test_code_from_a_bucket(functions: Lambda, bucket: str, fresh: Callable[[str], str]) -> None:
    """By key, and by version; an update is in place and takes effect with the next invocation."""
    name, s3 = fresh("bucket"), functions.client("s3")
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zipped("def run(event, context): return 'first'", "deep/mod.py"))
    code = {"S3Bucket": bucket, "S3Key": "code.zip"}
    client = functions.client("lambda")
    settings = {"Runtime": "python3.13", "Handler": "deep.mod.run", "Role": ROLE, "Timeout": 60}
    client.create_function(FunctionName=name, Code=code, **settings)
    assert functions.invoke(name) == "first"
    s3.put_object(Bucket=bucket, Key="code.zip", Body=zipped("def run(event, context): return 'second'", "deep/mod.py"))
    assert functions.invoke(name) == "first"
    client.update_function_code(FunctionName=name, **code)
    assert functions.invoke(name) == "second"
    with pytest.raises(ClientError, match="PreconditionFailed"):
        client.update_function_code(FunctionName=name, RevisionId="another", **code)
    with pytest.raises(ClientError, match="already exist"):
        client.create_function(FunctionName=name, Code=code, **settings)


def test_how_events_are_taken_is_kept(functions: Lambda, fresh: Callable[[str], str]) -> None:
    name, client = fresh("configured"), functions.client("lambda")
    functions.create(name, SOURCE)
    with pytest.raises(ClientError, match="doesn't have"):
        client.get_function_event_invoke_config(FunctionName=name)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    found = client.get_function_event_invoke_config(FunctionName=name)
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 60)
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
    with pytest.raises(ClientError, match="no queue"):
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=destination)
    client.delete_function_event_invoke_config(FunctionName=name)
    assert client.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"] == []
