"""From an operation's result or error to the HTTP response that its protocol wants."""

import base64
import datetime
import json
import uuid
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

from local_aws.errors import AwsError
from local_aws.wire.http import FileSlice, HttpRequest, HttpResponse
from local_aws.wire.models import map_tags, operation_model, query_code, service_model


def protocol(service: str, request: HttpRequest) -> str:
    """The protocol that this client speaks: a service may understand several."""
    if "x-amz-target" in request.headers:
        return "json"
    try:
        name: str = service_model(service).metadata["protocol"]
    except UnknownServiceError:  # signed under a name that is not botocore's
        return "query" if "x-www-form-urlencoded" in request.headers.get("content-type", "") else "rest-json"
    return name if name.startswith("rest") else "query"


def result(service: str, operation: str, request: HttpRequest, members: dict[str, Any]) -> HttpResponse:
    """A successful response. Members that the output shape does not have are left out."""
    model = operation_model(service, operation)
    spoken = protocol(service, request)
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-requestid": request_id}
    if spoken == "json":
        version = service_model(service).metadata.get("jsonVersion", "1.1")
        content = json.dumps(_to_json(model.output_shape, members)) if model.output_shape else "{}"
        return HttpResponse(200, headers | {"content-type": f"application/x-amz-json-{version}"}, content.encode())
    if spoken == "query":
        return HttpResponse(200, headers | {"content-type": "text/xml"}, _query(model, members, request_id).encode())
    return _rest(model, members, headers, xml=spoken == "rest-xml")


def failure(service: str, request: HttpRequest, error: AwsError) -> HttpResponse:
    """An error in the protocol's form."""
    spoken = protocol(service, request)
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-requestid": request_id, "x-amzn-errortype": error.code}
    if spoken in ("json", "rest-json"):
        content = {"__type": error.code, "message": error.message, "Message": error.message, **error.members}
        headers["content-type"] = "application/x-amz-json-1.1"
        if spoken == "json" and (old := query_code(service, error.code)):
            headers["x-amzn-query-error"] = f"{old};{'Sender' if error.status < 500 else 'Receiver'}"
        return HttpResponse(error.status, headers, json.dumps(content).encode())
    details = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in error.members.items())
    code = error.code if spoken == "rest-xml" else query_code(service, error.code) or error.code
    inner = f"<Code>{code}</Code><Message>{escape(error.message)}</Message>{details}"
    headers["content-type"] = "application/xml"
    if spoken == "rest-xml":
        text = f"<Error>{inner}<RequestId>{request_id}</RequestId></Error>"
        # HEAD and 304 answers have no body; the client goes by the status.
        body = b"" if request.method == "HEAD" or error.status == 304 else text.encode()
        return HttpResponse(error.status, headers, body)
    side = "Sender" if error.status < 500 else "Receiver"
    text = (
        f"<ErrorResponse><Error><Type>{side}</Type>{inner}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpResponse(error.status, headers, text.encode())


def _query(model: OperationModel, members: dict[str, Any], request_id: str) -> str:
    namespace = model.service_model.metadata.get("xmlNamespace", "")
    shape = model.output_shape
    inner = ""
    if shape:
        wrapper = shape.serialization.get("resultWrapper", f"{model.name}Result")
        inner = f"<{wrapper}>{_members_to_xml(shape, members)}</{wrapper}>"
    return (
        f'<{model.name}Response xmlns="{namespace}">{inner}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{model.name}Response>"
    )


def _rest(model: OperationModel, members: dict[str, Any], headers: dict[str, str], *, xml: bool) -> HttpResponse:
    response = HttpResponse(model.http.get("responseCode", 200), headers)
    shape: Any = model.output_shape
    if not shape:
        return response
    members = {key: value for key, value in members.items() if key in shape.members and value is not None}
    if "ContentRange" in members:  # a part of what is there says so (RFC 9110, section 15.3.7)
        response.status = 206
    payload = shape.serialization.get("payload")
    in_body = {}
    for name, value in members.items():
        member = shape.members[name]
        where, key = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "header":
            headers[key.lower()] = _to_text(member, value, header=True)
        elif where == "headers":
            headers.update({f"{key.lower()}{suffix}": text for suffix, text in value.items()})
        elif where == "statusCode":
            response.status = value
        else:
            in_body[name] = value
    if payload and shape.members[payload].type_name in ("blob", "string"):
        content = members.get(payload, b"")
        response.body = content if isinstance(content, FileSlice | bytes) else str(content).encode()
        return response
    if payload:
        shape, in_body = shape.members[payload], members.get(payload, {})
    if not in_body and not (xml and not payload and _has_body(shape)):
        return response
    if not xml:
        headers["content-type"] = "application/json"
        response.body = json.dumps(_to_json(shape, in_body)).encode()
        return response
    root = shape.serialization.get("name") or _root_name(model, shape)
    namespace = model.service_model.metadata.get("xmlNamespace") or "http://s3.amazonaws.com/doc/2006-03-01/"
    headers["content-type"] = "application/xml"
    text = f'<{root} xmlns="{namespace}">{_members_to_xml(shape, in_body)}</{root}>'
    response.body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return response


def _has_body(shape: Any) -> bool:
    return any("location" not in member.serialization for member in shape.members.values())


def _root_name(model: OperationModel, shape: Any) -> str:
    # S3 names its answers …Result where the model says …Output.
    name = shape.name if shape is not model.output_shape else f"{model.name}Result"
    return {"ListObjectsResult": "ListBucketResult", "ListObjectsV2Result": "ListBucketResult"}.get(name, name)


def _to_json(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {
            shape.members[name].serialization.get("name", name): _to_json(shape.members[name], item)
            for name, item in value.items()
            if name in shape.members and item is not None
        }
    if kind == "list":
        return [_to_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: _to_json(shape.value, item) for key, item in value.items()}
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "timestamp" and shape.serialization.get("timestampFormat") == "iso8601":
        return _iso(value)
    return value


def _members_to_xml(shape: Any, members: dict[str, Any]) -> str:
    return "".join(
        _to_xml(shape.members[name], shape.members[name].serialization.get("name", name), value)
        for name, value in members.items()
        if name in shape.members and value is not None
    )


def _to_xml(shape: Any, tag: str, value: Any) -> str:
    kind = shape.type_name
    if kind == "structure":
        return f"<{tag}>{_members_to_xml(shape, value)}</{tag}>"
    if kind == "list":
        if shape.serialization.get("flattened"):
            name = shape.member.serialization.get("name", tag)
            return "".join(_to_xml(shape.member, name, item) for item in value)
        name = shape.member.serialization.get("name", "member")
        return f"<{tag}>{''.join(_to_xml(shape.member, name, item) for item in value)}</{tag}>"
    if kind == "map":
        key_tag, value_tag = map_tags(shape)
        pairs = [
            f"<{key_tag}>{escape(key)}</{key_tag}>{_to_xml(shape.value, value_tag, item)}"
            for key, item in value.items()
        ]
        if shape.serialization.get("flattened"):
            return "".join(f"<{tag}>{pair}</{tag}>" for pair in pairs)
        return f"<{tag}>{''.join(f'<entry>{pair}</entry>' for pair in pairs)}</{tag}>"
    return f"<{tag}>{escape(_to_text(shape, value))}</{tag}>"


def _to_text(shape: Any, value: Any, *, header: bool = False) -> str:
    kind = shape.type_name
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "timestamp":
        if header or shape.serialization.get("timestampFormat") == "rfc822":
            return format_datetime(datetime.datetime.fromtimestamp(value, datetime.UTC), usegmt=True)
        return _iso(value)
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "list":
        return ",".join(str(item) for item in value)
    return str(value)


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
