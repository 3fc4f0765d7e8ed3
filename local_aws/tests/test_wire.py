"""The protocols, held against botocore's own serialisers and parsers: what one side says, the other understands."""

import datetime
import http.client
import io
import json
import socket
import string
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from botocore import parsers, serialize
from botocore.awsrequest import HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_aws import launch, machine
from local_aws.errors import AwsError
from local_aws.wire import serialise
from local_aws.wire.http import Body, FileSlice, HttpRequest
from local_aws.wire.models import operation_model, service_model
from local_aws.wire.parse import parse

#: Each protocol, with lists, maps, blobs, timestamps, unions, and names that differ on the wire.
OPERATIONS = [
    ("sagemaker", "CreateProcessingJob"),
    ("sagemaker", "CreateTrainingJob"),
    ("sagemaker", "CreateModelPackage"),
    ("sagemaker", "ListPipelineExecutions"),
    ("sagemaker", "Search"),
    ("logs", "PutLogEvents"),
    ("logs", "FilterLogEvents"),
    ("events", "PutRule"),
    ("kms", "Encrypt"),
    ("cloudwatch", "PutMetricData"),
    ("iam", "CreateRole"),
    ("iam", "ListRoles"),
    ("sts", "AssumeRole"),
    ("cloudformation", "CreateStack"),
    ("cloudformation", "DescribeStacks"),
    ("sns", "Publish"),
    ("s3", "PutObject"),
    ("s3", "CompleteMultipartUpload"),
    ("s3", "DeleteObjects"),
    ("s3", "PutBucketTagging"),
    ("s3", "ListObjectsV2"),
    ("s3", "ListObjectVersions"),
    ("s3", "PutBucketLifecycleConfiguration"),
    ("sagemaker-runtime", "InvokeEndpoint"),
    ("lambda", "CreateFunction"),
    ("lambda", "ListFunctions"),
]

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
PLAIN = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=8)
MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.datetime.fromtimestamp(seconds, datetime.UTC))


def values(shape: Any, depth: int = 0, *, plain: bool = False) -> st.SearchStrategy[Any]:
    """Values of a shape, not empty, as deep as four levels; `plain` where headers and paths carry them."""
    kind = shape.type_name
    if kind == "structure":
        return structures(shape, depth)
    if kind == "list":
        return st.lists(values(shape.member, depth + 1, plain=plain), min_size=1, max_size=3)
    if kind == "map":
        keys = PLAIN.map(str.lower) if plain else PLAIN  # names of headers have no case
        return st.dictionaries(keys, values(shape.value, depth + 1, plain=plain), min_size=1, max_size=3)
    if kind == "string":
        return st.sampled_from(shape.enum) if shape.enum else PLAIN if plain else PRINTABLE
    return {
        "integer": st.integers(0, 2**31 - 1),
        "long": st.integers(0, 2**53),
        "float": st.floats(-1e6, 1e6, width=32),
        "double": st.floats(-1e6, 1e6),
        "boolean": st.booleans(),
        "timestamp": MOMENTS,
        "blob": st.binary(min_size=1, max_size=8),
    }[kind]


def structures(shape: Any, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    members = {}
    for name, member in shape.members.items():
        if depth > 3 and member.type_name in ("structure", "list", "map"):
            continue
        plain = "location" in member.serialization
        members[name] = values(member, depth + 1, plain=plain)
    required = {name: members[name] for name in shape.required_members if name in members}
    if shape.is_tagged_union or not required:
        first = list(members)[:6]
        one = st.sampled_from(first).flatmap(lambda name: st.fixed_dictionaries({name: members[name]}))
        return one if first else st.just({})
    optional = [name for name in members if name not in required]
    few = st.lists(st.sampled_from(optional), max_size=3, unique=True) if optional else st.just([])
    return few.flatmap(lambda names: st.fixed_dictionaries(required | {name: members[name] for name in names}))


def sent(service: str, operation: str, members: dict[str, Any]) -> HttpRequest:
    """The request that a client makes, before it is signed."""
    model = operation_model(service, operation)
    protocol = model.service_model.resolved_protocol
    made = serialize.create_serializer(protocol, include_validation=False).serialize_to_request(members, model)
    body = made["body"]
    if isinstance(body, dict):
        body = urlencode(body)
    content = body.encode() if isinstance(body, str) else body.read() if isinstance(body, io.IOBase) else bytes(body)
    path, _, in_path = made["url_path"].partition("?")
    query = made["query_string"] or {}
    in_query = query if isinstance(query, str) else urlencode(query, doseq=True)
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    return HttpRequest(
        made["method"], path, "&".join(filter(None, [in_path, in_query])), headers, Body(content, None, len(content))
    )


def plain_of(value: Any) -> Any:
    """As handlers see values: seconds since 1970, bytes for bodies."""
    if isinstance(value, dict):
        return {key: plain_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_of(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return value.read() if isinstance(value, Body | io.IOBase) else value


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_botocore_sends_is_what_handlers_see(service: str, operation: str, data: st.DataObject) -> None:
    members = data.draw(values(operation_model(service, operation).input_shape))
    name, found = parse(service, sent(service, operation, members))
    assert name == operation
    assert {key: value for key, value in plain_of(found).items() if value != b""} == plain_of(members)


@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_handlers_answer_is_what_botocore_reads(service: str, operation: str, data: st.DataObject) -> None:
    model = operation_model(service, operation)
    if model.output_shape is None:
        return
    members = data.draw(values(model.output_shape))
    headers = {"x-amz-target": f"X.{operation}"} if "targetPrefix" in model.service_model.metadata else {}
    answer = serialise.result(service, operation, HttpRequest("POST", "/", "", headers), plain_of(members))
    assert not isinstance(answer.body, FileSlice)
    payload = model.output_shape.serialization.get("payload")
    streamed = payload and model.output_shape.members[payload].type_name == "blob"
    body = io.BytesIO(answer.body) if streamed else answer.body
    document = {"headers": HeadersDict(answer.headers), "status_code": answer.status, "body": body}
    protocol = model.service_model.resolved_protocol
    parsed = parsers.create_parser(protocol).parse(document, model.output_shape)
    parsed.pop("ResponseMetadata")
    assert {key: plain_of(value) for key, value in parsed.items() if value != ""} == plain_of(members)


# faults, through a client


def test_an_unknown_operation_of_a_known_service(client: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="local_aws does not support sagemaker:CreateDomain") as caught:
        client("sagemaker").create_domain(
            DomainName="d",
            AuthMode="IAM",
            DefaultUserSettings={"ExecutionRole": "arn:aws:iam::123456789012:role/r"},
            SubnetIds=["subnet-1"],
            VpcId="vpc-1",
        )
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("ec2", "describe_vpcs", {}),
        ("dynamodb", "list_tables", {}),
        ("route53", "list_hosted_zones", {}),
        ("efs", "describe_file_systems", {}),
    ],
)
def test_a_service_that_is_not_here(client: Callable[..., Any], service: str, call: str, arguments: Any) -> None:
    with pytest.raises(ClientError, match="local_aws does not support the service") as caught:
        getattr(client(service), call)(**arguments)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_request_that_breaks_the_shapes_names_each_fault(client: Callable[..., Any]) -> None:
    logs = client("logs", config=UNCHECKED)
    with pytest.raises(ClientError) as caught:
        logs.put_retention_policy(logGroupName="bad name!", retentionInDays="seven")
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert "2 validation errors detected" in error["Message"]
    assert "logGroupName" in error["Message"]
    assert "'seven' stands where an integer belongs" in error["Message"]


UNCHECKED = Config(parameter_validation=False, retries={"total_max_attempts": 1})


def post(server: launch.Status, headers: dict[str, str], body: bytes, path: str = "/") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(server.Endpoint).netloc, timeout=10)
    connection.request("POST", path, body=body, headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


SIGNED = "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


def test_requests_that_cannot_be_read(server: launch.Status) -> None:
    target = {"x-amz-target": "Logs_20140328.DescribeLogGroups"}
    assert post(server, target, b"{")[0] == 400
    assert b"SerializationException" in post(server, target, b"\xff")[1]
    status, body = post(server, {"x-amz-target": "Logs_20140328.NoSuchThing"}, b"{}")
    assert (status, json.loads(body)["__type"]) == (404, "UnknownOperationException")
    status, body = post(server, {"authorization": SIGNED.format("iam")}, b"Version=2010-05-08")
    assert (status, b"MissingAction" in body) == (400, True)
    status, body = post(server, {"authorization": SIGNED.format("iam")}, b"Action=GetRole")
    assert (status, b"RoleName" in body) == (400, True)
    status, body = post(server, {"authorization": SIGNED.format("s3")}, b"<Delete", "/bucket?delete")
    assert (status, b"MalformedXML" in body) == (400, True)


def test_bytes_that_are_no_http_do_not_hurt(server: launch.Status) -> None:
    where = urlsplit(server.Endpoint)
    for noise in (
        b"\x16\x03\x01\x02\x00",
        b"GET /%\xff HTTP/1.1\r\n\r\n",
        b"PUT / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with socket.create_connection((where.hostname, where.port), timeout=5) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    with urllib.request.urlopen(f"{server.Endpoint}/_local/status") as answer:
        assert answer.status == 200


def test_errors_with_letters_of_every_kind(server: launch.Status) -> None:
    request = HttpRequest("POST", "/", "", {})
    error = AwsError("Code", "<ä & 日本>")
    for service in ("iam", "s3"):
        response = serialise.failure(service, request, error)
        assert b"&lt;\xc3\xa4 &amp; \xe6\x97\xa5\xe6\x9c\xac&gt;" in response.body  # type: ignore[operator]


@pytest.mark.parametrize(
    "text", ["[" * 5000 + "]" * 5000, '{"Resources": ' + '{"a":' * 800 + "1" + "}" * 800 + "}"], ids=["YAML", "JSON"]
)
def test_a_template_that_is_nested_too_deeply(client: Callable[..., Any], text: str) -> None:
    with pytest.raises(ClientError) as caught:
        client("cloudformation").create_stack(StackName="deep", TemplateBody=text)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_every_service_with_handlers_has_a_model() -> None:
    for group in machine.OPERATIONS:
        assert set(group.handlers) <= set(service_model(group.service).operation_names)


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("SageMaker.ListPipelines", b'{"CreatedAfter": "not a date"}'),
        ("SageMaker.ListPipelines", b'{"CreatedAfter": "' + b"9" * 400 + b'"}'),
        ("SageMaker.ListPipelines", b"[" * 100_000),
        ("SageMaker.ListPipelines", b'{"MaxResults": NaN}'),
        ("SageMaker.ListPipelines", b'{"MaxResults": -Infinity}'),
        ("SageMaker.ListPipelines", b'{"PipelineNamePrefix": "\\ud83d"}'),
        ("SageMaker.CreateImageVersion", b"\xff"),
        ("TrentService.Encrypt", b'{"KeyId": "x", "Plaintext": "a"}'),
        ("TrentService.Encrypt", '{"KeyId": "x", "Plaintext": "é"}'.encode()),
    ],
    ids=lambda value: str(value)[:40],
)
def test_json_that_cannot_be_read_is_the_clients_fault(server: launch.Status, target: str, body: bytes) -> None:
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(server.Endpoint or "", data=body, headers=headers))
    assert caught.value.code == 400
    assert json.load(caught.value)["__type"].endswith("SerializationException")
