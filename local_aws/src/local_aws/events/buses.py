"""EventBridge: event buses, events that clients put on them, tags."""

import json
from typing import Any

from local_aws import crud
from local_aws.errors import AwsError, NotSupported
from local_aws.events import bus
from local_aws.events.patterns import compile_pattern
from local_aws.events.rules import bus_name
from local_aws.operations import Aws, Operations, Request, Result

Document = dict[str, Any]

operations = Operations("events")

BUSES = "events:EventBus"


@operations("CreateEventBus")
def create_event_bus(aws: Aws, request: Request) -> Result:
    if request.get("EventSourceName"):
        raise NotSupported("partner event buses (EventSourceName)")
    name = request["Name"]
    if "/" in name:
        raise AwsError("ValidationException", f"Event bus name {name} must not contain '/'.")
    with aws.store.transaction():
        if name == bus.DEFAULT or aws.store.get(BUSES, name):
            raise AwsError("ResourceAlreadyExistsException", f"Event bus {name} already exists.")
        aws.store.put(BUSES, name, request | _identity(aws, name) | {"CreationTime": aws.clock.now()})
    return {"EventBusArn": aws.arn("events", f"event-bus/{name}"), "Description": request.get("Description")}


def _identity(aws: Aws, name: str) -> Document:
    return {"Name": name, "Arn": aws.arn("events", f"event-bus/{name}")}


@operations("DescribeEventBus")
def describe_event_bus(aws: Aws, request: Request) -> Result:
    name = bus_name(aws, request.get("Name"))
    return aws.store.get(BUSES, name) or _identity(aws, name)


@operations("ListEventBuses")
def list_event_buses(aws: Aws, request: Request) -> Result:
    held = [_identity(aws, bus.DEFAULT)] + [item for _, item in aws.store.scan(BUSES)]
    kept = [item for item in held if item["Name"].startswith(request.get("NamePrefix") or "")]
    found, token = crud.cut(kept, lambda item: item["Name"], request.get("NextToken"), request.get("Limit", 100))
    return {"EventBuses": found, "NextToken": token}


@operations("DeleteEventBus")
def delete_event_bus(aws: Aws, request: Request) -> Result:
    name = request["Name"].rpartition("/")[2]
    if name == bus.DEFAULT:
        raise AwsError("ValidationException", "Cannot delete event bus default.")
    with aws.store.transaction():
        if aws.store.scan(bus.RULES, f"{name}/"):
            raise AwsError("ValidationException", f"Event bus {name} cannot be deleted since it has rules.")
        aws.store.delete(BUSES, name)
    return None


@operations("PutEvents")
def put_events(aws: Aws, request: Request) -> Result:
    """Each entry is taken or refused on its own, as on AWS; those that are taken are one commit."""
    answers = []
    with aws.store.transaction():
        for entry in request["Entries"]:
            refused = _refusal(entry)
            if refused:
                answers.append({"ErrorCode": refused[0], "ErrorMessage": refused[1]})
                continue
            name = bus_name(aws, entry.get("EventBusName"))
            detail = json.loads(entry["Detail"])
            event = bus.new_event(aws, entry["Source"], entry["DetailType"], detail, entry.get("Resources") or ())
            if entry.get("Time"):
                event["time"] = bus.iso(entry["Time"])
            bus.dispatch(aws, event, name)
            answers.append({"EventId": event["id"]})
    return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}


def _refusal(entry: Document) -> tuple[str, str] | None:
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            return "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        if isinstance(json.loads(entry["Detail"]), dict):
            return None
    except ValueError:
        pass
    return "MalformedDetail", "Detail is malformed."


@operations("TestEventPattern")
def try_event_pattern(_: Aws, request: Request) -> Result:
    try:
        event = json.loads(request["Event"])
    except ValueError:
        raise AwsError("ValidationException", "Parameter Event is not valid. Reason: it is not JSON.") from None
    wanted = ("id", "account", "source", "time", "region", "resources", "detail-type")
    missing = [name for name in wanted if not isinstance(event, dict) or name not in event]
    if missing:
        raise AwsError("ValidationException", f"Parameter Event is not valid. Reason: {', '.join(missing)} missing.")
    return {"Result": compile_pattern(request["EventPattern"])(event)}


# tags of rules and buses


def _tagged(aws: Aws, arn: str) -> tuple[str, str, Document]:
    kind, _, path = arn.split(":", 5)[-1].partition("/")
    key = path if kind == "event-bus" or "/" in path else f"{bus.DEFAULT}/{path}"
    where = BUSES if kind == "event-bus" else bus.RULES
    document = aws.store.get(where, key)
    if document is None:
        raise AwsError("ResourceNotFoundException", f"{arn} does not exist.")
    return where, key, document


@operations("TagResource")
def tag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        where, key, document = _tagged(aws, request["ResourceARN"])
        tags = {item["Key"]: item["Value"] for item in [*(document.get("Tags") or []), *request["Tags"]]}
        aws.store.put(where, key, document | {"Tags": [{"Key": name, "Value": tags[name]} for name in tags]})
    return None


@operations("UntagResource")
def untag(aws: Aws, request: Request) -> Result:
    with aws.store.transaction():
        where, key, document = _tagged(aws, request["ResourceARN"])
        kept = [item for item in document.get("Tags") or [] if item["Key"] not in request["TagKeys"]]
        aws.store.put(where, key, document | {"Tags": kept})
    return None


@operations("ListTagsForResource")
def list_tags(aws: Aws, request: Request) -> Result:
    return {"Tags": _tagged(aws, request["ResourceARN"])[2].get("Tags") or []}
