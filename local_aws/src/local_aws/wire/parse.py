"""From an HTTP request to the operation that is meant and its members, whatever the protocol."""

import base64
import json
import re
import xml.etree.ElementTree as ET
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import OperationModel
from botocore.utils import parse_timestamp

from local_aws.errors import AwsError, NotSupported
from local_aws.wire.http import HttpRequest
from local_aws.wire.models import SIGNING_NAMES, map_tags, operation_model, routes, service_model

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/([^/]+)/([^/]+)/aws4_request")

#: What signature version 2 adds to a presigned URL; boto3 makes such URLs for S3 unless told otherwise.
_PRESIGNED = frozenset({"AWSAccessKeyId", "Signature", "Expires"})


def scope(request: HttpRequest) -> tuple[str | None, str | None]:
    """Region and service for which the request was signed, in the header or in a presigned URL; None, None without."""
    found = _SCOPE.search(request.headers.get("authorization", "")) or _SCOPE.search(
        "Credential=" + request.query.get("X-Amz-Credential", "")
    )
    if not found:
        return None, None
    return found[1], SIGNING_NAMES.get(found[2], found[2])


def parse(service: str, request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """The operation's name and its members. Timestamps become seconds since 1970, blobs bytes.

    Raises AwsError with the code that AWS uses for a request that cannot be read.
    """
    if "x-amz-target" in request.headers:
        return _json(service, request)
    if "smithy-protocol" in request.headers:
        raise NotSupported(f"the protocol {request.headers['smithy-protocol']} (JSON and query are understood)")
    if service_model(service).metadata["protocol"] in ("rest-xml", "rest-json"):
        return _rest(service, request)
    return _query(service, request)


def _json(service: str, request: HttpRequest) -> tuple[str, dict[str, Any]]:
    name = request.headers["x-amz-target"].rpartition(".")[2]
    model = _known(service, name)
    members = _load_json(request.body.read() or b"{}")
    return name, _from_json(model.input_shape, members) if model.input_shape else {}


def _query(service: str, request: HttpRequest) -> tuple[str, dict[str, Any]]:
    text = request.body.read().decode("utf-8", "replace") or request.query_string
    form = {key: values[0] for key, values in parse_qs(text, keep_blank_values=True).items()}
    name = form.get("Action", "")
    if not name:
        raise AwsError("MissingAction", f"The request for {service} names no action.")
    model = _known(service, name)
    return name, _from_form(model.input_shape, form, "") or {} if model.input_shape else {}


def _known(service: str, operation: str) -> OperationModel:
    if operation not in service_model(service).operation_names:
        raise AwsError("UnknownOperationException", f"{service} has no operation {operation}.", status=404)
    return operation_model(service, operation)


# REST


def _rest(service: str, request: HttpRequest) -> tuple[str, dict[str, Any]]:
    query, path = request.query, request.path
    candidates = [
        (route, found)
        for route in routes(service)
        if (found := route.match(request.method, path, query, request.headers)) is not None
    ]
    if not candidates:
        raise NotSupported(f"{request.method} {path} of {service}")
    route, found = candidates[0]
    known = route.flags.keys() | route.query_names | _PRESIGNED
    unknown = [key for key in query if key not in known and not key.lower().startswith(("x-amz-", "x-id"))]
    if unknown and service == "s3":
        # Taking `PUT /bucket/key?newthing` for a PutObject would overwrite the object.
        raise NotSupported(f"the sub-resource {unknown[0]!r} of s3")
    model = operation_model(service, route.name)
    try:
        members: dict[str, Any] = {key: unquote(value, errors="strict") for key, value in found.items()}
    except UnicodeDecodeError:
        raise AwsError("InvalidURI", f"Couldn't parse the specified URI: {path[:80]} is not UTF-8.") from None
    if model.input_shape:
        members.update(_from_head(model.input_shape, request))
        members.update(_from_body(model, request))
    return route.name, members


def _from_head(shape: Any, request: HttpRequest) -> dict[str, Any]:
    members: dict[str, Any] = {}
    query = request.query
    for name, member in shape.members.items():
        where, key = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "querystring" and key in query:
            members[name] = _from_text(member, query[key])
        elif where == "header" and key.lower() in request.headers:
            members[name] = _from_text(member, request.headers[key.lower()])
        elif where == "headers":
            prefix = key.lower()
            found = {k[len(prefix) :]: v for k, v in request.headers.items() if k.startswith(prefix)}
            if found:
                members[name] = found
    return members


def _from_body(model: OperationModel, request: HttpRequest) -> dict[str, Any]:
    shape: Any = model.input_shape
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name in ("blob", "string"):
        return {payload: request.body}
    content = request.body.read()
    if not content:
        return {}
    if model.service_model.metadata["protocol"] == "rest-xml":
        target = shape.members[payload] if payload else shape
        try:
            parsed = _from_xml(target, ET.fromstring(content))  # noqa: S314  expat expands no external entities
        except ET.ParseError:
            raise AwsError("MalformedXML", "The XML that was sent is not well formed.") from None
        return {payload: parsed} if payload else parsed
    parsed = _load_json(content)
    return {payload: _from_json(shape.members[payload], parsed)} if payload else _from_json(shape, parsed)


# values


def _load_json(content: bytes) -> Any:
    """Raises AwsError "SerializationException"."""
    try:
        found = json.loads(content, parse_constant=_no_number)
        if b"\\u" in content:
            json.dumps(found, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except ValueError:
        raise AwsError("SerializationException", "The body is not JSON.") from None
    except RecursionError:
        raise AwsError("SerializationException", "The body is nested too deeply.") from None
    return found


def _no_number(constant: str) -> None:
    """NaN and the infinities are no JSON, though Python reads them."""
    raise ValueError(constant)


def _from_json(shape: Any, value: Any) -> Any:
    """Turn wire names into member names and blobs into bytes; leave what does not fit for the strict check."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = {member.serialization.get("name", name): name for name, member in shape.members.items()}
        return {
            names.get(key, key): _from_json(shape.members[names[key]], item) if key in names else item
            for key, item in value.items()
        }
    if kind == "list" and isinstance(value, list):
        return [_from_json(shape.member, item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _from_json(shape.value, item) for key, item in value.items()}
    if kind in ("blob", "timestamp") and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True) if kind == "blob" else parse_timestamp(value).timestamp()
        except (ValueError, OverflowError, OSError, RuntimeError):  # as botocore fails
            raise AwsError("SerializationException", f"{value[:80]!r} is not a {kind}.") from None
    return value


def _from_form(shape: Any, form: dict[str, str], prefix: str) -> Any:
    """The value below `prefix` in a query-protocol form; None when the form has nothing there."""
    kind = shape.type_name
    if kind == "structure":
        found = {}
        for name, member in shape.members.items():
            key = member.serialization.get("name", name)
            value = _from_form(member, form, f"{prefix}.{key}" if prefix else key)
            if value is not None:
                found[name] = value
        return found or None
    if kind == "list":
        inner = (
            prefix
            if shape.serialization.get("flattened")
            else f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        )
        items: list[Any] = []
        while (value := _from_form(shape.member, form, f"{inner}.{len(items) + 1}")) is not None:
            items.append(value)
        return items or ([] if prefix in form else None)
    if kind == "map":
        inner = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
        key_name, value_name = map_tags(shape)
        entries: dict[str, Any] = {}
        while (key := form.get(f"{inner}.{len(entries) + 1}.{key_name}")) is not None:
            entries[key] = _from_form(shape.value, form, f"{inner}.{len(entries) + 1}.{value_name}")
        return entries or None
    return _from_text(shape, form[prefix]) if prefix in form else None


def _from_xml(shape: Any, node: ET.Element) -> Any:
    kind = shape.type_name
    if kind == "structure":
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            key = member.serialization.get("name", name)
            children = [child for child in node if _local(child.tag) == key]
            if not children and member.type_name == "list" and member.serialization.get("flattened"):
                key = member.member.serialization.get("name", key)
                children = [child for child in node if _local(child.tag) == key]
            if not children:
                continue
            if member.type_name == "list" and member.serialization.get("flattened"):
                found[name] = [_from_xml(member.member, child) for child in children]
            else:
                found[name] = _from_xml(member, children[0])
        return found
    if kind == "list":
        return [_from_xml(shape.member, child) for child in node]
    return _from_text(shape, node.text or "")


def _from_text(shape: Any, text: str) -> Any:
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return text.lower() == "true"
        if kind == "blob":
            return base64.b64decode(text)
        if kind == "timestamp":
            return (parsedate_to_datetime(text) if "," in text else parse_timestamp(text)).timestamp()
        if kind == "list":
            return [_from_text(shape.member, item.strip()) for item in text.split(",")]
    except (ValueError, TypeError, OverflowError, OSError, RuntimeError):
        raise AwsError("InvalidArgument", f"{text[:80]!r} is not a {kind}.") from None
    return text


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
